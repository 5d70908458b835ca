"""How far apart funding is charged, read from the charges themselves.

Exchanges charge every eight, four, two or one hours, differently by contract, and change it when a contract
runs hot. A rate says little without its interval: 0.01 % an hour is eight times 0.01 % in eight hours. Rates
are compared per eight hours, which leaves the usual contract's numbers as they are.
Weak: a charge missing from a file of four-hourly ones looks like one that came after eight; its rate is
halved, the next one's is right again.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from outrigger.market.features.asof import Array, Times
from outrigger.market.features.norm import HOUR_MS

INTERVALS_H: Final = (1, 2, 4, 8)
USUAL_MS: Final = 8 * HOUR_MS


def charge_intervals_ms(time_ms: Times) -> Times:
    """Time over which each charge was counted.

    Parameters
    ----------
    time_ms : ndarray of int64, shape (n_events,)
        Charges, rising, milliseconds since 1970; jitter of minutes is rounded away.

    Returns
    -------
    ndarray of int64, shape (n_events,)
        Distance to the charge before, a whole number of hours. Where that is no interval an exchange uses,
        the last one known; eight hours before any is.
    """
    if not len(time_ms):
        return np.empty(0, dtype=np.int64)
    hours = np.concatenate(([0], np.round(np.diff(time_ms) / HOUR_MS).astype(np.int64)))
    last = np.maximum.accumulate(np.where(np.isin(hours, INTERVALS_H), np.arange(len(hours)), -1))
    return np.where(last >= 0, hours[last] * HOUR_MS, USUAL_MS)


def schedule_intervals_ms(next_ms: Array) -> Times:
    """Time between charges, from readings that say when the next one comes.

    Parameters
    ----------
    next_ms : ndarray of shape (n_rows,)
        Time of the next charge as known at each reading, milliseconds since 1970; NaN where not known.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Distance between the last two different times announced up to each reading; see
        `charge_intervals_ms`.
    """
    present = np.flatnonzero(np.isfinite(next_ms))
    announced = next_ms[present].astype(np.int64)
    is_new = np.diff(announced, prepend=announced[:1] - 1) > 0
    intervals = np.concatenate(([USUAL_MS], charge_intervals_ms(announced[is_new])))
    return intervals[np.cumsum(np.bincount(present[is_new], minlength=len(next_ms)))]


def per_eight_hours(rate: Array, interval_ms: Times) -> Array:
    """Scale rates, fractions of notional an interval, to eight hours."""
    return rate * (USUAL_MS / interval_ms)
