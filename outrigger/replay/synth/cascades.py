"""When a crowd is forced out: the hazard of liquidation cascades and the build-ups that precede them.

Why: this is the planted signal. A build-up starts with a rate proportional to (crowding beyond a threshold)
× (thinness of the book beyond a threshold); during it the crowd and open interest grow and the book thins
further; most build-ups fire, some fizzle, so the precursors are informative but not certain. Assumes the
hazard sees only states of the same minute. Weak: three or four a week and pair, far more than in reality, and
the crowd does not learn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outrigger.replay.synth.instruments import Instrument
from outrigger.replay.synth.parameters import MarketParameters
from outrigger.replay.synth.positioning import Positioning
from outrigger.replay.synth.randomness import Floats, generator
from outrigger.replay.synth.returns import BaseReturns
from outrigger.replay.synth.seasonality import MINUTES_PER_DAY

CLOCK_MINUTES = 5
MARKET = "market"


@dataclass(frozen=True, slots=True)
class BuildUp:
    """One build-up of a crowded position, and the cascade it ends in if it fires.

    Parameters
    ----------
    base : str
        Base currency of the pair that is hit.
    origin : str
        The same, or `"market"` where all pairs are hit together.
    start : int
        Minute index at which the build-up begins.
    trigger : int
        First minute of the cascade, or the minute at which the build-up fizzles.
    fall : int
        Minutes from the trigger to the extreme.
    side : int
        1 where longs are forced out (price falls), -1 where shorts are (price rises).
    size : float
        Distance from trigger to extreme, in log price; 0 if it fizzles.
    recovery : float
        Share of that distance which comes back over the following hours.
    """

    base: str
    origin: str
    start: int
    trigger: int
    fall: int
    side: int
    size: float
    recovery: float


def hazard(crowding: Floats, log_depth: Floats, side: int, p: MarketParameters) -> Floats:
    """Rate at which build-ups against one side begin.

    Parameters
    ----------
    crowding : ndarray of shape (n,)
        Lean of the crowd, standard deviations.
    log_depth : ndarray of shape (n,)
        Log depth over its norm.
    side : int
        1 for crowded longs, -1 for crowded shorts.
    p : MarketParameters
        Thresholds and rate.

    Returns
    -------
    ndarray of shape (n,)
        Build-ups per day; zero unless the side is crowded and the book thin.
    """
    depth_sd = float(np.sqrt(sum(scale.sd**2 for scale in p.depth)))
    crowd = np.maximum(side * crowding - p.crowded_from, 0.0)
    thin = np.maximum(-log_depth / depth_sd - p.thin_from, 0.0)
    return p.hazard_per_day * crowd * np.minimum(thin, 2.0)


@dataclass(frozen=True, slots=True)
class _Candidate:
    start: int
    side: int
    origin: str


def _candidates(
    seed: int, origin: str, crowding: Floats, log_depth: Floats, rate: float, p: MarketParameters
) -> list[_Candidate]:
    found: list[_Candidate] = []
    for side in (1, -1):
        rng = generator(seed, origin, "hazard", str(side))
        per_step = rate * hazard(crowding[::CLOCK_MINUTES], log_depth[::CLOCK_MINUTES], side, p)
        hits: NDArray[np.int64] = np.flatnonzero(
            rng.random(per_step.size) < per_step * CLOCK_MINUTES / MINUTES_PER_DAY
        )
        found += [_Candidate(int(hit) * CLOCK_MINUTES, side, origin) for hit in hits]
    return found


def _four_hour_volatility(base: BaseReturns, at: int) -> float:
    """Standard deviation of four-hour returns over the day before a minute."""
    day = base.returns[max(0, at - MINUTES_PER_DAY) : max(at, 2)]
    return float(np.sqrt(np.mean(day**2) * 240.0))


def _build_up(
    rng: np.random.Generator, base: str, c: _Candidate, sigma: float, p: MarketParameters
) -> BuildUp:
    lead = int(rng.uniform(*p.lead_minutes))
    fires = bool(rng.random() < p.fire_share)
    multiple = float(np.clip(p.size_median * np.exp(p.size_sd * rng.standard_normal()), *p.size_limits))
    fall = int(rng.uniform(*p.fall_minutes))
    recovery = float(rng.uniform(*p.recovery))
    return BuildUp(
        base=base,
        origin=c.origin,
        start=c.start,
        trigger=c.start + lead,
        fall=fall,
        side=c.side,
        size=multiple * sigma if fires else 0.0,
        recovery=recovery,
    )


def _shared(states: list[Floats]) -> Floats:
    """Mean over pairs, scaled back to the spread of a single pair so that the same thresholds apply."""
    mean = np.mean(states, axis=0)
    spread = np.mean([state.std() for state in states])
    return np.asarray(mean * (spread / mean.std()), dtype=np.float64)


def build_ups(
    seed: int,
    items: tuple[Instrument, ...],
    bases: Mapping[str, BaseReturns],
    states: Mapping[str, Positioning],
    p: MarketParameters,
) -> tuple[BuildUp, ...]:
    """Draw the build-ups of every pair, those of single pairs and those of the whole market.

    Parameters
    ----------
    seed : int
        The market's seed.
    items : tuple of Instrument
        The pairs.
    bases, states : mapping of str to BaseReturns, Positioning
        Each pair's noise and positioning by base currency.
    p : MarketParameters
        Rates and sizes.

    Returns
    -------
    tuple of BuildUp
        In order of start, then of the pairs.
    """
    names = [item.base for item in items]
    length = states[names[0]].crowding.size
    wide = _candidates(
        seed,
        MARKET,
        _shared([states[name].crowding for name in names]),
        _shared([states[name].log_depth for name in names]),
        p.market_wide,
        p,
    )
    accepted: list[BuildUp] = []
    for name in names:
        own = _candidates(seed, name, states[name].crowding, states[name].log_depth, 1.0, p)
        free_from = 0.0
        for candidate in sorted([*wide, *own], key=lambda c: (c.start, c.origin != MARKET)):
            if candidate.start < free_from:
                continue
            # A market-wide build-up has one trigger for all pairs: its numbers come from its own name.
            key = MARKET if candidate.origin == MARKET else name
            rng = generator(seed, key, "build-up", str(candidate.start), str(candidate.side))
            drawn = _build_up(rng, name, candidate, _four_hour_volatility(bases[name], candidate.start), p)
            if drawn.trigger + drawn.fall >= length:
                continue
            accepted.append(drawn)
            free_from = drawn.trigger + p.gap_minutes
    return tuple(sorted(accepted, key=lambda b: (b.start, names.index(b.base))))
