"""What a model file may be made of, reviewed type by type.

skops stores no code, only names of types and their contents, and refuses types that are neither on its own
list (scikit-learn's estimators, numpy's arrays and numbers) nor on this one. A trusted type can still carry
hostile content: scikit-learn walks a tree's nodes in compiled code without checking an index, so a crafted
file could read foreign memory. `check_trees` therefore looks at every index before a model is used.
Weak: a file by somebody who wants a *bad* forecast loads like a good one. A hash in the card tells of
damage and edits, not of a malicious author; take bundles only from people you would take code from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

# sklearn has no public name for these two; the version policy of bundles guards against their moving.
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

from outrigger.errors import StateError

# Type by its full name, and why loading one cannot do harm.
TRUSTED: Final[Mapping[str, str]] = {
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": (
        "a holder of three arrays: no code runs when one is made, and `check_trees` bounds its indices"
    ),
}
_MAX_DEPTH = 32


def check_trees(model: Any, n_features: int, name: str) -> None:
    """Refuse a model with a tree that would leave its own arrays.

    Parameters
    ----------
    model : object
        What skops has loaded; not used before this has returned.
    n_features : int
        Columns that the model is given; an estimator inside that states fewer of its own is held to those.
    name : str
        File, for the error message.

    Raises
    ------
    StateError
        A node points outside its tree, back towards the root, or at a feature that there is not.
    """
    for tree, features in _trees(model, n_features, set(), 0):
        fault = _fault(tree, features)
        if fault:
            raise StateError(
                f"{name} holds a damaged tree ({fault}): the file was not written by Outrigger; "
                "delete the bundle and run `outrigger train`"
            )


def _trees(part: Any, n_features: int, seen: set[int], depth: int) -> Iterator[tuple[Any, int]]:
    """Every tree inside a loaded object, with the number of columns it may look at."""
    if id(part) in seen or isinstance(part, str | bytes | int | float | None):
        return
    seen.add(id(part))
    if depth > _MAX_DEPTH:
        raise StateError("a model file is nested too deeply to be one of Outrigger's: run `outrigger train`")
    if isinstance(part, TreePredictor):
        yield part, n_features
        return
    if isinstance(part, np.ndarray):
        inside: Any = part.ravel().tolist() if part.dtype == object else ()
    elif isinstance(part, Mapping):
        inside = part.values()
    elif isinstance(part, list | tuple | set):
        inside = part
    else:
        content = getattr(part, "__dict__", {})
        stated = content.get("n_features_in_")
        n_features = min(n_features, stated) if isinstance(stated, int) else n_features
        inside = content.values()
    for item in inside:
        yield from _trees(item, n_features, seen, depth + 1)


def _fault(tree: Any, n_features: int) -> str | None:
    """What is wrong with a tree's indices; None for nothing."""
    nodes = getattr(tree, "nodes", None)
    if not isinstance(nodes, np.ndarray) or nodes.ndim != 1 or not len(nodes):
        return "it has no nodes"
    if nodes.dtype != PREDICTOR_RECORD_DTYPE:
        return "its nodes have another layout"
    splits = np.flatnonzero(nodes["is_leaf"] == 0)
    inner = nodes[splits]
    # scikit-learn writes parents before children: an index that grows can neither leave nor go in circles.
    for side in ("left", "right"):
        if ((inner[side] <= splits) | (inner[side] >= len(nodes))).any():
            return f"a {side} branch leads nowhere"
    if ((inner["feature_idx"] < 0) | (inner["feature_idx"] >= n_features)).any():
        return "it asks for a feature that is not there"
    if inner["is_categorical"].any():
        return "it splits on categories, which no feature has"
    return None if np.isfinite(nodes["value"]).all() else "a value is not a number"
