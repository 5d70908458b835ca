"""An account's equity at every five-minute close, and what simply holding the same pairs would have made.

Open trades are marked at closes without the cost of leaving them; fees and funding meet a trade's result
in the candle in which it ends. Buy-and-hold buys every pair for the same amount at the start, without
leverage, fees or rebalancing. Weak: a trade whose pair has no candles moves equity only when it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from outrigger.hedge.trade_path import marked_path
from outrigger.review.trade import Trade
from outrigger.review.trade_measures import Floats
from outrigger.review.weekly.market import Times

DAY_CANDLES = 288


def results_path(trades: Iterable[Trade], clock: Times, closes: Mapping[str, Floats]) -> Floats:
    """Sum of results at each close: marked while a trade is open, net from its end on.

    Parameters
    ----------
    trades : iterable of Trade
        Open ones end, at their present value, at `closed_ms`.
    clock : ndarray of int64, shape (n_times,)
        Close times in ms since the epoch.
    closes : mapping of str to ndarray of shape (n_times,)
        Closes by pair; NaN where there is none.

    Returns
    -------
    ndarray of shape (n_times,)
        Quote currency.
    """
    marks, ended = np.zeros(len(clock)), np.zeros(len(clock) + 1)
    for trade in trades:
        first = int(clock.searchsorted(trade.opened_ms, side="right"))
        last = int(clock.searchsorted(trade.closed_ms, side="left"))
        prices = closes.get(trade.pair)
        if prices is not None and last > first:
            marks[first:last] += np.nan_to_num(marked_path(trade, clock[first:last], prices[first:last]))
        ended[max(first, last)] += trade.profit
    path: Floats = marks + np.cumsum(ended[:-1])
    return path


def hold_path(pairs: Sequence[str], closes: Mapping[str, Floats], first: int) -> tuple[Floats, list[str]]:
    """Value of one unit of money spread over pairs at a row and left alone.

    Parameters
    ----------
    pairs : sequence of str
        Pairs to hold, in equal parts.
    closes : mapping of str to ndarray of shape (n_times,)
        Closes by pair.
    first : int
        Row at whose close they are bought, or at their first close within a day of it.

    Returns
    -------
    path : ndarray of shape (n_times - first,)
        Beginning with 1; NaN throughout where no pair has a price.
    without : list of str
        Pairs that have none and are left out.
    """
    bought = {pair: _bought(closes[pair], first) for pair in pairs if pair in closes}
    priced = {pair: price for pair, price in bought.items() if price is not None}
    without = [pair for pair in pairs if pair not in priced]
    if not priced:
        length = len(next(iter(closes.values()))) - first if closes else 0
        return np.full(max(length, 0), np.nan), without
    paths = [closes[pair][first:] / price for pair, price in priced.items()]
    # Money that waits for a pair's first candle is worth what it is.
    path: Floats = np.mean(np.nan_to_num(paths, nan=1.0), axis=0)
    return path, without


def _bought(closes: Floats, first: int) -> float | None:
    """First price within a day of a row."""
    known = np.flatnonzero(np.isfinite(closes[first : first + DAY_CANDLES + 1]))
    return float(closes[first + known[0]]) if known.size else None
