"""How much of the best of many trials is luck: deflated Sharpe ratio, probability of backtest overfitting.

Whoever tries many stops and shows the best one shows the luckiest one too. The deflated Sharpe ratio asks
whether the best one beats what the best of as many worthless ones would have had; the other cuts time into
blocks and asks how often what was best in one half was below the median in the other half. Weak: both count
the trials that are told, not those that were forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import e, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kurtosis, norm, skew

from outrigger.errors import DataError
from outrigger.stops.policies import Floats

BLOCKS = 10


@dataclass(frozen=True, slots=True)
class DeflatedSharpe:
    """Sharpe ratio of one trial among many.

    Parameters
    ----------
    sharpe : float
        Mean over standard deviation of a period's results; not annualised.
    benchmark : float
        Largest that so many worthless trials are expected to show.
    probability : float
        That the true Sharpe ratio is above the benchmark.
    trials : int
        How many were counted.
    """

    sharpe: float
    benchmark: float
    probability: float
    trials: int


@dataclass(frozen=True, slots=True)
class Overfitting:
    """Combinatorially symmetric cross-validation of a choice.

    Parameters
    ----------
    probability : float
        Share of splits in which the best of one half was in the lower half of the other.
    splits : int
        How many.
    blocks : int
        Into which time was cut.
    loss_probability : float
        Share of splits in which it lost money in the other half.
    """

    probability: float
    splits: int
    blocks: int
    loss_probability: float


def expected_best(trials: int) -> float:
    """Expected largest of independent standard normal values.

    Parameters
    ----------
    trials : int
        How many; at least 1.

    Returns
    -------
    float
        0 for one. Bailey and Lopez de Prado (2014), The Deflated Sharpe Ratio, J. Portfolio Management 40(5).
    """
    if trials <= 1:
        return 0.0
    low, high = norm.ppf(1 - 1 / trials), norm.ppf(1 - 1 / (trials * e))
    return float((1 - np.euler_gamma) * low + np.euler_gamma * high)


def sharpe_ratio(results: Floats) -> float:
    """Mean over standard deviation; NaN without variation."""
    spread = float(np.std(results, ddof=1)) if len(results) > 1 else 0.0
    return float(np.mean(results)) / spread if spread > 0 else float("nan")


def deflated_sharpe(results: Floats, sharpes: Floats, trials: int) -> DeflatedSharpe:
    """Hold a trial's Sharpe ratio against the best that luck would give.

    Parameters
    ----------
    results : ndarray of shape (n_periods,)
        Of the trial that was chosen.
    sharpes : ndarray of shape (n_known,)
        Sharpe ratios of the trials that are known, for their spread.
    trials : int
        How many there were, known or not; at least as many.

    Returns
    -------
    DeflatedSharpe
        Bailey and Lopez de Prado (2014), equation 9: Φ((SR − SR0) √(T − 1) / √(1 − γ3 SR + (γ4 − 1)/4 SR²)).

    Raises
    ------
    DataError
        If there are fewer than three periods, or more trials are known than there were.
    """
    known = sharpes[np.isfinite(sharpes)]
    if len(results) < 3 or trials < len(known):
        raise DataError(
            f"{len(results)} periods, {trials} trials of which {len(known)} are known: a deflated Sharpe "
            "ratio needs three periods and counts every trial"
        )
    own = sharpe_ratio(results)
    spread = float(np.std(known, ddof=1)) if len(known) > 1 else 0.0
    benchmark = spread * expected_best(trials)
    noise = 1 - float(skew(results)) * own + (float(kurtosis(results, fisher=False)) - 1) / 4 * own**2
    reached = (own - benchmark) * sqrt(len(results) - 1) / sqrt(noise) if noise > 0 else float("nan")
    return DeflatedSharpe(own, benchmark, float(norm.cdf(reached)), trials)


def overfitting_probability(results: Floats, blocks: int = BLOCKS) -> Overfitting:
    """Ask how often the best trial of one half of time is a poor one in the other half.

    Parameters
    ----------
    results : ndarray of shape (n_periods, n_trials)
        Result of each trial in each period.
    blocks : int
        Even; time is cut into so many blocks of neighbouring periods, fewer where there are not enough.

    Returns
    -------
    Overfitting
        Bailey, Borwein, Lopez de Prado and Zhu (2017), The Probability of Backtest Overfitting, J.
        Computational Finance 20(4); trials are compared by their mean result.

    Raises
    ------
    DataError
        If there are fewer than two trials or periods.
    """
    periods, trials = results.shape
    count = min(blocks, periods) // 2 * 2
    if trials < 2 or count < 2:
        raise DataError(f"{trials} trials in {periods} periods: overfitting needs two of each")
    parts = np.array_split(np.arange(periods), count)
    sums = np.array([results[part].sum(axis=0) for part in parts])
    sizes = np.array([len(part) for part in parts], dtype=np.float64)
    below, losses, splits = 0.0, 0.0, 0
    for inside in _halves(count):
        chosen = int(np.argmax(sums[inside].sum(axis=0) / sizes[inside].sum()))
        outside = np.setdiff1d(np.arange(count), inside)
        other = sums[outside].sum(axis=0)
        # The relative rank; ties stand in the middle of their places.
        rank = 1 + (other < other[chosen]).sum() + ((other == other[chosen]).sum() - 1) / 2
        share = rank / (trials + 1)
        below += 1.0 if share < 0.5 else 0.5 if share == 0.5 else 0.0
        losses += float(other[chosen] < 0)
        splits += 1
    return Overfitting(below / splits, splits, count, losses / splits)


def _halves(count: int) -> Iterator[NDArray[np.int64]]:
    return (np.array(chosen) for chosen in combinations(range(count), count // 2))
