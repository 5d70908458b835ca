"""A boosting's trees as flat arrays, asked without scikit-learn's threads.

scikit-learn walks row after row down one tree after another, each tree in a call and threads of its own. For
the one row of a live candle that is a hundred times the work: here all trees take a step at once. For a year
of rows it waits for memory: here a tree is a few comparisons of whole columns, from the leaves up. Children
stand behind their parents, and leaves point to themselves. Answers equal scikit-learn's to rounding, at any
number of rows. Made from a fitted model when first asked, and never stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax

from outrigger.volatility.windows import Array

Indices = npt.NDArray[np.intp]
# Up to so many rows the trees are walked side by side.
_FEW = 64


@dataclass(frozen=True, slots=True, eq=False)
class FlatTrees:
    """Nodes of all trees, tree after tree, round after round.

    Parameters
    ----------
    roots : ndarray of shape (n_rounds, n_scores)
        First node of each tree.
    columns : ndarray of shape (n_nodes,)
        What a node asks for.
    thresholds, values : ndarray of shape (n_nodes,)
        What it is compared with, and what a leaf adds.
    children : ndarray of shape (n_nodes, 2)
        Next node above the threshold, and at or below it; a leaf's are itself.
    missing_below : ndarray of bool, shape (n_nodes,)
        Whether a missing value counts as below.
    baseline : ndarray of shape (n_scores,)
        Scores before the first tree.
    depth : int
        Most splits on a way from a root to a leaf.
    """

    roots: Indices
    columns: Indices
    thresholds: Array
    values: Array
    children: Indices
    missing_below: npt.NDArray[np.bool_]
    baseline: Array
    depth: int


def flatten(trees: Any) -> FlatTrees:
    """Lay out the trees of a fitted `HistGradientBoostingClassifier` without categories.

    Parameters
    ----------
    trees : HistGradientBoostingClassifier
        Left as it is.

    Returns
    -------
    FlatTrees
    """
    rounds = trees._predictors
    every = [tree.nodes for one in rounds for tree in one]
    lengths = np.array([len(nodes) for nodes in every])
    begins = np.cumsum(lengths) - lengths
    nodes = np.concatenate(every)
    own, begin = np.arange(len(nodes)), np.repeat(begins, lengths)
    leaf = nodes["is_leaf"] != 0
    below, above = (np.where(leaf, own, begin + nodes[side]) for side in ("left", "right"))
    return FlatTrees(
        roots=begins.reshape(len(rounds), -1),
        columns=np.where(leaf, 0, nodes["feature_idx"]).astype(np.intp),
        thresholds=nodes["num_threshold"].astype(np.float64),
        values=nodes["value"].astype(np.float64),
        children=np.column_stack([above, below]).astype(np.intp),
        missing_below=nodes["missing_go_to_left"] != 0,
        baseline=np.asarray(trees._baseline_prediction, dtype=np.float64).ravel(),
        # Every split has two branches: of n nodes (n - 1) / 2 are splits, at worst one below the other.
        depth=int(lengths.max() - 1) // 2,
    )


def probabilities(trees: FlatTrees, X: Array) -> Array:
    """Give what `predict_proba` would.

    Parameters
    ----------
    trees : FlatTrees
        From `flatten`.
    X : ndarray of shape (n_rows, n_columns)
        NaN is missing. Quickest column by column in memory and some thousand rows at a time.

    Returns
    -------
    ndarray of shape (n_rows, n_classes)
    """
    scores = (_by_steps if len(X) <= _FEW else _by_columns)(trees, X) + trees.baseline
    if scores.shape[1] == 1:
        chance = expit(scores[:, 0])
        return np.column_stack([1.0 - chance, chance])
    return np.asarray(softmax(scores, axis=1))


def _by_steps(trees: FlatTrees, X: Array) -> Array:
    """All trees at once, a step at a time."""
    node = np.tile(trees.roots.ravel(), (len(X), 1))
    for _ in range(trees.depth):
        asked = np.take_along_axis(X, trees.columns[node], axis=1)
        below = (asked <= trees.thresholds[node]) | (np.isnan(asked) & trees.missing_below[node])
        node = trees.children[node, below.astype(np.intp)]
    return np.asarray(trees.values[node].reshape(len(X), *trees.roots.shape).sum(axis=1))


def _by_columns(trees: FlatTrees, X: Array) -> Array:
    """All rows at once, a tree at a time: which leaf a node leads to is chosen from where its children lead.

    Leaves are small whole numbers until the end: choosing between them is a few operations on bits that a
    processor does on many rows at a time, where choosing between values would be a guess a row.
    """
    scores = np.zeros((trees.roots.shape[1], len(X)))
    columns, thresholds = trees.columns.tolist(), trees.thresholds.tolist()
    children, missing_below = trees.children.tolist(), trees.missing_below.tolist()
    ends = [*trees.roots.ravel().tolist(), len(trees.values)]
    number = np.uint8 if np.diff(ends).max() <= 256 else np.uint32
    for tree, (root, end) in enumerate(pairwise(ends)):
        leads: list[Any] = list(np.arange(end - root, dtype=number))
        for node in range(end - 1, root - 1, -1):
            above, below = children[node]
            if above == node:
                continue
            # A missing value is neither above nor below: it takes the side that is not asked about.
            x, threshold = X[:, columns[node]], thresholds[node]
            first, second = (below, above) if missing_below[node] else (above, below)
            asked = x > threshold if missing_below[node] else x <= threshold
            first, second = leads[first - root], leads[second - root]
            # All bits where the answer is yes: turns the first into the second.
            leads[node - root] = first ^ ((first ^ second) & -asked.astype(number))
        scores[tree % len(scores)] += np.broadcast_to(trees.values[root:end].take(leads[0]), len(X))
    return scores.T
