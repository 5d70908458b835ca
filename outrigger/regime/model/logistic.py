"""The linear half of the classifier: standardised columns, squares of the signed ones, a tied multinomial.

Columns are centred on their median (signed ones on zero), scaled and bounded, so that a market never seen
before cannot push a score further than the training window could. Squares of signed columns let "far either
way" count; those of the others only added noise. A missing value stands at the centre: it says nothing.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax
from sklearn.base import BaseEstimator

from outrigger.regime.model.multinomial import fit_multinomial, logits
from outrigger.volatility.windows import Array

_BOUND = 3.0
# A bounded standard normal's square has mean one and a deviation of about 1.4.
_SQUARE_SCALE = 0.7


class MirroredLogistic(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Multinomial logistic regression with the mirror symmetry of `fit_multinomial`.

    Parameters
    ----------
    ridge : float
        Penalty on half the squared coefficients, against the mean log loss of a row.
    iterations : int
        Most steps of the optimiser.
    """

    def __init__(self, ridge: float = 0.2, iterations: int = 200) -> None:
        self.ridge = ridge
        self.iterations = iterations

    def fit(self, X: Array, y: npt.NDArray[np.int8], signed: npt.NDArray[np.bool_]) -> Self:
        """Learn scales and coefficients.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            NaN is missing.
        y : ndarray of int, shape (n_rows,)
            Index into `REGIMES`.
        signed : ndarray of bool, shape (n_columns,)
            Columns that change sign in a mirror.

        Returns
        -------
        MirroredLogistic
            Itself.
        """
        seen = np.isfinite(X)
        count = np.maximum(seen.sum(axis=0), 1)
        self.centre_ = np.zeros(X.shape[1])
        told = ~signed & seen.any(axis=0)
        self.centre_[told] = np.nanmedian(X[:, told], axis=0)
        distance = np.where(seen, X - self.centre_, 0.0)
        scale = np.sqrt(np.einsum("ij,ij->j", distance, distance) / count)
        del distance
        # A constant column stands at its centre, whatever it is divided by.
        self.scale_ = np.where(scale > 1e-12, scale, 1.0)
        self.signed_ = np.asarray(signed, dtype=np.bool_)
        self.coefficients_ = fit_multinomial(
            *self._design(X), y, ridge=self.ridge, iterations=self.iterations
        )
        return self

    def log_probabilities(self, X: Array) -> Array:
        """Log-probabilities of the regimes, shape (n_rows, 5)."""
        return np.asarray(log_softmax(logits(*self._design(X), self.coefficients_), axis=1))

    def _design(self, X: Array) -> tuple[Array, Array]:
        z = X - self.centre_
        z /= self.scale_
        np.clip(z, -_BOUND, _BOUND, out=z)
        z[~np.isfinite(X)] = 0.0
        signed = z[:, self.signed_]
        return np.hstack([z[:, ~self.signed_], (signed**2 - 1.0) * _SQUARE_SCALE]), signed
