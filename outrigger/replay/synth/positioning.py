"""Who is exposed and what stands in the way: crowding, depth of the book, open interest.

Why: forced liquidations need three things, a crowd on one side, much of it, and a thin book; these are the
slow states from which the cascade hazard, funding, book and metrics files are all derived, so that the
streams hang together. Assumes crowding follows past returns in part and depth shrinks with volatility.
Weak: nothing here reacts to anyone's orders; states are drawn first and cascades then act on them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from outrigger.replay.synth.instruments import Instrument
from outrigger.replay.synth.parameters import MarketParameters
from outrigger.replay.synth.randomness import Floats, fluctuation
from outrigger.replay.synth.returns import BaseReturns


@dataclass(frozen=True, slots=True)
class Positioning:
    """Slow states of one pair, one value a minute.

    Parameters
    ----------
    crowding : ndarray of shape (n,)
        Lean of the crowd in standard deviations; positive means crowded longs.
    log_depth : ndarray of shape (n,)
        Log of the book's depth over its norm.
    log_open_interest : ndarray of shape (n,)
        Log of the open contracts over their norm.
    """

    crowding: Floats
    log_depth: Floats
    log_open_interest: Floats


def positioning(seed: int, item: Instrument, base: BaseReturns, p: MarketParameters) -> Positioning:
    """Draw one pair's positioning before build-ups and cascades act on it.

    Parameters
    ----------
    seed : int
        The market's seed.
    item : Instrument
        The pair.
    base : BaseReturns
        Its returns; momentum feeds crowding, volatility thins the book.
    p : MarketParameters
        How the market behaves.

    Returns
    -------
    Positioning
        States of each minute; minute t uses returns up to and including t.
    """
    length = base.returns.size
    phi = 1.0 - 1.0 / p.momentum_minutes
    scaled = base.returns / (item.daily_volatility / math.sqrt(1440.0))
    momentum = np.asarray(lfilter([math.sqrt(1.0 - phi * phi)], [1.0, -phi], scaled), dtype=np.float64)
    crowding = fluctuation(seed, item.base, "crowding", p.crowding, length)
    crowding += p.momentum_share * np.clip(momentum, -3.0, 3.0)
    depth = fluctuation(seed, item.base, "depth", p.depth, length)
    depth += p.depth_on_volatility * base.log_volatility
    contracts = fluctuation(seed, item.base, "open_interest", p.open_interest, length)
    contracts += 0.02 * np.abs(crowding)
    return Positioning(crowding, depth, contracts)
