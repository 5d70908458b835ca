"""Trees survive being packed to the last bit; one that would leave its arrays never gets to compiled code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from outrigger.errors import StateError
from outrigger.regime.bundle.packed_trees import packed, unpack
from outrigger.regime.bundle.stored_model import dump_model, load_model
from outrigger.regime.bundle.trusted import TRUSTED, foreign_types
from tests.regime.bundles import forest, noise


def spoiled(field: str, value: object, at: int = 0) -> Any:
    """A packed model with one number changed."""
    model = packed(forest(1))
    model._predictors["nodes"][field][at] = value
    return model


def test_packed_model_unpacked_says_the_same_to_the_last_bit() -> None:
    model, rows = forest(1), noise(200, 2)
    copy = packed(model)
    unpack(copy, "m")
    np.testing.assert_array_equal(copy.predict_proba(rows), model.predict_proba(rows))


def test_packed_model_leaves_the_original_as_it_is() -> None:
    model, rows = forest(1), noise(200, 2)
    before = model.predict_proba(rows)
    packed(model)
    np.testing.assert_array_equal(model.predict_proba(rows), before)


def test_stored_model_of_two_regimes_says_the_same() -> None:
    rows = noise(300, 1)
    model = HistGradientBoostingClassifier(max_iter=3).fit(rows, np.arange(300) % 2)
    found = load_model(dump_model(model), "m.skops")
    np.testing.assert_array_equal(found.predict_proba(rows), model.predict_proba(rows))


def test_packed_trees_inside_other_objects_are_found() -> None:
    model = packed({"stages": [(forest(1),)]})
    assert isinstance(model["stages"][0][0]._predictors, dict)
    unpack(model, "m")
    model["stages"][0][0].predict_proba(noise(3, 1))


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
def test_unpack_index_outside_is_refused(field: str, value: object, fault: str) -> None:
    with pytest.raises(StateError, match=rf"model\.skops holds damaged trees .*{fault}.*outrigger train"):
        unpack(spoiled(field, value), "model.skops")


def test_unpack_branch_into_the_next_tree_is_refused() -> None:
    model = packed(forest(1))
    model._predictors["nodes"]["left"][0] = model._predictors["lengths"][0, 0]
    with pytest.raises(StateError, match="left branch"):
        unpack(model, "m")


@pytest.mark.parametrize(
    ("part", "value", "fault"),
    [
        ("nodes", np.zeros(3), "nodes have another layout"),
        ("lengths", np.ones((3, 5)), "lengths have another layout"),
        ("lengths", np.ones((3, 5), dtype=np.int64), "do not add up"),
        ("lengths", np.full((1, 1), -1, dtype=np.int64), "do not add up"),
    ],
)
def test_unpack_table_that_is_none_is_refused(part: str, value: object, fault: str) -> None:
    model = packed(forest(1))
    model._predictors[part] = value
    with pytest.raises(StateError, match=fault):
        unpack(model, "m")


def test_unpack_fewer_features_than_trees_ask_for_is_refused() -> None:
    model = packed(forest(1))
    model.n_features_in_ = 1
    with pytest.raises(StateError, match="feature that is not there"):
        unpack(model, "m")


def test_load_refuses_a_spoiled_tree_before_it_is_used() -> None:
    content = skops.io.dumps(spoiled("left", 2**31))
    with pytest.raises(StateError, match=r"model\.skops holds damaged trees"):
        load_model(content, "model.skops")


def test_load_refuses_trees_that_are_not_packed() -> None:
    with pytest.raises(StateError, match=r"types that no bundle may hold.*TreePredictor"):
        load_model(skops.io.dumps(forest(1)), "model.skops")


@pytest.mark.parametrize("kind", [KNeighborsClassifier, LogisticRegression])
def test_load_refuses_what_skops_trusts_and_this_list_does_not(kind: Any) -> None:
    """skops would load any of scikit-learn, compiled code that trusts its arrays included."""
    content = skops.io.dumps(kind().fit(noise(50, 1).fillna(0.0), np.arange(50) % 5))
    with pytest.raises(StateError, match="types that no bundle may hold"):
        load_model(content, "model.skops")


def test_foreign_types_names_what_is_hidden_deep_inside() -> None:
    model = forest(1)
    model.extra = [{"k": (np.array([LogisticRegression()], dtype=object),)}]
    assert foreign_types(model)[-1] == "sklearn.linear_model._logistic.LogisticRegression"


def test_foreign_types_nested_too_deeply_is_refused() -> None:
    nest: list[Any] = []
    for _ in range(50):
        nest = [nest]
    with pytest.raises(StateError, match="nested too deeply"):
        foreign_types(nest)


def test_trusted_types_each_say_why() -> None:
    assert all(name.count(".") >= 2 and len(why) > 12 for name, why in TRUSTED.items())
