"""How good probabilities of regimes are: the measures that every table, card and study shares.

Log loss is natural, a mean over rows. Areas under the ROC curve are one class against the rest. Calibration
error is the expected one: rows are put into ten bins of equal width by the probability told, and the
gap between mean probability and share that came is averaged over bins, weighted by rows. The Brier score
of a class is its mean squared error; their sum is the multi-class score. A class that never came, or came
always, has no area: NaN. Weak: overlapping labels make all of them look more certain than they are.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from outrigger.errors import DataError
from outrigger.regime.classes import REGIMES
from outrigger.volatility.windows import Array

Labels = npt.NDArray[np.integer]
_BINS = 10


def _checked(y: Labels, probabilities: Array) -> None:
    if probabilities.shape != (len(y), len(REGIMES)) or not len(y):
        raise DataError(
            f"{len(y)} labels and probabilities of shape {probabilities.shape}: pass one row of "
            f"{len(REGIMES)} probabilities a label, and at least one"
        )
    if not np.isin(y, np.arange(len(REGIMES))).all():
        raise DataError("a label is no regime: leave unlabelled rows (-1) out before measuring")


def log_loss(y: Labels, probabilities: Array) -> float:
    """Mean negative log of the probability given to what came.

    Parameters
    ----------
    y : ndarray of int, shape (n_rows,)
        Index into `REGIMES`.
    probabilities : ndarray of shape (n_rows, 5)
        Rows sum to one.

    Returns
    -------
    float

    Raises
    ------
    DataError
        Shapes differ, there is no row, or a label is no regime.
    """
    _checked(y, probabilities)
    return float(sklearn_log_loss(y, probabilities, labels=np.arange(len(REGIMES))))


def prior_log_loss(y: Labels, training_y: Labels) -> float:
    """Log loss of always telling the training window's shares.

    Parameters
    ----------
    y, training_y : ndarray of int
        Labels judged, and labels whose shares are told; each class counts once more than it came.

    Returns
    -------
    float

    Raises
    ------
    DataError
        There is no row, or a label is no regime.
    """
    counts = np.bincount(training_y, minlength=len(REGIMES)) + 1.0
    return log_loss(y, np.tile(counts / counts.sum(), (len(y), 1)))


def auc_by_class(y: Labels, probabilities: Array) -> Array:
    """Area under the ROC curve of each regime against the rest.

    Parameters
    ----------
    y, probabilities
        As for `log_loss`.

    Returns
    -------
    ndarray of shape (5,)
        NaN for a class that never came or came always.
    """
    _checked(y, probabilities)
    areas = np.full(len(REGIMES), np.nan)
    for one in range(len(REGIMES)):
        came = y == one
        if came.any() and not came.all():
            areas[one] = roc_auc_score(came, probabilities[:, one])
    return areas


def macro_auc(y: Labels, probabilities: Array) -> float:
    """Mean of `auc_by_class` over the classes that have one; NaN where none has."""
    areas = auc_by_class(y, probabilities)
    known = areas[np.isfinite(areas)]
    return float(known.mean()) if known.size else float("nan")


def brier_by_class(y: Labels, probabilities: Array) -> Array:
    """Mean squared error of each regime's probability, shape (5,); the sum is the multi-class score."""
    _checked(y, probabilities)
    scores = [
        brier_score_loss(y == one, probabilities[:, one], pos_label=True) for one in range(len(REGIMES))
    ]
    return np.array(scores, dtype=np.float64)


def calibration_error_by_class(y: Labels, probabilities: Array, bins: int = _BINS) -> Array:
    """Expected calibration error of each regime.

    Parameters
    ----------
    y, probabilities
        As for `log_loss`.
    bins : int
        Bins of equal width over 0 to 1.

    Returns
    -------
    ndarray of shape (5,)

    Notes
    -----
    Σ_b n_b/n · |mean probability in b − share that came in b|, Naeini, Cooper & Hauskrecht (2015),
    "Obtaining well calibrated probabilities using Bayesian binning".
    """
    _checked(y, probabilities)
    errors = np.zeros(len(REGIMES))
    for one in range(len(REGIMES)):
        told, came = probabilities[:, one], (y == one).astype(np.float64)
        at = np.minimum((told * bins).astype(np.int64), bins - 1)
        # A bin's weight times its gap is the sum of its rows' gaps over all rows.
        errors[one] = np.abs(np.bincount(at, weights=told - came, minlength=bins)).sum() / len(y)
    return errors


def top_precision(y: Labels, probabilities: Array, regime: int, share: float = 0.05) -> float:
    """Share of a regime among the rows that were thought likeliest to have it.

    Parameters
    ----------
    y, probabilities
        As for `log_loss`.
    regime : int
        Index into `REGIMES`.
    share : float
        Part of all rows that is taken, above 0 and at most 1; at least one row.

    Returns
    -------
    float
        Compare it with the regime's share of all rows.
    """
    _checked(y, probabilities)
    count = max(round(share * len(y)), 1)
    likeliest = np.argsort(-probabilities[:, regime], kind="stable")[:count]
    return float(np.mean(y[likeliest] == regime))
