"""The classifiers, feature sets and spacings that compete for the place behind the regimes.

Every candidate is fitted on candle features. What is not the shipped classifier is plain scikit-learn, so
that the shipped one is compared with what anybody would try first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler

from outrigger.regime.classes import REGIMES
from outrigger.regime.features import CANDLE_FEATURES, DIRECTIONAL
from outrigger.regime.features.clock import SPECS as CLOCK_SPECS
from outrigger.regime.features.cross import MOVE_SPECS, STATE_SPECS
from outrigger.regime.model.boosting import MirroredBoosting
from outrigger.regime.model.classifier import RegimeClassifier
from outrigger.regime.model.logistic import MirroredLogistic
from outrigger.volatility.windows import Array

_TREE_BARS = RegimeClassifier().spacing_bars
_LINEAR_BARS = RegimeClassifier().linear_spacing_bars
Labels = npt.NDArray[np.integer]
Predict = Callable[[pd.DataFrame], Array]
Fit = Callable[[pd.DataFrame, Labels, npt.NDArray[np.int64]], Predict]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One contender.

    Parameters
    ----------
    fit : callable
        (features, labels, closes) to a function from features to probabilities of shape (n_rows, 5).
    columns : tuple of str
        Features it sees.
    spacing_bars : int
        It is fitted on one row in this many candles.
    """

    fit: Fit
    columns: tuple[str, ...] = CANDLE_FEATURES
    spacing_bars: int = _TREE_BARS


def _complete(model: Any, features: pd.DataFrame) -> Array:
    """Probabilities of all five regimes from a model that may have seen fewer."""
    told = np.full((len(features), len(REGIMES)), 1e-6)
    told[:, model.classes_] += model.predict_proba(features)
    return np.asarray(told / told.sum(axis=1, keepdims=True))


def plainly(build: Callable[[], Any]) -> Fit:
    """Fit a scikit-learn classifier as it is.

    Parameters
    ----------
    build : callable
        Gives an unfitted classifier.

    Returns
    -------
    callable
    """

    def fit(features: pd.DataFrame, labels: Labels, _: npt.NDArray[np.int64]) -> Predict:
        model = build().fit(features, labels)
        return lambda rows: _complete(model, rows)

    return fit


def _shipped(spacing_bars: int = _TREE_BARS, linear_spacing_bars: int = _LINEAR_BARS) -> Fit:
    def fit(features: pd.DataFrame, labels: Labels, times: npt.NDArray[np.int64]) -> Predict:
        model = RegimeClassifier(spacing_bars=spacing_bars, linear_spacing_bars=linear_spacing_bars)
        model.fit(features, labels, times)
        return lambda rows: np.asarray(model.predict_proba(rows))

    return fit


def _alone(build: Callable[[], MirroredLogistic | MirroredBoosting]) -> Fit:
    """One half of the shipped classifier on all rows, without the other."""

    def fit(features: pd.DataFrame, labels: Labels, _: npt.NDArray[np.int64]) -> Predict:
        signed = np.isin(features.columns, DIRECTIONAL)
        half = build().fit(features.to_numpy(np.float64), labels.astype(np.int8), signed)
        return lambda rows: np.exp(half.log_probabilities(rows.to_numpy(np.float64)))

    return fit


def _linear_half() -> MirroredLogistic:
    return MirroredLogistic(ridge=RegimeClassifier().ridge)


def _tree_half() -> MirroredBoosting:
    whole = RegimeClassifier()
    return MirroredBoosting(iterations=whole.iterations, random_state=whole.random_state)


def _boosting() -> Any:
    return HistGradientBoostingClassifier(
        max_iter=120,
        max_leaf_nodes=8,
        min_samples_leaf=200,
        learning_rate=0.05,
        l2_regularization=20.0,
        early_stopping=False,
        random_state=0,
    )


def _splines() -> Any:
    return make_pipeline(
        SimpleImputer(strategy="median"),
        StandardScaler(),
        SplineTransformer(n_knots=4, degree=2, knots="quantile", include_bias=False),
        StandardScaler(),
        LogisticRegression(C=1e-4, max_iter=60),
    )


def _forest() -> Any:
    trees = ExtraTreesClassifier(100, min_samples_leaf=40, max_features="sqrt", random_state=0)
    return make_pipeline(SimpleImputer(strategy="median"), trees)


def candidates() -> dict[str, Candidate]:
    """List the contenders by name, the shipped classifier first."""
    clock = {spec.name for spec in CLOCK_SPECS}
    leader = {spec.name for spec in (*STATE_SPECS, *MOVE_SPECS)}
    plain = ("range", "noise", "width", "move", "place", "volume", "sin", "cos")
    sets = {
        "without clock": tuple(name for name in CANDLE_FEATURES if name not in clock),
        "without forecast": tuple(name for name in CANDLE_FEATURES if "forecast" not in name),
        "without leader": tuple(name for name in CANDLE_FEATURES if name not in leader),
        "without direction": tuple(name for name in CANDLE_FEATURES if name not in DIRECTIONAL),
        "plain columns": tuple(name for name in CANDLE_FEATURES if name.startswith(plain)),
    }
    return {
        "shipped blend": Candidate(_shipped(), spacing_bars=_LINEAR_BARS),
        "its logistic half": Candidate(_alone(_linear_half), spacing_bars=_LINEAR_BARS),
        "its boosting half": Candidate(_alone(_tree_half)),
        "gradient boosting": Candidate(plainly(_boosting)),
        "spline logistic": Candidate(plainly(_splines)),
        "extra trees": Candidate(plainly(_forest)),
        **{f"blend {name}": Candidate(_shipped(), columns, _LINEAR_BARS) for name, columns in sets.items()},
        "blend, rows 30 min apart": Candidate(_shipped(6, 6), spacing_bars=6),
        "blend, rows 1 h apart": Candidate(_shipped(12, 12), spacing_bars=12),
        "blend, rows 4 h apart": Candidate(_shipped(48, 48), spacing_bars=48),
    }
