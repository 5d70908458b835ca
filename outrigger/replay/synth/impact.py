"""What build-ups and cascades do to a pair: price, volatility, depth, open interest, crowding, premium.

Why: a cascade that moved only the price would teach a classifier nothing; here each stream carries its part
of the same event. Assumes fixed shapes: an accelerating fall with an overshoot, an exponential partial
recovery, a book that thins before, empties during and refills after, open interest that is burnt. Weak: the
shapes are the author's, not estimated; successive events on a pair simply add up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from outrigger.replay.synth.cascades import BuildUp
from outrigger.replay.synth.parameters import MarketParameters
from outrigger.replay.synth.randomness import Floats, generator

THINNING = 0.50
OPEN_INTEREST_RISE = 0.06
CROWD_RISE = 1.6
CROWD_HALF_LIFE = 480.0
OPEN_INTEREST_BURNT_PER_SIZE = 2.0
EMPTY_BOOK = 0.7
SHOCK_HALF_LIFE = 45.0
REFILL_HALF_LIFE = 60.0
DISLOCATION_HALF_LIFE = 8.0
MEMORY_HALF_LIFE = 1.5 * 1440.0
PREMIUM_PER_SIZE = 0.03
# Beyond ten half-lives of the longest memory nothing is left to see.
REACH = int(10 * MEMORY_HALF_LIFE)


@dataclass(frozen=True, slots=True)
class Impact:
    """Additions to one pair's streams, one value a minute.

    Parameters
    ----------
    returns : ndarray of shape (n,)
        Log returns of cascades and recoveries.
    log_volatility : ndarray of shape (n,)
        Log volatility added by shocks.
    log_depth, log_open_interest : ndarray of shape (n,)
        Changes of log depth and log open interest.
    crowding : ndarray of shape (n,)
        What build-ups add to the crowding, standard deviations.
    crowding_factor : ndarray of shape (n,)
        What the crowding is multiplied by: a crowd that was forced out is gone for a while.
    premium : ndarray of shape (n,)
        Dislocation of the contract from the index, a fraction of price.
    """

    returns: Floats
    log_volatility: Floats
    log_depth: Floats
    log_open_interest: Floats
    crowding: Floats
    crowding_factor: Floats
    premium: Floats


def _decay(after: Floats, half_life: float) -> Floats:
    return np.where(after >= 0.0, 0.5 ** (np.maximum(after, 0.0) / half_life), 0.0)


def _path_returns(rng: np.random.Generator, event: BuildUp, after: Floats) -> Floats:
    """Log returns of a fall that gathers pace unevenly, and of its partial recovery."""
    out = np.zeros(after.size)
    ramp = (np.arange(1, event.fall + 1) / event.fall) ** 1.5 * rng.gamma(2.0, 1.0, event.fall)
    begin = event.trigger - event.start
    out[begin : begin + event.fall] = -event.side * event.size * ramp / ramp.sum()
    half_life = rng.uniform(20.0, 70.0)
    # Weights that add up to one over all time, so that a market that ends early just misses the rest.
    weights = _decay(after - event.fall, half_life) * (1.0 - 0.5 ** (1.0 / half_life))
    return np.asarray(out + event.side * event.recovery * event.size * weights, dtype=np.float64)


def _since(after: Floats, half_life: float) -> Floats:
    """One until a moment, then fading."""
    return np.where(after < 0.0, 1.0, _decay(after, half_life))


def impact(seed: int, length: int, events: Iterable[BuildUp], p: MarketParameters) -> Impact:
    """Add up what one pair's build-ups do to its streams.

    Parameters
    ----------
    seed : int
        The market's seed.
    length : int
        Minutes.
    events : iterable of BuildUp
        The pair's own events.
    p : MarketParameters
        Size of the volatility shock.

    Returns
    -------
    Impact
        Additions, zero (or one) where nothing happens.
    """
    returns, shock, depth, contracts, crowd, premium = (np.zeros(length) for _ in range(6))
    remaining = np.ones(length)
    for event in events:
        rng = generator(seed, event.base, "path", str(event.start))
        here = slice(event.start, min(length, event.start + REACH))
        minutes = np.arange(here.start, here.stop, dtype=np.float64)
        after = minutes - event.trigger
        since_extreme = after - event.fall
        ramp = np.sqrt(np.clip((minutes - event.start) / (event.trigger - event.start), 0.0, 1.0))
        depth[here] -= THINNING * ramp * _since(after, REFILL_HALF_LIFE)
        contracts[here] += OPEN_INTEREST_RISE * ramp * _since(after, MEMORY_HALF_LIFE)
        crowd[here] += event.side * CROWD_RISE * ramp * _since(after, CROWD_HALF_LIFE)
        if event.size == 0.0:
            continue
        done = np.clip((after + 1.0) / event.fall, 0.0, 1.0)
        returns[here] += _path_returns(rng, event, after)
        shock[here] += p.shock_volatility * _decay(after, SHOCK_HALF_LIFE)
        depth[here] -= EMPTY_BOOK * done * _since(since_extreme, REFILL_HALF_LIFE)
        forgotten = done * _since(since_extreme, MEMORY_HALF_LIFE)
        contracts[here] -= OPEN_INTEREST_BURNT_PER_SIZE * event.size * forgotten
        remaining[here] *= 1.0 - 0.7 * forgotten
        torn = done * _since(since_extreme, DISLOCATION_HALF_LIFE)
        premium[here] -= event.side * PREMIUM_PER_SIZE * event.size * torn
    return Impact(returns, shock, depth, contracts, crowd, remaining, premium)
