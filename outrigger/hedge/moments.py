"""Second moments of two return series over time, and what a hedger reads from them.

Equal weights over a window or exponentially fading ones: both are weighted sums, so correlation, beta
and errors are written once. Moments are about zero, as RiskMetrics (1996) takes them: over minutes a mean
is noise. A return counts where both series have one; nothing else is filled in.

The standard error is White's (1980, HC0), because large moves come together and the textbook error would
call a crash's beta certain. Overlapping returns are not independent: errors are for spans of one candle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from scipy.signal import lfilter

from outrigger.errors import SettingsError
from outrigger.hedge.returns import Floats
from outrigger.volatility.ewma import decay_from_half_life
from outrigger.volatility.windows import trailing_sums

Number = TypeVar("Number", float, Floats)


class Weights(Protocol):
    """How much each past candle counts."""

    def sums(self, values: Floats) -> Floats:
        """Sum of weight times value up to each candle; shape (n_candles,)."""

    def squared_sums(self, values: Floats) -> Floats:
        """Sum of squared weight times value up to each candle; shape (n_candles,)."""


@dataclass(frozen=True, slots=True)
class Window:
    """The last candles count alike.

    Parameters
    ----------
    candles : int
        Length of the window.
    """

    candles: int

    def sums(self, values: Floats) -> Floats:
        """Sum of the window's values."""
        return trailing_sums(values, [self.candles])[0]

    def squared_sums(self, values: Floats) -> Floats:
        """The same: every weight is one."""
        return self.sums(values)


@dataclass(frozen=True, slots=True)
class Fading:
    """Weights halve with every so many candles of age.

    Parameters
    ----------
    half_life : float
        Candles.
    """

    half_life: float

    def sums(self, values: Floats) -> Floats:
        """Sum with the newest weight one."""
        return _faded(values, decay_from_half_life(self.half_life))

    def squared_sums(self, values: Floats) -> Floats:
        """The same with squared weights."""
        return _faded(values, decay_from_half_life(self.half_life) ** 2)


def _faded(values: Floats, decay: float) -> Floats:
    summed: Floats = lfilter([1.0], [1.0, -decay], values)
    return summed


@dataclass(frozen=True, slots=True)
class PairMoments:
    """Weighted sums of squares and products of a primary's and a candidate's returns.

    Parameters
    ----------
    primary, candidate, product : ndarray of shape (n_candles,)
        Of the primary's squares, the candidate's and their products; NaN with too few observations.
    weight : ndarray of shape (n_candles,)
        Of all observations.
    """

    primary: Floats
    candidate: Floats
    product: Floats
    weight: Floats

    @property
    def correlation(self) -> Floats:
        """Between -1 and 1; NaN where a price stands still."""
        return np.clip(quotient(self.product, np.sqrt(self.primary * self.candidate)), -1.0, 1.0)

    @property
    def beta(self) -> Floats:
        """Notional of the candidate that moves as much as one of the primary, on average."""
        return quotient(self.product, self.candidate)

    @property
    def volatility_ratio(self) -> Floats:
        """Standard deviation of the candidate over the primary's."""
        return np.sqrt(quotient(self.candidate, self.primary))

    @property
    def deviation(self) -> Floats:
        """Standard deviation of the primary's returns."""
        return np.sqrt(quotient(self.primary, self.weight))


def pair_moments(
    primary: Floats, candidate: Floats, weights: Weights, min_observations: float
) -> PairMoments:
    """Sum up two return series.

    Parameters
    ----------
    primary, candidate : ndarray of shape (n_candles,)
        Returns ending at each close; NaN is missing.
    weights : Weights
        A window or fading ones.
    min_observations : float
        Least sum of weights for an opinion.

    Returns
    -------
    PairMoments
        Row i is known at the close of candle i.

    Raises
    ------
    SettingsError
        If less than one observation would be enough.
    """
    if min_observations < 1:
        raise SettingsError(f"min_observations is {min_observations}: at least one return is needed")
    both = np.isfinite(primary) & np.isfinite(candidate)
    x, y = np.where(both, candidate, 0.0), np.where(both, primary, 0.0)
    weight = weights.sums(both.astype(np.float64))
    enough = weight >= min_observations
    squares, others, products = (
        np.where(enough, weights.sums(values), np.nan) for values in (y * y, x * x, x * y)
    )
    return PairMoments(squares, others, products, np.where(enough, weight, np.nan))


def beta_error(primary: Floats, candidate: Floats, weights: Weights, moments: PairMoments) -> Floats:
    """Standard error of a beta, robust to variances that change (White 1980, HC0).

    Parameters
    ----------
    primary, candidate, weights
        As for `pair_moments`.
    moments : PairMoments
        What it returned for them.

    Returns
    -------
    ndarray of shape (n_candles,)
        NaN where the beta is.

    Notes
    -----
    Σ w²x²(y − βx)² ÷ (Σ wx²)², the square expanded so that one pass serves all candles.
    """
    both = np.isfinite(primary) & np.isfinite(candidate)
    x, y = np.where(both, candidate, 0.0), np.where(both, primary, 0.0)
    beta = moments.beta
    square, cubed, fourth = (weights.squared_sums(values) for values in (x * x * y * y, x**3 * y, x**4))
    # Expanding loses digits where the fit is perfect: what is left below zero is rounding.
    scatter = np.maximum(square - 2 * beta * cubed + beta**2 * fourth, 0.0)
    return quotient(np.sqrt(scatter), moments.candidate)


def effectiveness(beta: Number, correlation: Number, volatility_ratio: Number) -> Number:
    """Share of the primary's variance that a leg of a given beta removes.

    Parameters
    ----------
    beta : float or ndarray
        Notional of the opposite leg per notional of the primary.
    correlation : float or ndarray
        Of the two pairs' returns.
    volatility_ratio : float or ndarray
        The candidate's standard deviation over the primary's.

    Returns
    -------
    float or ndarray
        2βρk − β²k²; at the best beta ρ ÷ k this is ρ² (Ederington 1979). Negative for a leg that adds risk.
    """
    reach = beta * volatility_ratio
    return reach * (2 * correlation - reach)


def quotient(top: Floats, bottom: Floats) -> Floats:
    """Quotient, NaN where the divisor is not positive or not known."""
    found: Floats = np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)
    return found
