"""Whether last week's market was another one than the months before, which parameters were chosen for.

Realised volatility of each pair by week, from five-minute log returns, averaged over pairs in logs, and
where the newest week stands among the earlier ones. Weak: weeks are few and volatility clusters, so a rank
at an end is a reason to look, not proof of a new regime.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd

from outrigger.market.alignment import open_times_ms
from outrigger.review.money import WEEK_MS
from outrigger.review.trade_measures import Floats
from outrigger.review.weekly.market import CHART, CHART_MS

WEEK_CANDLES = WEEK_MS // CHART_MS
LEAST_COVERED = 0.8
HISTORY_WEEKS = 26


@dataclass(frozen=True, slots=True)
class VolatilityShift:
    """Where a week's volatility stands among earlier weeks.

    Parameters
    ----------
    now, usual : float
        Mean daily volatility of the week, and the median of the weeks before; fractions.
    rank : float
        Share of the earlier weeks that were calmer; NaN without any.
    weeks : int
        Earlier weeks known.
    """

    now: float
    usual: float
    rank: float
    weeks: int


def weekly_volatility(chart: pd.DataFrame, end_ms: int, weeks: int) -> Floats:
    """Daily volatility of one pair in each of the weeks before a moment.

    Parameters
    ----------
    chart : DataFrame
        Five-minute candles, with `date, close`.
    end_ms : int
        End of the newest week.
    weeks : int
        How many.

    Returns
    -------
    ndarray of shape (weeks,)
        Root of the mean squared five-minute log return, times that of the 288 candles of a day; the newest
        last. NaN for a week of which too little is known.
    """
    closed = open_times_ms(chart["date"], CHART) + CHART_MS
    prices = chart["close"].to_numpy(dtype=np.float64)
    returns = np.diff(np.log(prices))
    whole = (np.diff(closed) == CHART_MS) & np.isfinite(returns)
    week = (end_ms - closed[1:]) // WEEK_MS
    told = np.full(weeks, nan)
    for back in range(weeks):
        mine = returns[whole & (week == back)]
        if len(mine) >= LEAST_COVERED * WEEK_CANDLES:
            told[weeks - 1 - back] = np.sqrt(np.mean(mine**2) * 288)
    return told


def volatility_shift(
    charts: Mapping[str, pd.DataFrame], pairs: Sequence[str], end_ms: int
) -> VolatilityShift | None:
    """Compare the week before a moment with those before it.

    Parameters
    ----------
    charts : mapping of str to DataFrame
        Five-minute candles by pair.
    pairs : sequence of str
        Pairs that count.
    end_ms : int
        End of the week.

    Returns
    -------
    VolatilityShift or None
        None where the week itself is not known for any pair.
    """
    found = [weekly_volatility(charts[pair], end_ms, HISTORY_WEEKS + 1) for pair in pairs if pair in charts]
    # Only pairs that have the newest week: a pair that came or went would look like a shift.
    known = [np.log(one) for one in found if np.isfinite(one[-1]) and one[-1] > 0]
    if not known:
        return None
    table = np.array(known)
    full = np.isfinite(table).all(axis=0)
    mean = table[:, full].mean(axis=0)
    now, before = float(mean[-1]), mean[:-1]
    rank = float((before < now).mean()) if len(before) else nan
    usual = float(np.exp(np.median(before))) if len(before) else nan
    return VolatilityShift(float(np.exp(now)), usual, rank, len(before))
