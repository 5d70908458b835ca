"""Multinomial logistic regression that cannot tell a chart from its mirror image, except by its base rates.

Symmetric columns speak for calm, trending, whipsaw and for squeezes as such; signed columns say only
which side is squeezed, one up exactly as much as the other down. That halves what there is to learn, and rows
that overlap in time are few observations. Coefficients are shrunk towards zero (ridge), base rates
are not. An offset lets it stand on another model's log-probabilities, as a correction that starts at nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import logsumexp

from outrigger.regime.classes import CALM, LONG_SQUEEZE, REGIMES, SHORT_SQUEEZE, TRENDING, WHIPSAW
from outrigger.volatility.windows import Array

# Which regimes a symmetric column's coefficients speak for; trending is what the others are measured against.
_EVEN = np.zeros((4, len(REGIMES)))
_EVEN[0, CALM] = _EVEN[1, TRENDING] = _EVEN[2, WHIPSAW] = 1.0
_EVEN[3, [LONG_SQUEEZE, SHORT_SQUEEZE]] = np.sqrt(0.5)
_SIGNED = np.zeros((1, len(REGIMES)))
_SIGNED[0, LONG_SQUEEZE], _SIGNED[0, SHORT_SQUEEZE] = -np.sqrt(0.5), np.sqrt(0.5)


def logits(even: Array, signed: Array, coefficients: Array) -> Array:
    """Score the regimes, up to a constant a row.

    Parameters
    ----------
    even : ndarray of shape (n_rows, n_even)
        Symmetric columns, standardised.
    signed : ndarray of shape (n_rows, n_signed)
        Columns that change sign in a mirror, scaled.
    coefficients : ndarray of shape (5 + 4 · n_even + n_signed,)
        From `fit_multinomial`.

    Returns
    -------
    ndarray of shape (n_rows, 5)
    """
    base, of_even, of_signed = _parts(coefficients, even.shape[1])
    return np.asarray(base + (even @ of_even) @ _EVEN + (signed @ of_signed)[:, None] @ _SIGNED)


def _parts(coefficients: Array, n_even: int) -> tuple[Array, Array, Array]:
    classes, rows = len(REGIMES), len(_EVEN)
    end = classes + rows * n_even
    return coefficients[:classes], coefficients[classes:end].reshape(n_even, rows), coefficients[end:]


def fit_multinomial(
    even: Array,
    signed: Array,
    y: npt.NDArray[np.int8],
    *,
    ridge: float,
    offset: Array | None = None,
    iterations: int = 200,
) -> Array:
    """Fit by penalised maximum likelihood.

    Parameters
    ----------
    even, signed : ndarray of shape (n_rows, n_even), (n_rows, n_signed)
        Columns without NaN.
    y : ndarray of int, shape (n_rows,)
        Index into `REGIMES`.
    ridge : float
        Penalty on half the squared coefficients, against the mean log loss of a row; base rates are free.
    offset : ndarray of shape (n_rows, 5), optional
        Log-probabilities that the fit corrects; then base rates are left as they are, too.
    iterations : int
        Most steps of L-BFGS.

    Returns
    -------
    ndarray of shape (5 + 4 · n_even + n_signed,)
        Base rates, coefficients of symmetric columns, coefficients of signed columns.
    """
    rows, n_even = even.shape
    hot = np.zeros((rows, len(REGIMES)))
    hot[np.arange(rows), y] = 1.0
    # One pseudo-observation of each regime: a class that never came stays possible.
    base_rates = (hot.sum(axis=0) + 1.0) / (rows + len(REGIMES))
    start = np.zeros(len(REGIMES) + len(_EVEN) * n_even + signed.shape[1])
    if offset is None:
        start[: len(REGIMES)] = np.log(base_rates)
    known = np.zeros((1, len(REGIMES))) if offset is None else offset
    # Column by column in memory: every step adds up columns.
    even, signed = np.asfortranarray(even), np.asfortranarray(signed)

    def loss(coefficients: Array) -> tuple[float, Array]:
        scores = logits(even, signed, coefficients) + known
        scores -= scores.max(axis=1, keepdims=True)
        shares = np.exp(scores)
        total = shares.sum(axis=1, keepdims=True)
        slack = (shares / total - hot) / rows
        slopes = coefficients.copy()
        slopes[: len(REGIMES)] = 0.0
        penalty = 0.5 * ridge * float(slopes @ slopes)
        slopes *= ridge
        if offset is None:
            # The pseudo-observations' pull on the base rates.
            free = coefficients[: len(REGIMES)] - logsumexp(coefficients[: len(REGIMES)])
            penalty -= float(free.sum()) / rows
            slopes[: len(REGIMES)] = slack.sum(axis=0) + (np.exp(free) * len(REGIMES) - 1.0) / rows
        end = len(REGIMES) + len(_EVEN) * n_even
        slopes[len(REGIMES) : end] += (even.T @ (slack @ _EVEN.T)).ravel()
        slopes[end:] += (signed.T @ (slack @ _SIGNED.T)).ravel()
        told = scores[np.arange(rows), y] - np.log(total[:, 0])
        return penalty - float(told.sum()) / rows, slopes

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations})
    return np.asarray(found.x, dtype=np.float64)
