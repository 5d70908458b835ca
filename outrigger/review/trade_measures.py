"""What a list of trade results is worth: rates, expectancy, drawdown, each with its uncertainty.

Pure functions of numbers, so that the same words mean the same thing in every report. Returns are net of
fees and funding. An empty list has no win rate and no expectancy: the answer is NaN, never zero. Weak: the
drawdown is that of the balance after closed trades; what open trades lost in between is not in it.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Z95 = 1.959963984540054
DRAWS = 2000


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def win_rate(results: ArrayLike) -> float:
    """Share of trades that made money.

    Parameters
    ----------
    results : array_like of shape (n_trades,)
        Net results, in any unit.

    Returns
    -------
    float
        Between 0 and 1; a result of exactly zero is no win; NaN without trades.
    """
    values = _floats(results)
    return float((values > 0).mean()) if values.size else float("nan")


def wilson_interval(successes: int, trials: int, z: float = Z95) -> tuple[float, float]:
    """Interval of a share that stays honest for few trials and near 0 or 1.

    Parameters
    ----------
    successes, trials : int
        Count of hits and of all tries.
    z : float
        Quantile of the normal distribution; the default covers 95 %.

    Returns
    -------
    low, high : float
        Both between 0 and 1; (0, 1) without trials. Wilson (1927), J. Am. Stat. Assoc. 22, 209-212.
    """
    if trials == 0:
        return 0.0, 1.0
    share, scale = successes / trials, 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / scale
    half = z / scale * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    # Rounding must not carry a bound past the share itself.
    return max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))


def expectancy(results: ArrayLike) -> float:
    """Mean result of a trade.

    Parameters
    ----------
    results : array_like of shape (n_trades,)
        Net results, in any unit.

    Returns
    -------
    float
        In the same unit; NaN without trades.
    """
    values = _floats(results)
    return float(values.mean()) if values.size else float("nan")


def bootstrap_interval(results: ArrayLike, seed: int = 0, block: int | None = None) -> tuple[float, float]:
    """95 % interval of the mean result, from resampled blocks of consecutive trades.

    Parameters
    ----------
    results : array_like of shape (n_trades,)
        Net results in the order of the exits: neighbours share a market, so they are drawn together.
    seed : int
        Same seed, same interval.
    block : int, optional
        Trades a block; the cube root of their number, rounded up, by default.

    Returns
    -------
    low, high : float
        In the unit of the results; NaN for fewer than two trades. Circular block bootstrap: Politis and
        Romano (1992), in LePage and Billard, Exploring the Limits of Bootstrap, 263-270.
    """
    values = _floats(results)
    if values.size < 2:
        return float("nan"), float("nan")
    length = block or int(np.ceil(values.size ** (1 / 3) - 1e-9))
    blocks = -(-values.size // length)
    starts = np.random.default_rng(seed).integers(values.size, size=(DRAWS, blocks, 1))
    picked = ((starts + np.arange(length)) % values.size).reshape(DRAWS, -1)[:, : values.size]
    low, high = np.quantile(values[picked].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def profit_factor(results: ArrayLike) -> float:
    """Sum of gains over sum of losses.

    Parameters
    ----------
    results : array_like of shape (n_trades,)
        Net results in money.

    Returns
    -------
    float
        Infinite without a loss, NaN where there is neither gain nor loss.
    """
    values = _floats(results)
    gains, losses = float(values[values > 0].sum()), -float(values[values < 0].sum())
    if losses == 0:
        return float("inf") if gains > 0 else float("nan")
    return gains / losses


def payoff(results: ArrayLike) -> float:
    """Mean gain over mean loss.

    Parameters
    ----------
    results : array_like of shape (n_trades,)
        Net results, in any unit.

    Returns
    -------
    float
        NaN unless there is at least one gain and one loss.
    """
    values = _floats(results)
    gains, losses = values[values > 0], values[values < 0]
    return float(-gains.mean() / losses.mean()) if gains.size and losses.size else float("nan")


def max_drawdown(profits: ArrayLike, starting_balance: float) -> float:
    """Deepest fall of the balance from its highest level so far.

    Parameters
    ----------
    profits : array_like of shape (n_trades,)
        Results in money, in the order of the exits.
    starting_balance : float
        Account before the first trade, positive.

    Returns
    -------
    float
        Fraction of that highest level; 0 without trades.
    """
    balance = np.concatenate(([starting_balance], starting_balance + np.cumsum(_floats(profits))))
    return float((1 - balance / np.maximum.accumulate(balance)).max())
