"""Whether today's features still look like those a model was trained on.

The population stability index compares the shares of a feature's training deciles, and of its missing values,
with recent ones. Features of a market are strongly autocorrelated: a week is never a fair sample of a year,
and the customary limit of 0.25 would cry every week. So each feature also carries the largest index that
any window of the same length had *within* training, and drifts only above both. Weak: a slow feature can
hardly drift by this measure, and a feature can drift without doing harm; what a model costs is judged by
its log loss (`drift_memory`, `drift_state`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.volatility.windows import Array

# Beyond this a population is customarily called shifted (Siddiqi 2006, Credit Risk Scorecards).
SHIFTED: Final = 0.25
WINDOW_MS: Final = 7 * 86_400_000
_BINS: Final = 10
# What an empty bin counts as: the index takes logarithms of shares.
_SMALLEST_SHARE: Final = 1e-3
_LEAST_ROWS: Final = 500


@dataclass(frozen=True, slots=True)
class FeatureBins:
    """How a feature was distributed in training.

    Parameters
    ----------
    edges : tuple of float
        Deciles, without repetition; a value at an edge belongs below it.
    shares : tuple of float
        Share of the rows in each of the `len(edges) + 1` bins, then the share of missing values.
    usual : float
        Largest index of any window within training.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]
    usual: float

    @property
    def limit(self) -> float:
        """Index above which the feature has drifted."""
        return max(SHIFTED, self.usual)

    def count(self, values: Array) -> npt.NDArray[np.int64]:
        """Count values by bin, missing ones last; shape (n_edges + 2,)."""
        missing = ~np.isfinite(values)
        places = np.searchsorted(self.edges, values[~missing], side="left")
        found = np.bincount(places, minlength=len(self.edges) + 1)
        return np.append(found, missing.sum()).astype(np.int64)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"edges": list(self.edges), "shares": list(self.shares), "usual": self.usual}

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> FeatureBins:
        """Read the JSON-able form; raises KeyError, TypeError or ValueError where it is not one."""
        edges, shares = (tuple(float(x) for x in body[name]) for name in ("edges", "shares"))
        if len(shares) != len(edges) + 2 or list(edges) != sorted(set(edges)):
            raise ValueError("bins do not fit their edges")
        return cls(edges, shares, float(body["usual"]))


@dataclass(frozen=True, slots=True, eq=False)
class BinTable:
    """The bins of all features of a model, to count and compare at once.

    Parameters
    ----------
    names : tuple of str
        Features.
    edges : ndarray of shape (n_features, n_edges)
        Of each, filled up with infinity.
    shares : ndarray of shape (n_features, n_edges + 2)
        Of each: bins, filled up with 0, then missing values.
    limits : ndarray of shape (n_features,)
        Index above which each has drifted.
    """

    names: tuple[str, ...]
    edges: Array
    shares: Array
    limits: Array

    @classmethod
    def of(cls, bins: Mapping[str, FeatureBins]) -> BinTable:
        """Lay bins side by side."""
        widest = max((len(found.edges) for found in bins.values()), default=0)
        edges, shares = np.full((len(bins), widest), np.inf), np.zeros((len(bins), widest + 2))
        for row, found in enumerate(bins.values()):
            edges[row, : len(found.edges)] = found.edges
            shares[row, : len(found.edges) + 1] = found.shares[:-1]
            shares[row, -1] = found.shares[-1]
        limits = np.array([found.limit for found in bins.values()])
        return cls(tuple(str(name) for name in bins), edges, shares, limits)

    def count(self, rows: Array) -> npt.NDArray[np.int64]:
        """Count rows by feature and bin.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)
            Values, in the order of `names`.

        Returns
        -------
        ndarray of int64, shape (n_features, n_edges + 2)
            As `FeatureBins.count` of each feature, with empty bins where it has fewer edges than others.
        """
        features, bins = self.shares.shape
        places = np.zeros(rows.shape, dtype=np.int64)
        for edge in self.edges.T:
            places += edge < rows
        places = np.where(np.isfinite(rows), places, bins - 1) + bins * np.arange(features)
        return np.bincount(places.ravel(), minlength=features * bins).reshape(features, bins)

    def drifted(self, counts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether each feature's recent counts, shape (n_features, n_edges + 2), are beyond its limit."""
        return stability_index(counts, self.shares) > self.limits


def stability_index(counts: npt.NDArray[np.int64], shares: npt.ArrayLike) -> Array:
    """Compare recent counts with the shares in training.

    Parameters
    ----------
    counts : ndarray of int64, shape (..., n_bins)
        From `count`; at least one row.
    shares : array_like of shape (..., n_bins)
        The training's.

    Returns
    -------
    ndarray of shape (...)
        0 for the same shares; symmetric, unbounded above. A bin that is empty in both adds nothing.

    Notes
    -----
    PSI = Σ (p − q) ln(p / q), Jeffreys' divergence of two histograms; its distribution under no change is in
    Yurdakul and Naranjo (2020), Statistical properties of the population stability index, Journal of Risk
    Model Validation 14(4).
    """
    recent = np.maximum(counts / counts.sum(axis=-1, keepdims=True), _SMALLEST_SHARE)
    trained = np.maximum(np.asarray(shares), _SMALLEST_SHARE)
    return np.asarray(np.sum((recent - trained) * np.log(recent / trained), axis=-1))


def training_bins(
    features: pd.DataFrame, closed_ms: npt.NDArray[np.int64], window_ms: int = WINDOW_MS
) -> dict[str, FeatureBins]:
    """Describe the distribution of every feature in training.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_features)
        Training rows, pairs pooled.
    closed_ms : ndarray of int64, shape (n_rows,)
        Their closes.
    window_ms : int
        Length of the windows that live features will be compared in.

    Returns
    -------
    dict of str to FeatureBins
        By column.
    """
    window = np.asarray(closed_ms) // window_ms
    rows_of = [np.flatnonzero(window == one) for one in np.unique(window)]
    # The first and the last window are usually cut off: too few rows to say what is usual.
    whole = [rows for rows in rows_of if len(rows) >= _LEAST_ROWS]
    found = {}
    for name in features.columns:
        values = features[name].to_numpy(np.float64)
        plain = _bins(values)
        usual = max(
            (float(stability_index(plain.count(values[rows]), plain.shares)) for rows in whole), default=0.0
        )
        found[str(name)] = FeatureBins(plain.edges, plain.shares, usual)
    return found


def _bins(values: Array) -> FeatureBins:
    """Deciles and their shares, before anything is known of what is usual."""
    present = values[np.isfinite(values)]
    inner = np.linspace(0.0, 1.0, _BINS + 1)[1:-1]
    # Rounded, so that a card is short, and sorted out afterwards, so that edges stay distinct.
    edges = (
        np.unique(np.round(np.quantile(present, inner, method="inverted_cdf"), 6))
        if len(present)
        else np.zeros(0)
    )
    bins = FeatureBins(tuple(edges.tolist()), (), 0.0)
    shares = bins.count(values) / max(len(values), 1)
    return FeatureBins(bins.edges, tuple(np.round(shares, 6).tolist()), 0.0)
