"""What the market did after a trade had ended: was it stopped too early, how much of the move was kept.

A stop is judged by what came next, so these measures read candles after the exit, on purpose: nothing
that trades may import this module. Assumes candles without gaps that begin at or before the entry. Trades
whose horizon the candles do not cover are left out of a rate and counted, whatever their outcome, because
to leave out only the undecided ones would flatter or damn the stop. Weak: the exit's own candle is not
looked at after a live exit inside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outrigger.errors import DataError
from outrigger.market.alignment import open_times_ms
from outrigger.market.timeframe import timeframe_ms
from outrigger.review.trade import Trade

HOUR_MS = 3_600_000
# 40,000 to 40,400 is 1 % on paper and a little less in floats: a move this close has reached it.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Extremes:
    """Highs and lows of one pair.

    Parameters
    ----------
    opened_at_ms : ndarray of int64, shape (n_candles,)
        Opening times, increasing, in ms since the epoch.
    high, low : ndarray of float64, shape (n_candles,)
        Prices in quote currency; NaN is never an extreme.
    length_ms : int
        Length of a candle in ms.
    """

    opened_at_ms: NDArray[np.int64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    length_ms: int

    def best_move(self, trade: Trade, after_ms: int, until_ms: int) -> float:
        """Largest move in a trade's favour in candles that open at or after one time and close by another.

        Parameters
        ----------
        trade : Trade
            Gives side and entry price.
        after_ms, until_ms : int
            Times in ms since the epoch.

        Returns
        -------
        float
            Fraction of the entry price, negative where the entry was never reached; -inf without a candle.
        """
        moves = self._moves(trade, self.high if trade.side > 0 else self.low, after_ms, until_ms)
        return float(moves.max(initial=-np.inf))

    def worst_move(self, trade: Trade, after_ms: int, until_ms: int) -> float:
        """Largest move against a trade, the mirror of `best_move`; inf without a candle."""
        moves = self._moves(trade, self.low if trade.side > 0 else self.high, after_ms, until_ms)
        return float(moves.min(initial=np.inf))

    def _moves(
        self, trade: Trade, prices: NDArray[np.float64], after_ms: int, until_ms: int
    ) -> NDArray[np.float64]:
        first = int(self.opened_at_ms.searchsorted(after_ms, side="left"))
        last = int(self.opened_at_ms.searchsorted(until_ms - self.length_ms, side="right"))
        chosen = prices[first:last]
        moves: NDArray[np.float64] = trade.side * (chosen[np.isfinite(chosen)] / trade.open_rate - 1)
        return moves

    def covers(self, from_ms: int, until_ms: int) -> bool:
        """Whether there are candles from one time until another, in ms since the epoch."""
        if len(self.opened_at_ms) == 0:
            return False
        return bool(self.opened_at_ms[0] <= from_ms and self.opened_at_ms[-1] + self.length_ms >= until_ms)


def extremes_of(frame: pd.DataFrame, timeframe: str) -> Extremes:
    """Lay out a frame of candles for hindsight.

    Parameters
    ----------
    frame : DataFrame
        With `date, high, low`; shape (n_candles, ...).
    timeframe : str
        Length of a candle, such as `"1m"`.

    Returns
    -------
    Extremes
        The pair's highs and lows by time.

    Raises
    ------
    DataError
        If dates are missing, repeated or out of order.
    """
    high, low = (frame[name].to_numpy(dtype=np.float64) for name in ("high", "low"))
    return Extremes(open_times_ms(frame["date"], timeframe), high, low, timeframe_ms(timeframe))


@dataclass(frozen=True, slots=True)
class PrematureStops:
    """How often a stop ended a trade that then came right.

    Parameters
    ----------
    horizon_hours : float
        How long after the exit the market was watched.
    count : int
        Premature stop-outs.
    judged : int
        Trades whose horizon the candles cover.
    not_judged : int
        All others.
    """

    horizon_hours: float
    count: int
    judged: int
    not_judged: int

    @property
    def rate(self) -> float:
        """Premature stop-outs over all judged trades; NaN without any."""
        return self.count / self.judged if self.judged else float("nan")


def premature_stop_rate(
    trades: Iterable[Trade], candles: Mapping[str, Extremes], horizon_hours: float, gain: float = 0.01
) -> PrematureStops:
    """Count trades that a stop ended at a loss, and whose price then still reached a profit.

    Parameters
    ----------
    trades : iterable of Trade
        Primary trades, hedges left out.
    candles : mapping of str to Extremes
        By pair.
    horizon_hours : float
        Hours after the exit that are looked at; the candle of the exit is not one of them.
    gain : float
        Favourable move from the entry that makes the stop-out premature, as a fraction of price.

    Returns
    -------
    PrematureStops
        Rate and counts. A loss is a net one, fees and funding included.

    Raises
    ------
    DataError
        If there are no candles of a traded pair.
    """
    count = judged = left_out = 0
    for trade in trades:
        pair, until = _of(candles, trade.pair), trade.closed_ms + round(horizon_hours * HOUR_MS)
        if not pair.covers(trade.opened_ms, until):
            left_out += 1
            continue
        judged += 1
        if trade.left_by_stop and trade.net_return < 0:
            count += pair.best_move(trade, trade.closed_ms + 1, until) >= gain - ROUNDING
    return PrematureStops(horizon_hours, count, judged, left_out)


def trend_capture(
    trades: Iterable[Trade], candles: Mapping[str, Extremes], horizon_hours: float = 24.0
) -> float:
    """Mean share of the best available move that winning trades kept.

    Parameters
    ----------
    trades : iterable of Trade
        Primary trades; those that did not end in a net profit are not looked at.
    candles : mapping of str to Extremes
        By pair.
    horizon_hours : float
        Hours after the exit in which the best move may still lie.

    Returns
    -------
    float
        Between 0 and 1; NaN where no winning trade's horizon is covered.

    Raises
    ------
    DataError
        If there are no candles of a traded pair.
    """
    shares = []
    for trade in trades:
        pair, until = _of(candles, trade.pair), trade.closed_ms + round(horizon_hours * HOUR_MS)
        if trade.net_return > 0 and pair.covers(trade.opened_ms, until):
            best = max(pair.best_move(trade, trade.opened_ms, until), trade.move)
            # Funding alone can make a trade a winner: then it kept nothing of any move.
            shares.append(max(trade.move, 0.0) / best if best > 0 else 0.0)
    return float(np.mean(shares)) if shares else float("nan")


def _of(candles: Mapping[str, Extremes], pair: str) -> Extremes:
    if pair not in candles:
        raise DataError(f"no candles of {pair} to judge its trades by: load the same pairs as the backtest")
    return candles[pair]
