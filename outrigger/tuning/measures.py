"""Measures of backtests laid end to end.

Every window begins with the same balance and nothing open, so profits are added, not compounded. All results
are net of fees, funding and slippage on stop exits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outrigger.hedge.account import cvar
from outrigger.review.backtest_export import BacktestResult
from outrigger.review.trade_measures import bootstrap_interval, expectancy, max_drawdown, win_rate
from outrigger.tuning.folds import DAY_MS, Window

Floats = NDArray[np.float64]
BASIS_POINT = 1e-4


@dataclass(frozen=True, slots=True)
class Measures:
    """What backtests laid end to end came to, net of fees, funding and slippage on stop exits.

    Parameters
    ----------
    trades : int
        Their number.
    win_rate : float
        Share with a net profit.
    expectancy_bp, low_bp, high_bp : float
        Mean net return of a trade in basis points of notional, and its 95 % block-bootstrap interval.
    cvar95_bp : float
        Mean loss of the worst twentieth of trades, positive, in basis points of notional.
    profit, max_drawdown : float
        Sum of results, and deepest fall of the balance, as fractions of the balance each window begins with.
    """

    trades: int
    win_rate: float
    expectancy_bp: float
    low_bp: float
    high_bp: float
    cvar95_bp: float
    profit: float
    max_drawdown: float


def measured(results: Sequence[BacktestResult], slippage: float) -> Measures:
    """Measure backtests of windows that follow each other, all begun with the same balance.

    Parameters
    ----------
    results : sequence of BacktestResult
        In order of time.
    slippage : float
        Taken off every stop exit, fraction of notional.

    Returns
    -------
    Measures
        NaN where there is no trade to measure.
    """
    trades = [trade for result in results for trade in result.trades]
    profits = np.concatenate([np.empty(0), *(net_profits(result, slippage) for result in results)])
    returns = profits / np.array([trade.notional for trade in trades], dtype=np.float64)
    low, high = bootstrap_interval(returns)
    balance = results[0].starting_balance if results else float("nan")
    return Measures(
        trades=len(trades),
        win_rate=win_rate(profits),
        expectancy_bp=expectancy(returns) / BASIS_POINT,
        low_bp=low / BASIS_POINT,
        high_bp=high / BASIS_POINT,
        cvar95_bp=cvar(returns) / BASIS_POINT,
        profit=float(profits.sum()) / balance,
        max_drawdown=max_drawdown(profits, balance) if results else float("nan"),
    )


def daily(result: BacktestResult, window: Window, slippage: float) -> Floats:
    """Result of each day of a window, by the day of the exit, as a fraction of the starting balance.

    Parameters
    ----------
    result : BacktestResult
        The window's trades.
    window : Window
        Its days are counted from its start; a begun one counts.
    slippage : float
        Taken off every stop exit, fraction of notional.

    Returns
    -------
    ndarray of shape (n_days,)
        0 on days without an exit.
    """
    days = -(-(window.end_ms - window.start_ms) // DAY_MS)
    closed = np.array([trade.closed_ms for trade in result.trades], dtype=np.int64)
    # The end of a backtest closes what is open at the last candle, which may be stamped with the end itself.
    day = np.minimum((closed - window.start_ms) // DAY_MS, days - 1)
    shares = net_profits(result, slippage) / result.starting_balance
    sums = np.zeros(days)
    np.add.at(sums, day, shares)
    return sums


def net_profits(result: BacktestResult, slippage: float) -> Floats:
    """Net results in quote currency with slippage on stop exits, in the order of the exits."""
    return np.array(
        [trade.profit - slippage * trade.notional * trade.left_by_stop for trade in result.trades],
        dtype=np.float64,
    )
