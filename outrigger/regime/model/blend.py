"""How far each half of the classifier is believed, learned on data later than both were fitted on.

log p = log prior + a·(log p₁ − log prior) + b·(log p₂ − log prior), renormalised, with a and b not negative.
Where both halves are too sure of themselves a + b comes out below one, which is temperature scaling; where
they know nothing it comes out at zero and the base rates remain. Two numbers, drawn towards a plain average,
because a month of overlapping labels cannot bear more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import log_softmax

from outrigger.volatility.windows import Array

# Weight of the draw towards the average: as if this share of the calibration rows agreed with it.
_DRAW = 0.01
_MOST = 1.5


def blend(log_prior: Array, parts: Sequence[Array], weights: Array) -> Array:
    """Combine log-probabilities.

    Parameters
    ----------
    log_prior : ndarray of shape (5,)
        Base rates of the training window.
    parts : sequence of ndarray of shape (n_rows, 5)
        Log-probabilities of each half.
    weights : ndarray of shape (n_parts,)
        How far each is believed.

    Returns
    -------
    ndarray of shape (n_rows, 5)
        Log-probabilities.
    """
    scores = log_prior + sum(weight * (part - log_prior) for weight, part in zip(weights, parts, strict=True))
    return np.asarray(log_softmax(scores, axis=1))


def fit_weights(log_prior: Array, parts: Sequence[Array], y: npt.NDArray[np.int8]) -> Array:
    """Learn the weights by penalised log loss.

    Parameters
    ----------
    log_prior, parts
        As for `blend`, on rows that neither half was fitted on.
    y : ndarray of int, shape (n_rows,)
        Index into `REGIMES`.

    Returns
    -------
    ndarray of shape (n_parts,)
        Between 0 and 1.5 each; the plain average without rows.
    """
    average = np.full(len(parts), 1.0 / len(parts))
    if not len(y):
        return average
    rows = np.arange(len(y))

    def loss(weights: Array) -> float:
        log_p = blend(log_prior, parts, weights)
        drawn = _DRAW * float(((weights - average) ** 2).sum())
        return drawn - float(log_p[rows, y].mean())

    found = minimize(loss, average, method="L-BFGS-B", bounds=[(0.0, _MOST)] * len(parts))
    return np.asarray(found.x, dtype=np.float64)
