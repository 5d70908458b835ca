"""Candle intervals of the exchange: their names, lengths and opening times.

Up to one day an interval opens on multiples of its length since the epoch; weeks open on Monday and
months on their first day, as on the exchange. Three-day candles are taken to count from the epoch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
MONTH = "1M"
FIRST_MONDAY_MS = 4 * DAY_MS

LENGTH_MS: dict[str, int] = {
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": 7 * DAY_MS,
    MONTH: 31 * DAY_MS,
}
"""Longest duration of each interval in milliseconds; only months vary."""


def bucket_open(times: NDArray[np.int64], interval: str) -> NDArray[np.int64]:
    """Find the opening time of the candle that contains each instant.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Milliseconds since the epoch.
    interval : str
        One of the names in `LENGTH_MS`.

    Returns
    -------
    ndarray of int64, shape (n,)
        Milliseconds since the epoch.
    """
    if interval == MONTH:
        months = times.astype("datetime64[ms]").astype("datetime64[M]")
        return months.astype("datetime64[ms]").astype(np.int64)
    anchor = FIRST_MONDAY_MS if interval == "1w" else 0
    length = LENGTH_MS[interval]
    return (times - anchor) // length * length + anchor


def open_of(time_ms: int, interval: str) -> int:
    """Find the opening time of the candle that contains one instant, milliseconds since the epoch."""
    return int(bucket_open(np.array([time_ms], dtype=np.int64), interval)[0])


def next_open(open_ms: int, interval: str) -> int:
    """Find the opening time of the next candle after one, both in milliseconds since the epoch."""
    return open_of(open_ms + LENGTH_MS[interval], interval)


def divides(fine: str, coarse: str) -> bool:
    """Whether every candle of `coarse` is made of whole candles of `fine`."""
    if coarse == MONTH:
        return LENGTH_MS[fine] <= DAY_MS
    return LENGTH_MS[fine] < LENGTH_MS[coarse] and LENGTH_MS[coarse] % LENGTH_MS[fine] == 0
