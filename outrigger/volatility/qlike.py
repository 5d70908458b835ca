"""QLIKE: how volatility forecasts are scored and fitted here.

The loss y/f − ln(y/f) − 1 depends only on the ratio of realised to forecast variance, so quiet and wild
hours and pairs weigh alike, and its ranking survives a noisy measure of the realised variance (Patton
2011). Minimising it over log-linear forecasts is a gamma regression with a log link: convex, one optimum,
a few Newton steps. It punishes forecasts that are too low far more than those that are too high.
"""

from __future__ import annotations

import numpy as np

from outrigger.errors import DataError
from outrigger.volatility.windows import Array

_MAX_STEPS = 100


def qlike(realised: Array, forecast: Array) -> Array:
    """Score variance forecasts.

    Parameters
    ----------
    realised, forecast : ndarray of shape (n,)
        Variances over the same horizon, both positive.

    Returns
    -------
    ndarray of shape (n,)
        Loss, 0 for a perfect forecast.

    Notes
    -----
    Patton (2011), "Volatility forecast comparison using imperfect volatility proxies".
    """
    ratio = realised / forecast
    return np.asarray(ratio - np.log(ratio) - 1.0, dtype=np.float64)


def _objective(design: Array, realised: Array, offset: Array, beta: Array) -> float:
    """Mean QLIKE up to a constant; infinite where a trial step overflows."""
    index = design @ beta + offset
    with np.errstate(over="ignore"):
        return float(np.mean(realised * np.exp(-index) + index))


def fit_log_linear(design: Array, realised: Array, offset: Array) -> Array:
    """Find the coefficients b that minimise the mean QLIKE of exp(design·b + offset).

    Parameters
    ----------
    design : ndarray of shape (n, k)
        Regressors; the first column is the constant 1.
    realised : ndarray of shape (n,)
        Realised variances, not negative.
    offset : ndarray of shape (n,)
        Logarithm of a variance that the forecast is relative to.

    Returns
    -------
    ndarray of shape (k,)

    Raises
    ------
    DataError
        Too few rows, values that are not finite, or regressors that are copies of each other.
    """
    if len(realised) <= design.shape[1]:
        raise DataError(f"{len(realised)} rows cannot fit {design.shape[1]} coefficients; use more history")
    if not (np.isfinite(design).all() and np.isfinite(realised).all() and np.isfinite(offset).all()):
        raise DataError("the regression was given NaN or infinite values; drop those rows first")
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(np.mean(realised * np.exp(-offset)))
    value = _objective(design, realised, offset, beta)
    for _ in range(_MAX_STEPS):
        weight = realised * np.exp(-(design @ beta + offset))
        gradient = design.T @ (1.0 - weight) / len(weight)
        hessian = (design * weight[:, None]).T @ design / len(weight)
        try:
            step = np.linalg.solve(hessian, gradient)
        except np.linalg.LinAlgError as error:
            raise DataError("regressors repeat each other; use fewer windows or harmonics") from error
        scale = 1.0
        # `not <=` rather than `>`: an overflowing trial is infinite or NaN and must be halved too.
        while not _objective(design, realised, offset, beta - scale * step) <= value and scale > 1e-9:
            scale /= 2
        beta = beta - scale * step
        improved = value - _objective(design, realised, offset, beta)
        value -= improved
        if improved < 1e-14 and np.abs(gradient).max() < 1e-7:
            return beta
    raise DataError(
        f"the regression did not settle in {_MAX_STEPS} steps; check the history for broken candles"
    )
