"""The Diebold-Mariano test: is one forecast better than another, or was it luck.

It asks whether the mean difference of two loss series is zero. Forecasts over overlapping horizons have
losses that move together for hours, so the variance of the mean is estimated with a Newey-West window, and
the small-sample correction of Harvey, Leybourne and Newbold is applied. The loss differences are taken as
stationary; one exceptional week in a short sample breaks that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student_t

from outrigger.errors import DataError
from outrigger.volatility.windows import Array


@dataclass(frozen=True, slots=True)
class DieboldMariano:
    """Outcome of the test.

    Parameters
    ----------
    difference : float
        Mean loss of the first forecast minus the second; negative means that the first is better.
    statistic : float
        Corrected test statistic.
    p_value : float
        Two-sided, from Student's t with n − 1 degrees of freedom.
    """

    difference: float
    statistic: float
    p_value: float


def long_run_variance(x: Array, lag: int) -> float:
    """Estimate n times the variance of a dependent series' mean.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Series without NaN.
    lag : int
        Largest autocovariance counted, with weights falling linearly to zero.

    Returns
    -------
    float

    Notes
    -----
    Newey & West (1987), Bartlett weights 1 − k/(lag + 1).
    """
    centred = x - x.mean()
    lags = range(1, min(lag, len(x) - 1) + 1)
    covered = sum((1.0 - k / (lag + 1)) * float(centred[k:] @ centred[:-k]) for k in lags)
    return (float(centred @ centred) + 2.0 * covered) / len(x)


def diebold_mariano(first: Array, second: Array, *, horizon: int, lag: int | None = None) -> DieboldMariano:
    """Test whether two forecasts' losses differ.

    Parameters
    ----------
    first, second : ndarray of shape (n,)
        Losses of the two forecasts at the same times, in order.
    horizon : int
        Steps that a forecast looks ahead, at least 1; with overlapping horizons losses depend on each other.
    lag : int, optional
        Newey-West lag; None takes horizon − 1, the overlap and no more.

    Returns
    -------
    DieboldMariano

    Raises
    ------
    DataError
        Series of different lengths, NaN in them, or fewer rows than two horizons.

    Notes
    -----
    Diebold & Mariano (1995), "Comparing predictive accuracy"; correction
    √((n + 1 − 2h + h(h − 1)/n) / n) from Harvey, Leybourne & Newbold (1997).
    """
    if len(first) != len(second):
        raise DataError(
            f"losses of {len(first)} and {len(second)} rows; score both forecasts at the same times"
        )
    n, h = len(first), horizon
    if h < 1 or n < 2 * h or n < 3:
        raise DataError(f"{n} losses are too few for a horizon of {h}; use a longer test window")
    difference = np.asarray(first - second, dtype=np.float64)
    if not np.isfinite(difference).all():
        raise DataError("losses hold NaN or infinite values; drop those times from both forecasts")
    mean = float(difference.mean())
    variance = long_run_variance(difference, h - 1 if lag is None else lag) / n
    if variance <= 0:
        # Identical losses: no evidence of a difference.
        return DieboldMariano(mean, 0.0, 1.0)
    correction = np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
    statistic = float(correction * mean / np.sqrt(variance))
    return DieboldMariano(mean, statistic, float(2.0 * student_t.sf(abs(statistic), n - 1)))
