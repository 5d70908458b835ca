"""What time it is on the replay exchange, and how far its data has been moved.

Freqtrade reads the machine's own clock, so the exchange cannot live in the past: it moves the past to
now instead. Every recorded timestamp is shifted by a whole number of days, which keeps the time of day
and with it the funding hours, the sessions and the alignment of candles up to one day. A shift that is
not a multiple of seven days changes the day of the week: the default start avoids that where the data
is long enough. The wall is a callable, so that a test can drive the exchange faster than real time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS
FUTURE_SHARE = 0.25
LONG_ENOUGH_FOR_WEEKS = 4 * WEEK_MS


def wall_ms() -> int:
    """Milliseconds since the epoch on the machine's clock."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Clock:
    """The exchange's time and the shift of its data.

    Parameters
    ----------
    now_ms : callable
        Returns the exchange's time, milliseconds since the epoch.
    shift_ms : int
        Added to every recorded timestamp; a whole number of days. 0 serves the data where it was recorded.
    """

    now_ms: Callable[[], int] = field(default=wall_ms)
    shift_ms: int = 0

    def data_ms(self) -> int:
        """Return the recorded time, in milliseconds, that corresponds to now."""
        return self.now_ms() - self.shift_ms


def replay_clock(start_ms: int, now_ms: Callable[[], int] = wall_ms, step_ms: int = DAY_MS) -> Clock:
    """Clock on which now is the first instant at or after `start_ms` with the wall's time of day.

    Parameters
    ----------
    start_ms : int
        Recorded time to start from, milliseconds since the epoch.
    now_ms : callable
        The wall clock, milliseconds since the epoch.
    step_ms : int
        The shift is a multiple of this: a day, or a week to keep the day of the week too.

    Returns
    -------
    Clock
        Clock whose `data_ms()` lies in `[start_ms, start_ms + step_ms)` when this is called.
    """
    shift = (now_ms() - start_ms) // step_ms * step_ms
    return Clock(now_ms, shift)


def default_replay_clock(first_ms: int, last_ms: int, now_ms: Callable[[], int] = wall_ms) -> Clock:
    """Clock that starts three quarters into the data: history to warm up on, and a future to trade.

    Parameters
    ----------
    first_ms, last_ms : int
        Recorded time over which every contract has candles, milliseconds since the epoch.
    now_ms : callable
        The wall clock, milliseconds since the epoch.

    Returns
    -------
    Clock
        Replay clock; its shift is whole weeks when the data spans four weeks or more, else whole days.
    """
    span = last_ms - first_ms
    step = WEEK_MS if span >= LONG_ENOUGH_FOR_WEEKS else DAY_MS
    latest = last_ms - int(span * FUTURE_SHARE)
    return replay_clock(max(first_ms, latest - step), now_ms, step)
