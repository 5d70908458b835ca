"""What a trade was worth at each close, from its fills and its pair's closes.

Before it ends a trade is marked without fees and funding; both meet its result in the candle in which it
ends. A trade whose fills are not known is taken as filled once, at its open rate and its largest size.
"""

from __future__ import annotations

import numpy as np

from outrigger.hedge.returns import Floats, Times
from outrigger.review.trade import Fill, Trade


def marked_path(trade: Trade, times_ms: Times, prices: Floats) -> Floats:
    """Result of a trade's fills so far at each close, before costs.

    Parameters
    ----------
    trade : Trade
        The trade.
    times_ms : ndarray of int64, shape (n_candles,)
        Close times.
    prices : ndarray of shape (n_candles,)
        Closes of its pair.

    Returns
    -------
    ndarray of shape (n_candles,)
        Quote currency; 0 before the first fill, NaN where a price is not known.
    """
    path = np.zeros(len(times_ms))
    for fill in _fills(trade):
        side = trade.side if fill.entry else -trade.side
        path += np.where(times_ms > fill.filled_ms, side * fill.amount * (prices - fill.price), 0.0)
    return path


def value_path(trade: Trade, times_ms: Times, prices: Floats) -> Floats:
    """Result of a trade at each close: marked while it is open, net once it has ended.

    Parameters
    ----------
    trade : Trade
        The trade.
    times_ms : ndarray of int64, shape (n_candles,)
        Close times.
    prices : ndarray of shape (n_candles,)
        Closes of its pair; a NaN is marked at the close before it.

    Returns
    -------
    ndarray of shape (n_candles,)
        Quote currency.
    """
    first = int(times_ms.searchsorted(trade.opened_ms, side="right"))
    last = int(times_ms.searchsorted(trade.closed_ms, side="left"))
    # Only the trade's own candles, and those before it until a price is known: a year is long.
    known = first
    while known > 0 and not np.isfinite(prices[known : known + 1]).all():
        known -= 1
    path = np.zeros(len(times_ms))
    if last > first:
        filled = carried(prices[known:last])[first - known :]
        path[first:last] = np.nan_to_num(marked_path(trade, times_ms[first:last], filled))
    path[max(first, last) :] = trade.profit
    return path


def held(trade: Trade, moment_ms: int) -> float:
    """Amount of a trade just before a moment, base currency."""
    before = (fill for fill in _fills(trade) if fill.filled_ms < moment_ms)
    return sum(fill.amount if fill.entry else -fill.amount for fill in before)


def notional_ms(trade: Trade) -> float:
    """Notional at the open rate times the ms it was held, summed over its sizes."""
    return sum(
        (1 if fill.entry else -1) * fill.amount * trade.open_rate * (trade.closed_ms - fill.filled_ms)
        for fill in _fills(trade)
        if fill.filled_ms < trade.closed_ms
    )


def carried(prices: Floats) -> Floats:
    """Prices with what is missing taken from before, shape (n_candles,); NaN before the first."""
    rows = np.maximum.accumulate(np.where(np.isfinite(prices), np.arange(len(prices)), 0))
    found: Floats = prices[rows]
    return found


def _fills(trade: Trade) -> tuple[Fill, ...]:
    once = Fill(trade.opened_ms, trade.open_rate, trade.notional / trade.open_rate, entry=True)
    return trade.fills or (once,)
