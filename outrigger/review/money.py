"""What an account did with its money over time: returns by day and week, ratios, tails, exposure, margins.

Pure functions over trades and a path of equity marked at candle closes, beside the measures of single
results in `trade_measures`. Days and weeks are UTC, weeks begin on Monday. Ratios are annualised over 365
days, because perpetual futures trade on all of them, with a risk-free rate of zero. Where there is too
little to measure the answer is NaN, never zero. Weak: a ratio of a few weeks says next to nothing, and
neither does a Calmar ratio whose drawdown has hardly had time to happen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf, nan, sqrt
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from outrigger.review.trade import Trade
from outrigger.review.trade_measures import Floats, expectancy

DAY_MS: Final = 86_400_000
WEEK_MS: Final = 7 * DAY_MS
# The epoch was a Thursday; weeks begin on the Monday before.
MONDAY_MS: Final = 4 * DAY_MS
YEAR_DAYS: Final = 365.0
SLIPPAGES_BP: Final = (0, 5, 10, 20)


def period_returns(
    times_ms: NDArray[np.int64], equity: ArrayLike, opening: float, length_ms: int, offset_ms: int = 0
) -> Floats:
    """Return of each day, week or other span that a path of equity touches.

    Parameters
    ----------
    times_ms : ndarray of int64, shape (n_times,)
        Moments of the path, increasing; a moment on a boundary closes the span before it.
    equity : array_like of shape (n_times,)
        Account value at these moments.
    opening : float
        Account value before the first of them.
    length_ms, offset_ms : int
        Length of a span, and where its boundaries lie: `DAY_MS, 0` or `WEEK_MS, MONDAY_MS`.

    Returns
    -------
    ndarray of shape (n_spans,)
        Change over each span as a fraction of the equity at its beginning; the first and the last may be
        cut short. Empty for an empty path.
    """
    values = np.asarray(equity, dtype=np.float64)
    if values.size == 0:
        return np.empty(0)
    span = (np.asarray(times_ms, dtype=np.int64) - 1 - offset_ms) // length_ms
    last = np.append(np.flatnonzero(np.diff(span)), len(span) - 1)
    ends = np.concatenate(([opening], values[last]))
    returns: Floats = ends[1:] / ends[:-1] - 1
    return returns


def sharpe(daily: ArrayLike) -> float:
    """Annualised mean of daily returns over their standard deviation; NaN for fewer than two.

    Sharpe (1994), The Sharpe Ratio, Journal of Portfolio Management 21(1), with a zero benchmark.
    """
    values = np.asarray(daily, dtype=np.float64)
    if values.size < 2 or not (deviation := float(values.std(ddof=1))) > 0:
        return nan
    return float(values.mean()) / deviation * sqrt(YEAR_DAYS)


def sortino(daily: ArrayLike) -> float:
    """Annualised mean of daily returns over their downside deviation from zero; NaN for fewer than two.

    The downside deviation is the root of the mean of squared losses over *all* days: Sortino and Price
    (1994), Performance Measurement in a Downside Risk Framework, Journal of Investing 3(3). Infinite
    for gains without a losing day.
    """
    values = np.asarray(daily, dtype=np.float64)
    if values.size < 2:
        return nan
    downside = sqrt(float(np.mean(np.minimum(values, 0.0) ** 2)))
    mean = float(values.mean())
    if downside == 0:
        return inf if mean > 0 else nan
    return mean / downside * sqrt(YEAR_DAYS)


def path_drawdown(equity: ArrayLike, opening: float) -> float:
    """Deepest fall of a path of equity from its highest level so far, the opening included; a fraction."""
    path = np.concatenate(([opening], np.asarray(equity, dtype=np.float64)))
    return float((1 - path / np.maximum.accumulate(path)).max())


def calmar(equity: ArrayLike, opening: float, days: float) -> float:
    """Compound annual return over the maximum drawdown.

    Parameters
    ----------
    equity : array_like of shape (n_times,)
        Account value, positive.
    opening : float
        Account value before the first moment.
    days : float
        Length of the path.

    Returns
    -------
    float
        NaN without a path; infinite for a gain without a drawdown. Young (1991), Futures 20(10).
    """
    values = np.asarray(equity, dtype=np.float64)
    if values.size == 0 or days <= 0 or values[-1] <= 0:
        return nan
    annual, fall = (float(values[-1]) / opening) ** (YEAR_DAYS / days) - 1, path_drawdown(values, opening)
    if fall == 0:
        return inf if annual > 0 else nan
    return float(annual / fall)


def time_in_market(trades: Iterable[Trade], start_ms: int, end_ms: int) -> float:
    """Share of a period in which at least one trade was open; NaN for an empty period."""
    if end_ms <= start_ms:
        return nan
    spans = sorted((max(t.opened_ms, start_ms), min(t.closed_ms, end_ms)) for t in trades)
    held, reached = 0, start_ms
    for begun, ended in spans:
        held += max(ended - max(begun, reached), 0)
        reached = max(reached, ended)
    return held / (end_ms - start_ms)


def entry_candle_exits(trades: Iterable[Trade], length_ms: int) -> int:
    """Trades that ended in the candle they began in, candles of `length_ms`."""
    return sum(t.closed_ms // length_ms == t.opened_ms // length_ms for t in trades if not t.is_open)


def slipped_expectancy(
    trades: Sequence[Trade], slippages_bp: Sequence[int] = SLIPPAGES_BP
) -> dict[int, float]:
    """Mean net return if every exit by a stop or by liquidation had filled worse.

    Parameters
    ----------
    trades : sequence of Trade
        Closed trades.
    slippages_bp : sequence of int
        Scenarios, in basis points of price; what fills slipped already is contained in each of them.

    Returns
    -------
    dict of int to float
        Fraction of notional by scenario; NaN without trades.
    """
    returns = np.array([trade.net_return for trade in trades], dtype=np.float64)
    stopped = np.array([trade.left_by_stop or trade.liquidated for trade in trades], dtype=np.float64)
    return {points: expectancy(returns - points * 1e-4 * stopped) for points in slippages_bp}


def stop_slippage(trade: Trade) -> float:
    """How much worse than its stop a stopped trade was filled.

    Returns
    -------
    float
        Fraction of the stop price, negative for a better fill; NaN for a trade that no stop ended or whose
        stop is not known. A backtest fills stops exactly, so there it is zero or the gap of `stop_crossed`.
    """
    if trade.is_open or not trade.left_by_stop or not trade.stop > 0:
        return nan
    # A fill at the stop itself is no slippage on either side, not even minus zero.
    return trade.side * (1 - trade.close_rate / trade.stop) + 0.0


def margin_left(trade: Trade, liquidation: float, worst: float) -> float:
    """What was left to liquidation at the worst moment, as a fraction of its distance at entry.

    Parameters
    ----------
    trade : Trade
        Gives side and entry price.
    liquidation, worst : float
        Liquidation price, 0 for a long that has none; worst price while the trade was open.

    Returns
    -------
    float
        1 for a trade that never went against its entry, 0 and less once the price was there; NaN where
        the liquidation price is on the wrong side of the entry.
    """
    distance = trade.side * (trade.open_rate - liquidation)
    if not distance > 0:
        return nan
    return min(trade.side * (worst - liquidation) / distance, 1.0)


def geometry_null(protect: ArrayLike, activation: ArrayLike) -> float:
    """Win rate that stops and activations alone would give on a driftless walk.

    Parameters
    ----------
    protect, activation : array_like of shape (n_trades,)
        Distance of the protective stop, and the favourable move that arms a trail which then lies at the
        entry or better; fractions of price.

    Returns
    -------
    float
        Mean of s / (s + a), the gambler's ruin; NaN without trades.
    """
    stop, gain = (np.asarray(values, dtype=np.float64) for values in (protect, activation))
    return float(np.mean(stop / (stop + gain))) if stop.size else nan
