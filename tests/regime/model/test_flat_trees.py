"""Trees walked all at once say what scikit-learn says, and leave no trace in a stored model."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from outrigger.regime.bundle.stored_model import dump_model, load_model
from outrigger.regime.model.boosting import MirroredBoosting
from outrigger.regime.model.classifier import RegimeClassifier
from outrigger.regime.model.flat_trees import flatten, probabilities


def taught(classes: int, rows: int = 600, columns: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Values with gaps, and labels that follow the first column."""
    rng = np.random.default_rng(classes)
    X = rng.standard_normal((rows, columns))
    X[rng.random(X.shape) < 0.2] = np.nan
    y = (np.nan_to_num(X[:, 0]) + rng.standard_normal(rows) > 0).astype(int) + rng.integers(
        0, classes - 1, rows
    )
    return X, y


@pytest.mark.parametrize("rows", [5, 400])
@pytest.mark.parametrize("leaves", [2, 5, 31, 200])
@pytest.mark.parametrize("classes", [2, 3, 5])
def test_flat_trees_answer_as_scikit_learn_does(classes: int, leaves: int, rows: int) -> None:
    X, y = taught(classes)
    trees = HistGradientBoostingClassifier(
        max_iter=7, max_leaf_nodes=leaves, min_samples_leaf=5, random_state=0
    )
    trees.fit(X, y)
    later, _ = taught(classes + 10, rows)
    # Thresholds lie between values that were seen: what is exactly on one goes below.
    nodes = trees._predictors[0][0].nodes
    later[:3, nodes["feature_idx"][0]] = nodes["num_threshold"][0]
    assert probabilities(flatten(trees), later) == pytest.approx(trees.predict_proba(later), abs=1e-12)


def test_flat_trees_that_never_split_tell_the_shares() -> None:
    X, y = np.zeros((200, 2)), np.arange(200) % 4
    trees = HistGradientBoostingClassifier(max_iter=3).fit(X, y)
    told = probabilities(flatten(trees), X[:5])
    assert told == pytest.approx(np.full((5, 4), 0.25), abs=1e-12)


def fitted() -> tuple[MirroredBoosting, np.ndarray]:
    X, _ = taught(5, 3000, 4)
    y = np.random.default_rng(0).integers(0, 5, 3000).astype(np.int8)
    model = MirroredBoosting(iterations=10, rows_a_leaf=50, random_state=0)
    return model.fit(X, y, np.array([1, 1, 0, 0], bool)), X


def test_boosting_tells_few_rows_what_it_tells_many() -> None:
    model, X = fitted()
    many = model.log_probabilities(X[:400])
    few = np.vstack([model.log_probabilities(X[i : i + 8]) for i in range(0, 400, 8)])
    assert few == pytest.approx(many, abs=1e-12)


def test_boosting_fitted_again_forgets_its_old_trees() -> None:
    model, X = fitted()
    model.log_probabilities(X[:1])
    y = np.where(np.nan_to_num(X[:, 2]) > 0, 1, 2).astype(np.int8)
    model.fit(X, y, np.array([1, 1, 0, 0], bool))
    assert model.log_probabilities(X[:5]) == pytest.approx(model.log_probabilities(X[:400])[:5], abs=1e-12)


def test_stored_model_is_the_same_whether_or_not_it_was_asked() -> None:
    X, y = taught(5, 1500, 3)
    model = RegimeClassifier(iterations=3).fit(X, y)
    before = dump_model(model)
    told = model.predict_proba(X[:1])
    assert dump_model(model) == before
    assert (load_model(before, "m.skops").predict_proba(X[:1]) == told).all()
    assert (copy.deepcopy(model).predict_proba(X[:1]) == told).all()
