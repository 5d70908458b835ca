"""A tree that would leave its arrays never gets to compiled code."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from outrigger.errors import StateError
from outrigger.regime.bundle.stored_model import dump_model, load_model
from outrigger.regime.bundle.trusted import TRUSTED, check_trees
from tests.regime.bundles import FEATURES, forest


def spoiled(field: str, value: object, at: int = 0) -> HistGradientBoostingClassifier:
    model = forest(1)
    tree = model._predictors[0][0]
    tree.nodes[field][at] = value
    return model


def test_check_trees_sound_model_passes() -> None:
    check_trees(forest(1), len(FEATURES), "model.skops")


def test_check_trees_sees_trees_deep_inside() -> None:
    model = make_pipeline(FunctionTransformer(), spoiled("left", 10_000))
    with pytest.raises(StateError, match="left branch leads nowhere"):
        check_trees({"stages": [(model,)]}, len(FEATURES), "model.skops")


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("left", 2**31, "left branch"),
        ("right", 4_000_000_000, "right branch"),
        ("left", 0, "left branch"),
        ("feature_idx", 6, "feature that is not there"),
        ("feature_idx", -1, "feature that is not there"),
        ("is_categorical", 1, "categories"),
        ("value", np.nan, "not a number"),
    ],
)
def test_check_trees_index_outside_is_refused(field: str, value: object, fault: str) -> None:
    with pytest.raises(StateError, match=fault):
        check_trees(spoiled(field, value), len(FEATURES), "model.skops")


def test_check_trees_inner_estimator_is_held_to_its_own_columns() -> None:
    model = forest(1)
    model.n_features_in_ = 1
    with pytest.raises(StateError, match="feature that is not there"):
        check_trees(model, len(FEATURES), "model.skops")


@pytest.mark.parametrize("nodes", [None, np.zeros(0), np.zeros(3), "nodes"])
def test_check_trees_without_nodes_is_refused(nodes: object) -> None:
    with pytest.raises(StateError, match="damaged tree"):
        check_trees([TreePredictor(nodes, None, None)], 6, "model.skops")


def test_load_refuses_a_spoiled_tree_before_it_is_used() -> None:
    content = dump_model(spoiled("left", 2**31))
    with pytest.raises(StateError, match=r"model\.skops holds a damaged tree"):
        load_model(content, "model.skops", len(FEATURES))


def test_trusted_types_each_say_why() -> None:
    assert all(name.count(".") and len(why) > 20 for name, why in TRUSTED.items())
