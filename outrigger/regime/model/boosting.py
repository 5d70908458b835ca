"""The other half of the classifier: small trees, each path learned twice, as it was and mirrored.

Boosting finds what a sum of curves cannot: a state that matters only at some hour, a move that matters only
in a quiet market. It is held back hard (four leaves, many rows a leaf, few columns a split), because rows
that overlap in time are few observations. Probabilities are averaged over the chart and its mirror, so they
swap exactly when the chart does. Regimes the window never showed keep their pseudo-observation's share.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier

from outrigger.regime.classes import MIRRORED, REGIMES
from outrigger.regime.model.flat_trees import FlatTrees, flatten, probabilities
from outrigger.regime.threads import single_openmp_thread
from outrigger.volatility.windows import Array


class MirroredBoosting(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Histogram gradient boosting on rows and their mirror images.

    Parameters
    ----------
    iterations, leaves, rows_a_leaf : int
        Rounds, leaves of a tree, and rows a leaf needs at least.
    learning_rate, columns_a_split, ridge : float
        Step, share of columns tried at a split, and penalty on leaf values.
    random_state : int, optional
        Seed of the columns tried.
    """

    def __init__(
        self,
        iterations: int = 60,
        leaves: int = 4,
        rows_a_leaf: int = 600,
        learning_rate: float = 0.08,
        columns_a_split: float = 0.2,
        ridge: float = 30.0,
        random_state: int | None = None,
    ) -> None:
        self.iterations = iterations
        self.leaves = leaves
        self.rows_a_leaf = rows_a_leaf
        self.learning_rate = learning_rate
        self.columns_a_split = columns_a_split
        self.ridge = ridge
        self.random_state = random_state

    def fit(self, X: Array, y: npt.NDArray[np.int8], signed: npt.NDArray[np.bool_]) -> Self:
        """Grow the trees.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            NaN is missing.
        y : ndarray of int, shape (n_rows,)
            Index into `REGIMES`, two different ones or more.
        signed : ndarray of bool, shape (n_columns,)
            Columns that change sign in a mirror.

        Returns
        -------
        MirroredBoosting
            Itself.
        """
        self._flat: FlatTrees | None = None
        # A column that is never there cannot be binned; a constant can, and no tree splits on it.
        self.known_ = np.isfinite(X).any(axis=0)
        self.flip_ = np.where(signed, -1.0, 1.0)
        X = np.where(self.known_, X, 0.0)
        trees = HistGradientBoostingClassifier(
            max_iter=self.iterations,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.rows_a_leaf,
            learning_rate=self.learning_rate,
            max_features=self.columns_a_split,
            l2_regularization=self.ridge,
            early_stopping=False,
            random_state=self.random_state,
        )
        both = np.concatenate([y, np.asarray(MIRRORED, dtype=y.dtype)[y]])
        with single_openmp_thread():
            self.trees_ = trees.fit(np.vstack([X, X * self.flip_]), both)
        self.floor_ = 1.0 / (len(y) + len(REGIMES))
        return self

    def log_probabilities(self, X: Array) -> Array:
        """Log-probabilities of the regimes, shape (n_rows, 5)."""
        rows, seen = len(X), self.trees_.classes_
        # Column by column in memory: a tree asks for few columns of many rows.
        both_ways = np.empty((2 * rows, X.shape[1]), order="F")
        both_ways[:rows] = np.where(self.known_, X, 0.0)
        np.multiply(both_ways[:rows], self.flip_, out=both_ways[rows:])
        told = probabilities(self._laid_out(), both_ways)
        full = np.zeros((2 * rows, len(REGIMES)))
        full[:, seen] = told
        both = (full[:rows] + full[rows:, list(MIRRORED)]) / 2.0 + self.floor_
        return np.asarray(np.log(both / both.sum(axis=1, keepdims=True)))

    def _laid_out(self) -> FlatTrees:
        """The trees as they are asked, made when first needed."""
        flat: FlatTrees | None = getattr(self, "_flat", None)
        if flat is None:
            flat = self._flat = flatten(self.trees_)
        return flat

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the trees laid out, which are made of the others."""
        return {name: value for name, value in super().__getstate__().items() if name != "_flat"}
