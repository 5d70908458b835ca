"""What one epoch of hyperopt is worth: the expectancy that can be relied on, less its tail and its drawdown.

A search that maximises the mean finds the parameters with the luckiest few trades. So the mean is replaced
by its lower confidence bound, with the error counted by days: trades that end on one day share one market.
The worst twentieth then counts once more, and half the drawdown is spread over the trades. Stop exits pay
slippage, which Freqtrade's backtest leaves out. Everything is a share of the starting balance, because the
strategy sizes each trade by its risk: per unit of notional a wide stop would look worse than it is.
Legs of a hedge count as trades of their own. Weak: the best of many epochs is still the luckiest of
them; only a walk forward says what it is worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from outrigger.hedge.account import cvar
from outrigger.review.trade_measures import max_drawdown

Floats = NDArray[np.float64]

CONFIDENCE = 0.9
TAIL_WEIGHT = 0.05
DRAWDOWN_WEIGHT = 0.5
FEWEST_TRADES = 10
FEWEST_DAYS = 3
# In per cent of the balance, above every judged loss, and below 100, from where on Freqtrade takes nothing.
UNJUDGED = 50.0


@dataclass(frozen=True, slots=True)
class Epoch:
    """The trades of one backtest, in the order of their exits.

    Parameters
    ----------
    profits : ndarray of shape (n_trades,)
        Net results in quote currency.
    notionals : ndarray of shape (n_trades,)
        Position values at entry in quote currency, leverage included.
    stopped : ndarray of bool, shape (n_trades,)
        Whether a stop ended the trade.
    days : ndarray of int64, shape (n_trades,)
        Day of the exit, counted from any origin.
    """

    profits: Floats
    notionals: Floats
    stopped: NDArray[np.bool_]
    days: NDArray[np.int64]


def epoch_loss(epoch: Epoch, starting_balance: float, slippage: float) -> float:
    """Judge one epoch; smaller is better.

    Parameters
    ----------
    epoch : Epoch
        Its trades.
    starting_balance : float
        Account before the first trade in quote currency, positive.
    slippage : float
        Adverse slippage of stop exits, as a fraction of notional.

    Returns
    -------
    float
        Per cent of the starting balance a trade: minus the lower bound of the expectancy, plus `TAIL_WEIGHT`
        times the CVaR 95 %, plus `DRAWDOWN_WEIGHT` times the drawdown over the number of trades. With
        fewer than `FEWEST_TRADES` trades or `FEWEST_DAYS` days about `UNJUDGED`, falling with each trade.
    """
    trades = len(epoch.profits)
    if trades < FEWEST_TRADES or len(np.unique(epoch.days)) < FEWEST_DAYS:
        return UNJUDGED - trades / (1.0 + trades)
    slipped = epoch.profits - slippage * epoch.notionals * epoch.stopped
    shares = slipped / starting_balance
    drawdown = DRAWDOWN_WEIGHT * max_drawdown(slipped, starting_balance) / trades
    penalties = TAIL_WEIGHT * cvar(shares) + drawdown
    return min(UNJUDGED - 1.0, 100.0 * (penalties - lower_bound(shares, epoch.days)))


def lower_bound(results: Floats, days: NDArray[np.int64], confidence: float = CONFIDENCE) -> float:
    """One-sided lower confidence bound of a mean whose parts come in days.

    Parameters
    ----------
    results : ndarray of shape (n_trades,)
        In any unit.
    days : ndarray of int64, shape (n_trades,)
        Day of each result; at least two different ones.
    confidence : float
        Probability that the mean lies above the bound, above 0.5.

    Returns
    -------
    float
        In the unit of the results. The variance of the mean is that of day sums around the mean, with the
        small-sample factor G / (G - 1), and Student's quantile at G - 1 degrees of freedom for G days:
        Liang and Zeger (1986), Biometrika 73, 13-22; Cameron and Miller (2015), J. Hum. Resources 50, 317.
    """
    mean = results.mean()
    _, day = np.unique(days, return_inverse=True)
    sums = np.bincount(day, weights=results - mean)
    groups = len(sums)
    error = np.sqrt(groups / (groups - 1) * (sums**2).sum()) / len(results)
    return float(mean - student.ppf(confidence, groups - 1) * error)
