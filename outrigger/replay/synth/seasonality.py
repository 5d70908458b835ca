"""When a round-the-clock market is awake: the time-of-day and weekend shape of volatility.

Why: real perpetuals move half as much again around the opening of the New York stock exchange as in the
European morning, and a forecast that ignores it misjudges every stop. Assumes a smooth daily curve in UTC
with humps at midnight and at 14:30, flattened at weekends. Weak: no daylight saving, no holidays, no
announcements at fixed minutes.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from outrigger.replay.synth.randomness import Floats

MINUTES_PER_DAY: Final = 1440


def _hump(minute: Floats, centre_hour: float, width_hours: float) -> Floats:
    away = (minute / 60.0 - centre_hour + 12.0) % 24.0 - 12.0
    return np.exp(-0.5 * (away / width_hours) ** 2)


def seasonality(minutes: NDArray[np.int64], weekend: float) -> Floats:
    """Volatility of each minute relative to the average, from the clock alone.

    Parameters
    ----------
    minutes : ndarray of int64, shape (n,)
        Minutes since 1970-01-01 UTC at each candle's open.
    weekend : float
        Weekend volatility over weekday volatility.

    Returns
    -------
    ndarray of shape (n,)
        Positive factors whose mean square over a week is one.
    """
    week = np.arange(7 * MINUTES_PER_DAY, dtype=np.int64)
    # 1970-01-01 was a Thursday, so minute 0 of this week table is a Thursday's.
    saturday_or_sunday = np.isin((week // MINUTES_PER_DAY) % 7, (2, 3))
    minute = (week % MINUTES_PER_DAY).astype(np.float64)
    humps = 0.38 * _hump(minute, 0.5, 1.2) + 0.75 * _hump(minute, 14.6, 1.1) + 0.42 * _hump(minute, 18.5, 3.0)
    factor = 0.94 + humps * np.where(saturday_or_sunday, 0.7, 1.0)
    factor += 0.12 * (week % 60 < 2)
    factor *= np.where(saturday_or_sunday, weekend, 1.0)
    factor /= np.sqrt(np.mean(factor**2))
    return np.asarray(factor[minutes % week.size], dtype=np.float64)
