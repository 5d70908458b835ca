"""The regime classifier: two mirrored halves, blended, corrected by inputs that earned it.

It is a scikit-learn estimator whose classes are always the five regimes, in their order, whatever a window
holds. Both halves learn from all of the window and are believed as set: weights learned on its last part
followed that month's noise. The linear half gains from closer rows, which are cheap for it. Funding, book and
open interest have to earn their say (see `correction`). Weak: one market, correlated pairs and overlapping
labels are far fewer observations than rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from outrigger.errors import DataError
from outrigger.regime.classes import REGIMES
from outrigger.regime.features import DIRECTIONAL, INPUT_FEATURES
from outrigger.regime.model.blend import blend
from outrigger.regime.model.boosting import MirroredBoosting
from outrigger.regime.model.correction import (
    BEYOND_NOISE,
    BLOCKS,
    Correction,
    Labels,
    Mask,
    beyond_noise,
    blocks,
    corrected,
    earned_correction,
    with_blanks,
)
from outrigger.regime.model.logistic import MirroredLogistic
from outrigger.regime.model.windows import CANDLE_MS, Rows, spaced
from outrigger.volatility.windows import Array

# Steps that a forecast which is only judged by needs.
_QUICK = 60
# Rows told at a time: what is worked out on the way stays near the processor.
_AT_ONCE = 4096


class RegimeClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # no types in scikit-learn
    """Calibrated probabilities of the five regimes.

    Parameters
    ----------
    directional : sequence of str
        Columns that change sign when the chart is mirrored; those that X lacks are ignored.
    inputs : sequence of str
        Columns that may only correct.
    spacing_bars : int
        Rows are thinned to one in this many candles for trees, and to judge inputs.
    linear_spacing_bars : int
        Rows are thinned to one in this many candles for the linear half; a divisor of the other.
    embargo_bars : int
        Candles between rows that fit and rows that judge inputs; more than the labels' horizon.
    linear_weight : float
        How far the linear half is believed, 0 to 1; the trees get the rest.
    ridge : float
        Shrinkage of the logistic half.
    iterations : int
        Rounds of the boosting half.
    random_state : int
        Seed; the same data and seed give the same model.

    Attributes
    ----------
    classes_ : ndarray of shape (5,)
        Indices into `REGIMES`.
    log_prior_ : ndarray of shape (5,)
        Log shares of the regimes in the training window.
    weights_ : ndarray of shape (2,)
        How far linear half and trees are believed.
    input_coefficients_ : ndarray
        What the inputs add to the linear half; empty where they have not earned a say.
    tree_columns_ : ndarray of bool, shape (n_columns,)
        Columns that the trees see; inputs are among them only where they have earned it.
    """

    def __init__(
        self,
        directional: Sequence[str] = DIRECTIONAL,
        inputs: Sequence[str] = INPUT_FEATURES,
        spacing_bars: int = 12,
        linear_spacing_bars: int = 6,
        embargo_bars: int = 288,
        linear_weight: float = 0.6,
        ridge: float = 0.1,
        iterations: int = 60,
        random_state: int = 0,
    ) -> None:
        self.directional = directional
        self.inputs = inputs
        self.spacing_bars = spacing_bars
        self.linear_spacing_bars = linear_spacing_bars
        self.embargo_bars = embargo_bars
        self.linear_weight = linear_weight
        self.ridge = ridge
        self.iterations = iterations
        self.random_state = random_state

    def fit(self, X: Any, y: Any, times_ms: Any = None, groups: Any = None) -> Self:
        """Learn from labelled rows.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            Features; NaN is missing.
        y : array_like of int, shape (n_rows,)
            Index into `REGIMES`.
        times_ms : array_like of int, shape (n_rows,), optional
            Close of each row's candle, milliseconds since 1970; None takes rows as consecutive and as far
            apart as `spacing_bars`.
        groups : array_like of shape (n_rows,), optional
            Pair of each row. Pairs are pooled; it is taken for scikit-learn's sake.

        Returns
        -------
        RegimeClassifier
            Itself, fitted.

        Raises
        ------
        DataError
            A label is no regime, or all rows have the same one.
        """
        values, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        labels = _regimes(labels)
        self.classes_ = np.arange(len(REGIMES))
        names = list(getattr(self, "feature_names_in_", []))
        self.signed_ = (
            np.isin(names, list(self.directional)) if names else np.zeros(values.shape[1], dtype=bool)
        )
        self.slow_ = np.isin(names, list(self.inputs)) if names else np.zeros(values.shape[1], dtype=bool)
        if times_ms is None:
            times = np.arange(len(values), dtype=np.int64) * self.spacing_bars * CANDLE_MS
        else:
            times = np.asarray(times_ms, dtype=np.int64)
        close, apart = (
            _thinned(values, labels, times, bars) for bars in (self.linear_spacing_bars, self.spacing_bars)
        )
        counts = np.bincount(apart[1], minlength=len(REGIMES)) + 1.0
        self.log_prior_ = np.log(counts / counts.sum())
        self.weights_ = np.array([self.linear_weight, 1.0 - self.linear_weight])
        # What does not wait for one another is fitted at once where joblib's surroundings allow it.
        help_trees, self.logistic_, earned = Parallel()(
            [
                delayed(self._inputs_help_trees)(*apart),
                delayed(self._linear)(*close),
                delayed(self._earned)(*apart),
            ]
        )
        self.input_centre_, self.input_scale_ = earned.centre, earned.scale
        self.input_coefficients_ = earned.coefficients
        self.tree_columns_ = ~self.slow_ | help_trees
        self.boosting_ = self._boosting(*apart, self.tree_columns_)
        return self

    def predict_proba(self, X: Any) -> Array:
        """Give the probability of each regime.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            The columns it was fitted on, in their order.

        Returns
        -------
        ndarray of shape (n_rows, 5)
            In the order of `REGIMES`; rows sum to one and no entry is zero.
        """
        check_is_fitted(self)
        if isinstance(X, pd.DataFrame):
            # What these checks do on the way takes longer than one row's answer: they are asked to refuse.
            if X.columns.tolist() != list(getattr(self, "feature_names_in_", ())):
                validate_data(self, X, reset=False, skip_check_array=True)
            values = X.to_numpy(np.float64)
            if not len(values) or np.isinf(values).any():
                check_array(values, ensure_all_finite="allow-nan")
        else:
            values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        # Equal parts: a last one of a row or two would be multiplied, and rounded, in another way.
        parts = np.array_split(values, -(-len(values) // _AT_ONCE))
        told = [np.exp(blend(self.log_prior_, self._parts(part), self.weights_)) for part in parts]
        return np.concatenate(told)

    def predict(self, X: Any) -> npt.NDArray[np.int64]:
        """Give the likeliest regime of each row, an index into `REGIMES`."""
        likeliest = np.argmax(self.predict_proba(X), axis=1)
        return np.asarray(self.classes_[likeliest])

    def _linear(self, values: Array, labels: Labels, _: Rows) -> MirroredLogistic:
        """Fit the linear half, without what the inputs may add to it."""
        half = MirroredLogistic(ridge=self.ridge)
        return half.fit(values[:, ~self.slow_], labels, self.signed_[~self.slow_])

    def _boosting(self, values: Array, labels: Labels, times: Rows, columns: Mask) -> MirroredBoosting:
        boosting = MirroredBoosting(iterations=self.iterations, random_state=self.random_state)
        if columns[self.slow_].any():
            values, labels = with_blanks(values, labels, self.slow_, times)
        return boosting.fit(values[:, columns], labels, self.signed_[columns])

    def _inputs_help_trees(self, values: Array, labels: Labels, times: Rows) -> bool:
        """Whether trees that see the inputs do better on either half of the time, fitted on the other."""
        if not np.isfinite(values[:, self.slow_]).any():
            return False
        gains = np.full(len(values), np.nan)
        for others, block in blocks(times, 2, self.embargo_bars):
            if len(np.unique(labels[others])) < 2:
                return False
            at, told = (np.arange(len(block)), labels[block]), []
            for columns in (~self.slow_, np.ones(values.shape[1], dtype=np.bool_)):
                trees = self._boosting(values[others], labels[others], times[others], columns)
                told.append(trees.log_probabilities(values[block][:, columns])[at])
            gains[block] = told[1] - told[0]
            if gains[block].mean() <= 0:
                return False
        return beyond_noise(gains, times) > BEYOND_NOISE

    def _earned(self, values: Array, labels: Labels, times: Rows) -> Correction:
        """What the inputs may say, judged against candle forecasts of blocks of time left out."""
        inputs, candles = values[:, self.slow_], values[:, ~self.slow_]
        if not np.isfinite(inputs).any():
            return Correction(np.zeros(inputs.shape[1]), np.ones(inputs.shape[1]), np.empty(0))
        log_p = np.tile(self.log_prior_, (len(values), 1))
        for others, block in blocks(times, BLOCKS, self.embargo_bars):
            half = MirroredLogistic(ridge=self.ridge, iterations=_QUICK)
            half.fit(candles[others], labels[others], self.signed_[~self.slow_])
            log_p[block] = half.log_probabilities(candles[block])
        return earned_correction(log_p, inputs, self.signed_[self.slow_], labels, times, self.embargo_bars)

    def _parts(self, values: Array) -> tuple[Array, Array]:
        """Log-probabilities of the corrected linear half and of the trees."""
        inputs, signed = values[:, self.slow_], self.signed_[self.slow_]
        correction = Correction(self.input_centre_, self.input_scale_, self.input_coefficients_)
        linear = corrected(
            self.logistic_.log_probabilities(values[:, ~self.slow_]), inputs, signed, correction
        )
        return linear, self.boosting_.log_probabilities(values[:, self.tree_columns_])

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that missing values are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _thinned(values: Array, labels: Labels, times: Rows, bars: int) -> tuple[Array, Labels, Rows]:
    """Rows so many candles apart, or all where that leaves too few to learn from."""
    kept = spaced(times, bars)
    if len(kept) <= len(REGIMES) or len(np.unique(labels[kept])) < 2 or len(kept) == len(times):
        return values, labels, times
    return values[kept], labels[kept], times[kept]


def _regimes(y: npt.NDArray[Any]) -> Labels:
    """Labels as indices, after refusing what is no regime or teaches nothing."""
    known = np.isin(y, np.arange(len(REGIMES)))
    if not known.all():
        raise DataError(
            f"label {y[~known][0]!r} is no regime: labels are 0 to {len(REGIMES) - 1}; "
            "leave unlabelled rows out"
        )
    labels = np.asarray(y, dtype=np.int8)
    if len(np.unique(labels)) < 2:
        raise DataError(
            f"all {len(labels)} training rows have the regime {REGIMES[int(labels[0])]}, one class teaches "
            "nothing: use a longer training window"
        )
    return labels
