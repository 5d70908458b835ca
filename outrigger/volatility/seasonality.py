"""How much livelier some hours of the week are than others.

Crypto trades round the clock, but people do not: variance triples between a Saturday morning and the US
open. A profile multiplies the variance of each five-minute slot of the UTC week, has mean one, and is a
short Fourier series in the week and the day, so that it is smooth and has few numbers to learn. It is learned
offline and applied as a constant, so using it looks at nothing but the clock. Weak around holidays,
scheduled announcements and the two weeks in which American and European clocks disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from outrigger.errors import DataError
from outrigger.volatility.grid import BARS_PER_WEEK, CandleGrid
from outrigger.volatility.qlike import fit_log_linear
from outrigger.volatility.ranges import parkinson
from outrigger.volatility.windows import Array, trailing_means

# Cycles per week: the week's own shape, then the day (7, 14, 21, 28), each with its change over the week.
HARMONICS = (1, 2, 3, 6, 7, 8, 13, 14, 15, 20, 21, 22, 27, 28, 29)
# One candle of a crash must not shape every Monday: variances count up to this multiple of their week's mean.
_CAP = 10.0


def _waves(slots: npt.NDArray[np.int64], harmonics: Sequence[int]) -> Array:
    """Sine and cosine columns, shape (n_slots, 2·n_harmonics)."""
    angle = 2.0 * np.pi * (slots + 0.5) / BARS_PER_WEEK
    return np.column_stack([wave(k * angle) for k in harmonics for wave in (np.sin, np.cos)])


@dataclass(frozen=True, slots=True)
class WeekProfile:
    """Variance by time of the UTC week, relative to the week's mean.

    Parameters
    ----------
    harmonics : tuple of int
        Cycles per week.
    coefficients : tuple of float
        Sine and cosine amplitude of each harmonic, in the logarithm of variance.
    """

    harmonics: tuple[int, ...]
    coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.coefficients) != 2 * len(self.harmonics):
            raise DataError(
                f"week profile: {len(self.coefficients)} coefficients for {len(self.harmonics)} harmonics; "
                "each needs a sine and a cosine, fit the profile again"
            )

    def factors(self) -> Array:
        """Give the multiplier of each five-minute slot from Monday 00:00 UTC, shape (2016,), mean one."""
        return _factors(self)

    def ahead(self, bars: int) -> Array:
        """Give the mean multiplier of the slots that follow each slot.

        Parameters
        ----------
        bars : int
            Number of five-minute candles ahead, between 1 and 2016.

        Returns
        -------
        ndarray of shape (2016,)
            Element s is the mean of slots s + 1 … s + bars.
        """
        return _ahead(self, bars)


@lru_cache(maxsize=8)
def _factors(profile: WeekProfile) -> Array:
    log_factor = _waves(np.arange(BARS_PER_WEEK), profile.harmonics) @ np.array(profile.coefficients)
    factor = np.exp(log_factor)
    factor /= factor.mean()
    factor.setflags(write=False)
    return np.asarray(factor, dtype=np.float64)


@lru_cache(maxsize=32)
def _ahead(profile: WeekProfile, bars: int) -> Array:
    if not 1 <= bars <= BARS_PER_WEEK:
        raise DataError(f"a seasonal horizon of {bars} candles is not between 1 and {BARS_PER_WEEK}")
    total = np.concatenate(([0.0], np.cumsum(np.tile(_factors(profile), 2))))
    after = np.arange(1, BARS_PER_WEEK + 1)
    mean = (total[after + bars] - total[after]) / bars
    mean.setflags(write=False)
    return np.asarray(mean, dtype=np.float64)


def fit_week_profile(grids: Sequence[CandleGrid], harmonics: Sequence[int] = HARMONICS) -> WeekProfile:
    """Learn a profile from history; every candle passed is used, earlier and later ones for each other.

    Parameters
    ----------
    grids : sequence of CandleGrid
        One a pair, cut at the end of the training window; the pairs are pooled.
    harmonics : sequence of int
        Cycles per week.

    Returns
    -------
    WeekProfile

    Raises
    ------
    DataError
        Less than two weeks of candles.
    """
    relative, slots = [], []
    for grid in grids:
        variance = np.where(grid.traded, parkinson(grid.open, grid.high, grid.low, grid.close), np.nan)
        (mean,), (count,) = trailing_means(variance, [BARS_PER_WEEK])
        # The week around each candle: exactly one of every slot, so the level carries no season of its own.
        back = BARS_PER_WEEK // 2
        level = np.full(len(grid), np.nan)
        level[: max(len(grid) - back, 0)] = np.where(count > 0.9 * BARS_PER_WEEK, mean, np.nan)[back:]
        ratio = np.minimum(variance / level, _CAP)
        known = np.isfinite(ratio)
        relative.append(ratio[known])
        slots.append(grid.week_slots()[known])
    ratios = np.concatenate(relative) if relative else np.empty(0)
    if len(ratios) < BARS_PER_WEEK:
        raise DataError("a week profile needs two weeks of 5m candles or more; download more history")
    waves = _waves(np.concatenate(slots), harmonics)
    design = np.column_stack([np.ones(len(ratios)), waves])
    beta = fit_log_linear(design, ratios, np.zeros(len(ratios)))
    return WeekProfile(tuple(harmonics), tuple(float(b) for b in beta[1:]))
