"""Shrinkage: how far a measured correlation or beta is drawn towards what is more certain.

Correlations of a primary and all its candidates are drawn towards zero by Ledoit and Wolf's (2004)
intensity on standardised returns: the more candidates are weighed on the same history, the less the best
looking one is believed. A fast beta is drawn towards the slow one by Vasicek's (1973) weights: the fast
counts as far as its error is small against what a beta is believed to move.

The intensity assumes independent returns; fat tails are in it, clustering is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np

from outrigger.errors import DataError
from outrigger.hedge.moments import Weights, pair_moments, quotient
from outrigger.hedge.returns import Floats


def correlation_shrinkage(returns: Sequence[Floats], weights: Weights, min_observations: float) -> Floats:
    """Ledoit and Wolf's intensity for the correlation matrix of several pairs, at each candle.

    Parameters
    ----------
    returns : sequence of ndarray of shape (n_candles,)
        One a pair, at least two; NaN is missing. A pair without enough of them is left out meanwhile.
    weights : Weights
        A window: the formula counts observations.
    min_observations : float
        Least number of returns.

    Returns
    -------
    ndarray of shape (n_candles,)
        0 to 1: a correlation is multiplied by one minus it. NaN with fewer than two pairs.

    Raises
    ------
    DataError
        If fewer than two series are given.

    Notes
    -----
    With z the returns over their root mean squares, Z their second moments (the correlations) and n
    observations: Σᵢⱼ (mean(zᵢ²zⱼ²) − Zᵢⱼ²) ÷ n over Σᵢⱼ Zᵢⱼ² − p, at most 1. Means are over the returns
    that both pairs have.
    """
    if len(returns) < 2:
        raise DataError(f"{len(returns)} series of returns: correlations need at least two")
    noise, signal = np.zeros_like(returns[0]), np.zeros_like(returns[0])
    for i, j in combinations_with_replacement(range(len(returns)), 2):
        moments = pair_moments(returns[i], returns[j], weights, min_observations)
        squares = np.nan_to_num((returns[i] * returns[j]) ** 2)
        fourth = quotient(weights.sums(squares) * moments.weight, moments.primary * moments.candidate)
        correlation = moments.correlation
        times = 1 if i == j else 2
        scatter = np.maximum(fourth - correlation**2, 0.0) / moments.weight
        noise += times * np.nan_to_num(scatter, posinf=0.0)
        if i != j:
            signal += 2 * np.nan_to_num(correlation**2)
    return np.minimum(quotient(noise, signal), 1.0)


def vasicek(fast: Floats, fast_error: Floats, slow: Floats, drift: float) -> tuple[Floats, Floats]:
    """Draw a fast beta towards a slow one.

    Parameters
    ----------
    fast, fast_error : ndarray of shape (n_candles,)
        Recent beta and its standard error.
    slow : ndarray of shape (n_candles,)
        Beta of a longer past.
    drift : float
        How much a beta is believed to move meanwhile, as a share of it.

    Returns
    -------
    beta, error : ndarray of shape (n_candles,)
        The slow beta alone where the fast one is not known; NaN where neither is.

    Notes
    -----
    Weights go as one over variances: τ² ÷ (τ² + s²) on the fast beta, τ = drift · |slow|, and the error of
    the mix is τs ÷ √(τ² + s²), the standard deviation of Vasicek's posterior.
    """
    prior = (drift * slow) ** 2
    total = prior + fast_error**2
    weight = np.divide(prior, total, out=np.zeros_like(slow), where=total > 0)
    mixed = weight * fast + (1 - weight) * slow
    unknown = np.isnan(total) | np.isnan(fast)
    error = np.sqrt(np.where(unknown, prior, weight * fast_error**2))
    return np.where(unknown, slow, mixed), np.where(np.isnan(slow), np.nan, error)
