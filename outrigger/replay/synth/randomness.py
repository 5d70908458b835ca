"""Random numbers with names: the same seed and name give the same numbers, whatever else is drawn.

Why: adding a pair or a stream must not reshuffle the others, and two runs must agree to the last bit.
Assumes numpy's PCG64 and SeedSequence, which are stable across versions and platforms. Weak: the normal
and Student t transforms are numpy's own and only promised stable within a release line.
"""

from __future__ import annotations

import math
import zlib

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from outrigger.replay.synth.parameters import Scale

Floats = NDArray[np.float64]


def generator(seed: int, *names: str) -> np.random.Generator:
    """Make the generator that belongs to a name.

    Parameters
    ----------
    seed : int
        The market's seed, not negative.
    names : str
        What the numbers are for, for example `"BTC", "depth"`.

    Returns
    -------
    numpy.random.Generator
        Independent of every other name's.
    """
    keys = [zlib.crc32(name.encode()) for name in names]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *keys])))


def ornstein_uhlenbeck(rng: np.random.Generator, length: int, half_life: float) -> Floats:
    """Draw a stationary first-order autoregression of unit variance.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of normal numbers.
    length : int
        Number of steps.
    half_life : float
        Steps after which half of a deviation is forgotten.

    Returns
    -------
    ndarray of shape (length,)
        The exact discretisation of an Ornstein-Uhlenbeck process (Uhlenbeck & Ornstein 1930).
    """
    phi = 0.5 ** (1.0 / half_life)
    shock = rng.standard_normal(length)
    shock[1:] *= math.sqrt(1.0 - phi * phi)
    return np.asarray(lfilter([1.0], [1.0, -phi], shock), dtype=np.float64)


def fluctuation(seed: int, base: str, quantity: str, scales: tuple[Scale, ...], length: int) -> Floats:
    """Draw one pair's sum of components, part common to all pairs and part its own.

    Parameters
    ----------
    seed : int
        The market's seed.
    base : str
        Base currency of the pair.
    quantity : str
        What fluctuates; names the common stream.
    scales : tuple of Scale
        The components.
    length : int
        Minutes.

    Returns
    -------
    ndarray of shape (length,)
        Zero mean, variance equal to the sum of the components' variances.
    """
    total = np.zeros(length)
    for index, scale in enumerate(scales):
        common = ornstein_uhlenbeck(
            generator(seed, "common", quantity, str(index)), length, scale.half_life_minutes
        )
        own = ornstein_uhlenbeck(generator(seed, base, quantity, str(index)), length, scale.half_life_minutes)
        total += scale.sd * (math.sqrt(scale.common) * common + math.sqrt(1.0 - scale.common) * own)
    return total
