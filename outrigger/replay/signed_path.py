"""The prices a contract went through between two moments: what a waiting stop is held against.

The path is the one that everybody on the replay exchange is told (`candle_path`). The mark price follows it
too: nothing finer than an hour was recorded of the mark, so a stop on the mark fills like one on the last
price here, which no real exchange promises.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outrigger.replay.candle_path import knots
from outrigger.replay.intervals import LENGTH_MS
from outrigger.replay.market import ReplayMarket
from outrigger.volatility.windows import Array


@dataclass(frozen=True, slots=True)
class PricePath:
    """Straight lines between corners; a jump is two corners at one time.

    Parameters
    ----------
    times, prices : ndarray of shape (n,)
        Milliseconds since the epoch, not descending, and prices.
    """

    times: Array
    prices: Array

    def reaches(self, level: float, side: int) -> tuple[int, float] | None:
        """When the path first reaches a level, and at which price.

        Parameters
        ----------
        level : float
            A price.
        side : int
            +1 if it is reached from below, -1 from above.

        Returns
        -------
        (int, float) or None
            Milliseconds since the epoch, and the level, or the price beyond it that the path jumped to.
        """
        beyond = np.flatnonzero(side * (self.prices - level) >= 0)
        if not len(beyond):
            return None
        last = int(beyond[0])
        if last == 0 or self.times[last] == self.times[last - 1]:
            return round(float(self.times[last])), float(self.prices[last])
        share = (level - self.prices[last - 1]) / (self.prices[last] - self.prices[last - 1])
        passed = self.times[last - 1] + share * (self.times[last] - self.times[last - 1])
        return round(float(passed)), level


def price_path(market: ReplayMarket, symbol: str, from_ms: int, until_ms: int) -> PricePath:
    """Give the path between two moments, both included.

    Parameters
    ----------
    market : ReplayMarket
        The market served.
    symbol : str
        The exchange's symbol.
    from_ms, until_ms : int
        Milliseconds since the epoch.

    Returns
    -------
    PricePath
        Empty where nothing was recorded.
    """
    interval, candles = market.finest(symbol)
    length = LENGTH_MS[interval]
    first = max(int(np.searchsorted(candles.times, from_ms, side="right")) - 1, 0)
    last = int(np.searchsorted(candles.times, until_ms, side="right"))
    corners = [knots(int(candles.times[row]), length, candles.values[row]) for row in range(first, last)]
    if not corners:
        return PricePath(np.empty(0), np.empty(0))
    times, prices = (np.concatenate(part) for part in zip(*corners, strict=True))
    return _between(times, prices, float(from_ms), float(until_ms))


def _between(times: Array, prices: Array, start: float, end: float) -> PricePath:
    inside = (times > start) & (times < end)
    # At a jump the later corner is what holds from then on.
    ends = [_at(times, prices, moment) for moment in (start, end)]
    return PricePath(np.r_[start, times[inside], end], np.r_[ends[0], prices[inside], ends[1]])


def _at(times: Array, prices: Array, moment: float) -> float:
    later = int(np.searchsorted(times, moment, side="right"))
    if later == 0 or later == len(times):
        return float(prices[min(later, len(times) - 1)])
    share = (moment - times[later - 1]) / (times[later] - times[later - 1])
    return float(prices[later - 1] + share * (prices[later] - prices[later - 1]))
