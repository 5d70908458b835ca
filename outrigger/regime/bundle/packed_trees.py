"""Boosted trees as one table, because hundreds of little objects are slow to read and large to keep.

scikit-learn walks a tree in compiled code without checking an index, so a crafted file could read foreign
memory. The table is checked whole before a tree is built of it: every branch leads to a later node of its own
tree, every feature is there, no split is on categories. What only a continued fit would need, thresholds of
bins and a random state, is left out: a stored model predicts, it does not learn on.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

# scikit-learn has no public names for these; a bundle's check rows guard against their changing.
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

from outrigger.errors import StateError
from outrigger.regime.bundle.trusted import parts_of

_NO_CATEGORIES: Final = np.zeros((0, 8), dtype=np.uint32)
_NODES, _LENGTHS = "nodes", "lengths"


def packed(model: Any) -> Any:
    """Copy a model, its boosted trees packed for storage.

    Parameters
    ----------
    model : object
        A fitted estimator; left as it is.

    Returns
    -------
    object
        A copy that cannot be asked until `unpack` has been over it.
    """
    stored = copy.deepcopy(model)
    for boosting in _boostings(stored):
        trees = boosting._predictors
        boosting._predictors = {
            _NODES: np.concatenate([tree.nodes for row in trees for tree in row]),
            _LENGTHS: np.array([[len(tree.nodes) for tree in row] for row in trees], dtype=np.int64),
        }
        boosting._bin_mapper.bin_thresholds_ = []
        boosting._feature_subsample_rng = None
    return stored


def unpack(model: Any, name: str) -> None:
    """Build the trees of a model that `packed` made, in place.

    Parameters
    ----------
    model : object
        What was read.
    name : str
        File, for the error message.

    Raises
    ------
    StateError
        A tree points outside itself, back towards its root, or at a feature that there is not.
    """
    for boosting in _boostings(model):
        try:
            boosting._predictors = _trees(boosting)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise StateError(
                f"{name} holds damaged trees ({error}): the file was not written by Outrigger; delete the "
                "bundle and run `outrigger train`"
            ) from error


def _boostings(model: Any) -> list[Any]:
    return [part for part in parts_of(model) if isinstance(part, HistGradientBoostingClassifier)]


def _trees(boosting: Any) -> list[list[TreePredictor]]:
    """Build the trees; raises what Python raises where the table cannot be one."""
    table: Mapping[str, Any] = boosting._predictors
    if not isinstance(table, Mapping):
        raise TypeError("they are not packed in a table")
    nodes, lengths = table[_NODES], table[_LENGTHS]
    if not isinstance(nodes, np.ndarray) or nodes.dtype != PREDICTOR_RECORD_DTYPE or nodes.ndim != 1:
        raise TypeError("their nodes have another layout")
    if not isinstance(lengths, np.ndarray) or lengths.dtype != np.int64 or lengths.ndim != 2:
        raise TypeError("their lengths have another layout")
    if lengths.min(initial=1) < 1 or lengths.max(initial=1) > len(nodes) or lengths.sum() != len(nodes):
        raise ValueError("their lengths do not add up")
    if lengths.shape[1] != boosting.n_trees_per_iteration_:
        raise ValueError("there is not one tree a class and round")
    _check(nodes, lengths.ravel(), int(boosting.n_features_in_))
    pieces = iter(np.split(nodes, np.cumsum(lengths.ravel())[:-1]))
    return [
        [TreePredictor(np.ascontiguousarray(next(pieces)), _NO_CATEGORIES, _NO_CATEGORIES) for _ in row]
        for row in lengths
    ]


def _check(nodes: npt.NDArray[Any], lengths: npt.NDArray[np.int64], n_features: int) -> None:
    """Raise ValueError where compiled code would leave a tree or a row of features."""
    begins = np.cumsum(lengths) - lengths
    place = np.arange(len(nodes)) - np.repeat(begins, lengths)
    size = np.repeat(lengths, lengths)
    split = nodes["is_leaf"] == 0
    for side in ("left", "right"):
        # Parents come before children in scikit-learn: an index that grows cannot go in circles.
        child = nodes[side].astype(np.int64)
        if (split & ((child <= place) | (child >= size))).any():
            raise ValueError(f"a {side} branch leads nowhere")
    if (split & ((nodes["feature_idx"] < 0) | (nodes["feature_idx"] >= n_features))).any():
        raise ValueError("one asks for a feature that is not there")
    if (split & (nodes["is_categorical"] != 0)).any():
        raise ValueError("one splits on categories, which no feature has")
    if not np.isfinite(nodes["value"]).all():
        raise ValueError("a value is not a number")
