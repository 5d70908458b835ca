"""What funding, book and open interest may say: a shrunk correction of the candles' verdict, to be earned.

Given to the halves directly, slow inputs make a model worse: it fits their noise. Here they only move the
candle model's log-probabilities, linearly, from nothing, with a ridge, and in mirror symmetry. Whether they
may is decided inside the training window: a correction fitted on some blocks of time is judged on another,
purged and against candle forecasts that knew neither, and it is kept only if the log loss falls by more than
day-to-day noise explains, in most blocks. Otherwise every coefficient is exactly zero and the model is the
one without inputs. A missing input stands at its centre and adds exactly nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax

from outrigger.regime.model.multinomial import fit_multinomial, logits
from outrigger.regime.model.windows import CANDLE_MS, Rows
from outrigger.volatility.windows import Array

BLOCKS = 5
RIDGES = (0.03, 0.1, 0.3)
_DAY_MS = 86_400_000
_BOUND = 4.0
# Standard errors by which the log loss must fall: one sided, one in twenty by chance.
BEYOND_NOISE = 1.645
_FEWEST_DAYS = 20
Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Correction:
    """Coefficients of the inputs.

    Parameters
    ----------
    centre, scale : ndarray of shape (n_inputs,)
        What counts as saying nothing (zero for signed columns, the training mean for others), and the root
        mean square distance from it.
    coefficients : ndarray
        As of `fit_multinomial`; empty where the inputs have earned no say.
    """

    centre: Array
    scale: Array
    coefficients: Array


def blocks(times_ms: Rows, number: int, embargo_bars: int) -> Iterator[tuple[Rows, Rows]]:
    """Cut time into equal blocks and leave each out in turn, with a gap on both sides.

    Parameters
    ----------
    times_ms : ndarray of int64, shape (n_rows,)
        Close of each row's candle.
    number : int
        Blocks.
    embargo_bars : int
        Candles left out on both sides of a block, at least the labels' horizon.

    Yields
    ------
    others, block : ndarray of int64
        Positions; blocks without rows on either side are left out.
    """
    edges = np.linspace(int(times_ms.min()), int(times_ms.max()) + 1, number + 1)
    gap = embargo_bars * CANDLE_MS
    for begin, end in pairwise(edges.tolist()):
        block = np.flatnonzero((times_ms >= begin) & (times_ms < end))
        others = np.flatnonzero((times_ms < begin - gap) | (times_ms >= end + gap))
        if len(block) and len(others):
            yield others, block


def _scales(inputs: Array, signed: Mask) -> tuple[Array, Array]:
    """Centre and scale of each input; a column that never moved is left as it is."""
    seen = np.isfinite(inputs)
    counts = np.maximum(seen.sum(axis=0), 1)
    means = np.where(seen, inputs, 0.0).sum(axis=0) / counts
    centre = np.where(signed, 0.0, means)
    distance = np.where(seen, inputs - centre, 0.0)
    spread = np.sqrt((distance**2).sum(axis=0) / counts)
    return centre, np.where(spread > 1e-9, spread, 1.0)


def _design(inputs: Array, signed: Mask, centre: Array, scale: Array) -> tuple[Array, Array]:
    z = np.clip((inputs - centre) / scale, -_BOUND, _BOUND)
    z[~np.isfinite(z)] = 0.0
    return z[:, ~signed], z[:, signed]


def corrected(log_p: Array, inputs: Array, signed: Mask, correction: Correction) -> Array:
    """Move log-probabilities by what the inputs say.

    Parameters
    ----------
    log_p : ndarray of shape (n_rows, 5)
        The candle model's.
    inputs : ndarray of shape (n_rows, n_inputs)
        Bounded columns; NaN is missing.
    signed : ndarray of bool, shape (n_inputs,)
        Columns that change sign in a mirror.
    correction : Correction
        From `earned_correction`.

    Returns
    -------
    ndarray of shape (n_rows, 5)
        Log-probabilities; the same numbers where the inputs have no say or are all missing.
    """
    if not correction.coefficients.size:
        return log_p
    told = np.isfinite(inputs).any(axis=1)
    moved = log_p.copy()
    even, odd = _design(inputs[told], signed, correction.centre, correction.scale)
    moved[told] = log_softmax(log_p[told] + logits(even, odd, correction.coefficients), axis=1)
    return moved


def earned_correction(
    log_p: Array,
    inputs: Array,
    signed: Mask,
    y: Labels,
    times_ms: Rows,
    embargo_bars: int,
) -> Correction:
    """Fit a correction and keep it only if it proves itself on blocks it was not fitted on.

    Parameters
    ----------
    log_p : ndarray of shape (n_rows, 5)
        Candle log-probabilities of rows that their model was not fitted on.
    inputs : ndarray of shape (n_rows, n_inputs)
        Bounded columns; NaN is missing.
    signed : ndarray of bool, shape (n_inputs,)
        Columns that change sign in a mirror.
    y : ndarray of int, shape (n_rows,)
        Index into `REGIMES`.
    times_ms : ndarray of int64, shape (n_rows,)
        Close of each row's candle.
    embargo_bars : int
        Candles left out around a block.

    Returns
    -------
    Correction
        With no coefficients where the inputs have not earned a say.
    """
    centre, scale = _scales(inputs, signed)
    nothing = Correction(centre, scale, np.empty(0))
    told = np.flatnonzero(np.isfinite(inputs).any(axis=1))
    if len(np.unique(times_ms[told] // _DAY_MS)) < _FEWEST_DAYS:
        return nothing
    even, odd = _design(inputs[told], signed, centre, scale)
    known, came, times = log_p[told], y[told], times_ms[told]
    best, best_ridge = 0.0, None
    for ridge in RIDGES:
        gains, blocks_won, folds = np.full(len(told), np.nan), 0, 0
        for others, block in blocks(times, BLOCKS, embargo_bars):
            fitted = fit_multinomial(
                even[others], odd[others], came[others], ridge=ridge, offset=known[others]
            )
            moved = log_softmax(known[block] + logits(even[block], odd[block], fitted), axis=1)
            rows = np.arange(len(block))
            gains[block] = moved[rows, came[block]] - known[block][rows, came[block]]
            blocks_won += bool(gains[block].mean() > 0)
            folds += 1
        score = beyond_noise(gains, times)
        if folds > 1 and blocks_won >= 0.8 * folds and score > BEYOND_NOISE and np.nanmean(gains) > best:
            best, best_ridge = float(np.nanmean(gains)), ridge
    if best_ridge is None:
        return nothing
    return Correction(centre, scale, fit_multinomial(even, odd, came, ridge=best_ridge, offset=known))


def with_blanks(values: Array, y: Labels, columns: Mask, times_ms: Rows) -> tuple[Array, Labels]:
    """Repeat every third day's rows without some columns: what learns from them learns to do without.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        Left as it is.
    y : ndarray of int, shape (n_rows,)
        Index into `REGIMES`.
    columns : ndarray of bool, shape (n_columns,)
        Columns to blank.
    times_ms : ndarray of int64, shape (n_rows,)
        Close of each row's candle.

    Returns
    -------
    values, y : ndarray of shape (n_more_rows, n_columns), (n_more_rows,)
    """
    again = (times_ms // _DAY_MS) % 3 == 0
    return np.vstack([values, np.where(columns, np.nan, values[again])]), np.concatenate([y, y[again]])


def beyond_noise(gains: Array, times_ms: Rows) -> float:
    """Mean daily gain over its standard error: rows of a day share their future, pairs share the day."""
    told, days = np.isfinite(gains), times_ms // _DAY_MS
    if not told.any():
        return 0.0
    _, at = np.unique(days[told], return_inverse=True)
    daily = np.bincount(at, weights=gains[told]) / np.bincount(at)
    spread = float(daily.std(ddof=1)) if len(daily) > 1 else 0.0
    return float(daily.mean() / (spread / np.sqrt(len(daily)))) if spread > 0 else 0.0
