"""One-minute returns before any cascade: clustered volatility, a common factor, fat tails, news jumps.

Why: stops, hedges and regimes are only tested by noise that clusters and by pairs that move together.
Assumes log-normal volatility summed over several half-lives (the cascade of horizons of Corsi 2009, in
logs), Student t innovations and one common factor. A drift of the common factor with a half-life of a day
is present and tiny; prices are otherwise martingales (the half-variance is taken off). Weak: no leverage
effect, no lead and lag between pairs, loadings that never change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outrigger.replay.synth.instruments import Instrument
from outrigger.replay.synth.parameters import MarketParameters
from outrigger.replay.synth.randomness import Floats, fluctuation, generator, ornstein_uhlenbeck
from outrigger.replay.synth.seasonality import MINUTES_PER_DAY, seasonality


@dataclass(frozen=True, slots=True)
class Factor:
    """What moves all pairs at once.

    Parameters
    ----------
    innovation : ndarray of shape (n,)
        Common part of the one-minute innovations, unit variance apart from jumps.
    drift : ndarray of shape (n,)
        Expected return per minute in units of one-minute volatility.
    """

    innovation: Floats
    drift: Floats


@dataclass(frozen=True, slots=True)
class BaseReturns:
    """One pair's noise before cascades.

    Parameters
    ----------
    log_volatility : ndarray of shape (n,)
        Log of volatility over its long-run level, without the clock.
    volatility : ndarray of shape (n,)
        Standard deviation of each minute's log return.
    returns : ndarray of shape (n,)
        Log returns of each minute.
    """

    log_volatility: Floats
    volatility: Floats
    returns: Floats


def _innovations(rng: np.random.Generator, length: int, p: MarketParameters) -> Floats:
    tails = rng.standard_t(p.tail_dof, length) * math.sqrt((p.tail_dof - 2.0) / p.tail_dof)
    jumps = rng.random(length) < p.jumps_per_day / MINUTES_PER_DAY
    tails[jumps] += p.jump_size * rng.standard_normal(int(jumps.sum()))
    return np.asarray(tails, dtype=np.float64)


def common_factor(seed: int, length: int, p: MarketParameters) -> Factor:
    """Draw the factor that all pairs share.

    Parameters
    ----------
    seed : int
        The market's seed.
    length : int
        Minutes.
    p : MarketParameters
        Tails, jumps and drift.

    Returns
    -------
    Factor
        Innovations and drift of each minute.
    """
    drift = ornstein_uhlenbeck(generator(seed, "common", "drift"), length, p.drift_half_life)
    # A share of the four-hour volatility √240·σ, spread over the 240 minutes.
    return Factor(
        _innovations(generator(seed, "common", "returns"), length, p),
        drift * p.drift_share / math.sqrt(240.0),
    )


def base_returns(
    seed: int, item: Instrument, minutes: NDArray[np.int64], factor: Factor, p: MarketParameters
) -> BaseReturns:
    """Draw one pair's returns before cascades.

    Parameters
    ----------
    seed : int
        The market's seed.
    item : Instrument
        The pair.
    minutes : ndarray of int64, shape (n,)
        Minutes since 1970 at each candle's open.
    factor : Factor
        What all pairs share, of the same length.
    p : MarketParameters
        How the market behaves.

    Returns
    -------
    BaseReturns
        Volatility and returns of each minute.
    """
    length = minutes.size
    log_volatility = fluctuation(seed, item.base, "volatility", p.volatility, length)
    # E exp(2x) = exp(2 var x): without this the mean square would exceed the level that was asked for.
    level = item.daily_volatility / math.sqrt(MINUTES_PER_DAY)
    level *= math.exp(-sum(scale.sd**2 for scale in p.volatility))
    volatility = level * np.exp(log_volatility) * seasonality(minutes, p.weekend)
    own = _innovations(generator(seed, item.base, "returns"), length, p)
    mixed = math.sqrt(item.loading) * (factor.innovation + factor.drift) + math.sqrt(1 - item.loading) * own
    return BaseReturns(log_volatility, volatility, volatility * mixed - 0.5 * volatility**2)
