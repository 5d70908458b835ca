"""Candles as arrays: coarser ones from finer ones, and the one that is still forming.

A forming candle holds what the exchange would have published by now and nothing more. The finest
recorded candle says what happened inside it only when it has closed; while it forms, only its open is
used. The price inside the finest candle therefore stands still at its open: wicks shorter than that
candle reach a bot only through closed candles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outrigger.replay.candle_path import until
from outrigger.replay.intervals import LENGTH_MS, bucket_open, divides, next_open, open_of

OPEN, HIGH, LOW, CLOSE, VOLUME = range(5)


@dataclass(frozen=True, slots=True)
class Candles:
    """Candles in ascending order of time.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Opening times, milliseconds since the epoch.
    values : ndarray of float64, shape (n, 5)
        Open, high, low, close (quote currency) and volume (base currency).
    """

    times: NDArray[np.int64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.times)

    def part(self, low: int, high: int) -> Candles:
        """Candles `low` to `high - 1`, as views."""
        return Candles(self.times[low:high], self.values[low:high])

    def before(self, time_ms: int) -> Candles:
        """Candles that open before an instant, milliseconds since the epoch."""
        return self.part(0, int(np.searchsorted(self.times, time_ms)))


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Bounds of a request for a series.

    Parameters
    ----------
    start_ms, end_ms : int or None
        Both inclusive, milliseconds since the epoch.
    limit : int
        Most rows to answer with: the first ones from the start on, without a start the latest ones.
    """

    start_ms: int | None
    end_ms: int | None
    limit: int

    def rows(self, times: NDArray[np.int64]) -> slice:
        """Rows of a series that are asked for.

        Parameters
        ----------
        times : ndarray of int64, shape (n,)
            Milliseconds since the epoch, ascending.

        Returns
        -------
        slice
            At most `limit` consecutive rows.
        """
        high = len(times) if self.end_ms is None else int(np.searchsorted(times, self.end_ms, side="right"))
        low = max(0, high - self.limit)
        if self.start_ms is not None:
            low = int(np.searchsorted(times, self.start_ms))
        return slice(low, max(low, min(high, low + self.limit)))


EMPTY = Candles(np.empty(0, dtype=np.int64), np.empty((0, 5)))


def join(parts: list[Candles]) -> Candles:
    """One run of candles from several consecutive ones."""
    return Candles(np.concatenate([p.times for p in parts]), np.concatenate([p.values for p in parts]))


def _merge(candles: Candles, interval: str) -> Candles:
    opens = bucket_open(candles.times, interval)
    first = np.flatnonzero(np.r_[True, opens[1:] != opens[:-1]])
    last = np.r_[first[1:], len(candles)] - 1
    v = candles.values
    merged = np.column_stack(
        [
            v[first, OPEN],
            np.maximum.reduceat(v[:, HIGH], first),
            np.minimum.reduceat(v[:, LOW], first),
            v[last, CLOSE],
            np.add.reduceat(v[:, VOLUME], first),
        ]
    )
    return Candles(opens[first], merged)


def resample(fine: Candles, fine_interval: str, interval: str) -> Candles:
    """Coarser candles from finer ones; a first or last candle that is not complete is left out.

    Parameters
    ----------
    fine : Candles
        Closed candles, without gaps.
    fine_interval, interval : str
        Names of the two intervals; the finer one has to divide the coarser one.

    Returns
    -------
    Candles
        Complete candles of the coarser interval.
    """
    if not len(fine) or not divides(fine_interval, interval):
        return EMPTY
    merged = _merge(fine, interval)
    low = int(merged.times[0] != fine.times[0])
    end = next_open(int(merged.times[-1]), interval)
    last_is_whole = next_open(int(fine.times[-1]), fine_interval) >= end
    return merged.part(low, len(merged) if last_is_whole else len(merged) - 1)


def forming(
    fine: Candles, fine_interval: str, interval: str, now_ms: int, *, walked: bool = False
) -> Candles:
    """Make the candle of `interval` that is open now, from what has been published by now.

    Parameters
    ----------
    fine : Candles
        The finest recorded candles, of any time.
    fine_interval, interval : str
        Names of the two intervals; equal, or the finer one divides the coarser one.
    now_ms : int
        Now, milliseconds since the epoch.
    walked : bool
        Whether prices walk through the fine candle that is still forming; else its open is all that is known.

    Returns
    -------
    Candles
        One candle, or none when nothing has happened in it yet: closed fine candles since its open, and
        the fine candle still forming, without volume.
    """
    if fine_interval != interval and not divides(fine_interval, interval):
        return EMPTY
    fine_open = open_of(now_ms, fine_interval)
    low, high = np.searchsorted(fine.times, [open_of(now_ms, interval), fine_open])
    parts = [fine.part(int(low), int(high))]
    if high < len(fine) and fine.times[high] == fine_open:
        share = (now_ms - fine_open) / LENGTH_MS[fine_interval] if walked else 0.0
        seen = until(fine_open, fine.values[high], share)
        parts.append(Candles(fine.times[high : high + 1], seen[np.newaxis]))
    published = join(parts)
    return _merge(published, interval) if len(published) else EMPTY


def window(candles: Candles, asked: TimeRange) -> Candles:
    """Choose the candles that a request for a time range is answered with.

    Parameters
    ----------
    candles : Candles
        Everything published.
    asked : TimeRange
        Bounds of the opening time and the most candles returned.

    Returns
    -------
    Candles
        Part of `candles`.
    """
    rows = asked.rows(candles.times)
    return Candles(candles.times[rows], candles.values[rows])
