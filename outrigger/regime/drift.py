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


def stability_index(counts: npt.NDArray[np.int64], bins: FeatureBins) -> float:
    """Compare recent counts with the shares in training.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_edges + 2,)
        From `FeatureBins.count`; at least one row.
    bins : FeatureBins
        The training's.

    Returns
    -------
    float
        0 for the same shares; symmetric, unbounded above.

    Notes
    -----
    PSI = Σ (p − q) ln(p / q), Jeffreys' divergence of two histograms; its distribution under no change is in
    Yurdakul and Naranjo (2020), Statistical properties of the population stability index, Journal of Risk
    Model Validation 14(4).
    """
    recent = np.maximum(counts / counts.sum(), _SMALLEST_SHARE)
    trained = np.maximum(np.asarray(bins.shares), _SMALLEST_SHARE)
    return float(np.sum((recent - trained) * np.log(recent / trained)))


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
        usual = max((stability_index(plain.count(values[rows]), plain) for rows in whole), default=0.0)
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
