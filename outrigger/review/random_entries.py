"""Entries at random times, so that a comparison of stops does not depend on when somebody likes to enter.

As many longs as shorts. Every entry has its forecasts, two days of base candles behind it, and enough
candles ahead for the longest trade and the hours that the main measures look at afterwards.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from outrigger.errors import DataError
from outrigger.review.aftermath import CAPTURE_HOURS
from outrigger.review.pair_market import PairMarket, bars

WARM_UP_HOURS = 48.0


def eligible_rows(market: PairMarket, horizon_bars: int) -> NDArray[np.int64]:
    """Candles that can be entered.

    Parameters
    ----------
    market : PairMarket
        The pair.
    horizon_bars : int
        Candles that a trade may last.

    Returns
    -------
    ndarray of int64, shape (n_eligible,)
        Increasing.

    Raises
    ------
    DataError
        If there is none.
    """
    columns, size = market.columns, len(market.candles)
    known = np.isfinite(columns.sigma) & np.isfinite(columns.protect_sigma) & np.isfinite(columns.atr)
    eligible = np.flatnonzero(known[:-1] & np.isfinite(market.candles.open[1:])) + 1
    first = bars(WARM_UP_HOURS, market.timeframe)
    last = size - 1 - horizon_bars - bars(CAPTURE_HOURS, market.timeframe)
    eligible = eligible[(eligible >= first) & (eligible <= last)]
    if not len(eligible):
        raise DataError(
            f"{market.pair} {market.timeframe}: none of {size} candles can be entered; a pair needs base "
            "candles for two days more than the longest trade and the day after it, a week of 5m candles and "
            "a day of 1h candles: download a longer timerange or remove the pair's files"
        )
    return eligible


def random_entries(
    market: PairMarket, count: int, horizon_bars: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw entry candles and sides.

    Parameters
    ----------
    market : PairMarket
        The pair.
    count : int
        How many; a candle may be drawn twice.
    horizon_bars : int
        Candles that a trade may last.
    seed : int
        Same seed and same pair, same entries.

    Returns
    -------
    rows, sides : ndarray of int64, shape (count,)
        Entry candles in order of time, and +1 or -1, half of each.

    Raises
    ------
    DataError
        If no candle can be entered.
    """
    eligible = eligible_rows(market, horizon_bars)
    rng = np.random.default_rng([seed, crc32(market.pair.encode())])
    rows = np.sort(rng.choice(eligible, count)).astype(np.int64)
    sides = np.where(rng.permutation(count) % 2 == 0, 1, -1).astype(np.int64)
    return rows, sides
