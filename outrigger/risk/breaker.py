"""Walking away when open equity falls: a breaker beside Freqtrade's protections.

Freqtrade's protections look at closed trades only; five open trades that fall together trip nothing.
This one watches the equity with unrealised results. The peak is the highest equity of a trailing
window, not since the start: a pause of hours answers a market that has become unpredictable, it does
not answer a slow loss over months, which is what the weekly review is for. After the pause the peak
restarts at the equity of that moment, so one fall trips once.

The window is kept as one maximum an hour, so a peak counts for up to one hour longer than set. A
withdrawal looks like a loss: the breaker may trip on it once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from outrigger.errors import StateError
from outrigger.market.moment import from_ms
from outrigger.settings.risk import RiskSettings

VERSION = 1
_HOUR_MS = 3_600_000
_REMEDY = "delete it to start again with the present equity as the peak"


@dataclass(frozen=True, slots=True)
class BreakerState:
    """What the breaker remembers, complete enough to go on after a restart.

    Parameters
    ----------
    peaks : tuple of (int, float)
        Candidates for the window's peak: hour since the epoch and equity in quote currency, from the
        highest and oldest to the newest and lowest. Empty while the breaker pauses.
    as_of_ms : int
        Time of the last equity taken into account, ms since the epoch.
    tripped_until_ms : int
        End of the last pause, ms since the epoch; 0 if it has never tripped.
    fall : float
        Fraction of the peak that had been lost when it last tripped.
    """

    peaks: tuple[tuple[int, float], ...] = ()
    as_of_ms: int = 0
    tripped_until_ms: int = 0
    fall: float = 0.0

    @property
    def peak(self) -> float | None:
        """Highest equity of the window, quote currency, or None before the first reading."""
        return self.peaks[0][1] if self.peaks else None

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, with a version."""
        return {
            "version": VERSION,
            "peaks": [list(peak) for peak in self.peaks],
            "as_of_ms": self.as_of_ms,
            "tripped_until_ms": self.tripped_until_ms,
            "fall": self.fall,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> BreakerState:
        """Read back what `to_dict` wrote.

        Parameters
        ----------
        document : mapping
            The stored document.

        Returns
        -------
        BreakerState
            Equal to the one that was stored.

        Raises
        ------
        StateError
            If the document is of another version or damaged.
        """
        if document.get("version") != VERSION:
            raise StateError(
                f"drawdown breaker: stored version {document.get('version')!r} is not {VERSION}; {_REMEDY}"
            )
        try:
            peaks = tuple((int(hour), float(equity)) for hour, equity in document["peaks"])
            fall = float(document["fall"])
            state = cls(peaks, int(document["as_of_ms"]), int(document["tripped_until_ms"]), fall)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise StateError(
                f"drawdown breaker: stored state cannot be read ({error!r}); {_REMEDY}"
            ) from error
        if not (isfinite(fall) and all(isfinite(equity) for _, equity in peaks)):
            raise StateError(f"drawdown breaker: stored state holds a number that is not finite; {_REMEDY}")
        return state


def advance(state: BreakerState, equity: float, time_ms: int, settings: RiskSettings) -> BreakerState:
    """Take one more reading of the equity into account.

    Parameters
    ----------
    state : BreakerState
        State before the reading.
    equity : float
        Balance plus unrealised results, quote currency; NaN and infinity change nothing.
    time_ms : int
        Time of the reading, ms since the epoch; one older than the state changes nothing.
    settings : RiskSettings
        The `breaker_*` settings.

    Returns
    -------
    BreakerState
        Tripped if the equity has fallen `breaker_drawdown` from the window's peak.
    """
    if not isfinite(equity) or time_ms < state.as_of_ms:
        return state
    if is_tripped(state, time_ms):
        return replace(state, as_of_ms=time_ms)
    hour = time_ms // _HOUR_MS
    oldest = hour - settings.breaker_window_hours
    peaks = tuple(peak for peak in state.peaks if peak[0] >= oldest and peak[1] > equity)
    if not peaks or peaks[-1][0] != hour:
        peaks += ((hour, equity),)
    peak = peaks[0][1]
    if peak > 0 and equity <= peak * (1 - settings.breaker_drawdown):
        pause_ms = round(settings.breaker_pause_hours * _HOUR_MS)
        return BreakerState((), time_ms, time_ms + pause_ms, 1 - equity / peak)
    return replace(state, peaks=peaks, as_of_ms=time_ms)


def is_tripped(state: BreakerState, time_ms: int) -> bool:
    """Tell whether new entries are blocked.

    Parameters
    ----------
    state : BreakerState
        The breaker.
    time_ms : int
        Present time, ms since the epoch.

    Returns
    -------
    bool
        True until the pause has passed.
    """
    return time_ms < state.tripped_until_ms


def explain(state: BreakerState, time_ms: int) -> str | None:
    """Say in plain words why entries are blocked.

    Parameters
    ----------
    state : BreakerState
        The breaker.
    time_ms : int
        Present time, ms since the epoch.

    Returns
    -------
    str or None
        None while entries are allowed.
    """
    if not is_tripped(state, time_ms):
        return None
    until = from_ms(state.tripped_until_ms)
    return (
        f"equity fell {state.fall:.1%} from its recent peak: no new entries until {until:%Y-%m-%d %H:%M} UTC"
    )
