"""Extremes, delays and means over a fixed number of candles, from a wanted candle on.

As in `outrigger.volatility.windows`, a result depends on the values inside its window alone. A live bot wants
one row of a week's array every five minutes: then only that row is worked out, to rounding the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from outrigger.volatility.windows import Array, trailing_means

# Up to so many rows are worked out one by one; more are worth the work on the whole array.
_FEW = 16


def delayed(x: Array, bars: int, wanted: int = 0) -> Array:
    """Value some candles earlier, from a candle on, NaN before the data; `bars` must not be negative."""
    if bars <= wanted:
        return x[wanted - bars : len(x) - bars]
    moved = np.full(len(x) - wanted, np.nan)
    if bars < len(x):
        moved[bars - wanted :] = x[: len(x) - bars]
    return moved


def trailing_maxima(x: Array, windows: Sequence[int]) -> list[Array]:
    """Largest of the values present among the last n, for several n at once.

    Parameters
    ----------
    x : ndarray of shape (n_candles,)
        Values; NaN is missing.
    windows : sequence of int
        Window lengths in candles, each at least 1.

    Returns
    -------
    list of ndarray of shape (n_candles,)
        One array a window; NaN where no value is present.
    """
    block, length = np.where(np.isfinite(x), x, -np.inf), 1
    found: dict[int, Array] = {}
    for window in sorted(set(windows)):
        while 2 * length <= window:
            block = _joined(block, length)
            length *= 2
        # Two overlapping blocks cover the window: the largest of both is the largest of all.
        widest = _joined(block, window - length)
        found[window] = np.where(np.isfinite(widest), widest, np.nan)
    return [found[window] for window in windows]


def _joined(block: Array, by: int) -> Array:
    joined = block.copy()
    if by:
        np.maximum(joined[by:], block[: max(len(block) - by, 0)], out=joined[by:])
    return joined


def means_from(x: Array, windows: Sequence[int], wanted: int) -> list[Array]:
    """Mean of the values present among the last n, where it is wanted.

    Parameters
    ----------
    x : ndarray of shape (n_candles,)
        Values; NaN is missing.
    windows : sequence of int
        Window lengths in candles, each at least 1.
    wanted : int
        First element that is wanted, not negative.

    Returns
    -------
    list of ndarray of shape (n_candles - wanted,)
        One array a window; NaN where no value is present.
    """
    rows = len(x) - wanted
    if rows > _FEW or not rows:
        return [mean[wanted:] for mean in trailing_means(x, windows)[0]]
    near = _that_counts(x, windows, wanted)
    present = np.isfinite(near)
    sums = _joined_ends(np.where(present, near, 0.0), windows, rows, np.add, 0.0)
    counts = _joined_ends(present.astype(np.float64), windows, rows, np.add, 0.0)
    return list(np.where(counts > 0, sums / np.maximum(counts, 1.0), np.nan))


def maxima_from(x: Array, windows: Sequence[int], wanted: int) -> list[Array]:
    """Largest of the values present among the last n, where it is wanted; see `means_from`."""
    rows = len(x) - wanted
    if rows > _FEW or not rows:
        return [largest[wanted:] for largest in trailing_maxima(x, windows)]
    near = _that_counts(x, windows, wanted)
    largest = _joined_ends(np.where(np.isfinite(near), near, -np.inf), windows, rows, np.maximum, -np.inf)
    return list(np.where(np.isfinite(largest), largest, np.nan))


def means_ago(x: Array, window: int, ago: npt.NDArray[np.intp], wanted: int) -> Array:
    """Mean of the values present in the window that ended some candles before each one that is wanted.

    Parameters
    ----------
    x : ndarray of shape (n_candles,)
        Values; NaN is missing.
    window : int
        Window length in candles, at least 1.
    ago : ndarray of int, shape (n_ago,)
        Candles back, none negative.
    wanted : int
        First element that is wanted, not negative.

    Returns
    -------
    ndarray of shape (n_ago, n_candles - wanted)
        NaN where no value is present.
    """
    if len(x) - wanted > _FEW:
        (mean,), _ = trailing_means(x, (window,))
        return np.stack([delayed(mean, bars, wanted) for bars in ago.tolist()])
    inside = np.arange(wanted, len(x))[:, None] + np.arange(1 - window, 1) - ago[:, None, None]
    taken = np.where(inside >= 0, x[np.maximum(inside, 0)], np.nan)
    present = np.isfinite(taken)
    counts = present.sum(axis=-1)
    sums = np.where(present, taken, 0.0).sum(axis=-1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _that_counts(x: Array, windows: Sequence[int], wanted: int) -> Array:
    """The end of an array that has a say from a wanted candle on."""
    return x[max(wanted + 1 - max(windows), 0) :]


def _joined_ends(x: Array, windows: Sequence[int], rows: int, join: np.ufunc, nothing: float) -> Array:
    """Join the last n values of each of the newest rows; shape (n_windows, n_rows).

    The pieces from where one window begins to where the next shorter one does are joined first, then the
    pieces, newest first: every value is looked at once.
    """
    before = max(windows) + rows - 1 - len(x)
    if before > 0:
        x = np.concatenate((np.full(before, nothing), x))
    descending, place = _descending(tuple(windows))
    joined = np.empty((len(windows), rows))
    for row in range(rows):
        end = len(x) - rows + 1 + row
        pieces = join.reduceat(x[:end], end - descending)
        joined[:, row] = join.accumulate(pieces[::-1])[place]
    return joined


@lru_cache(maxsize=64)
def _descending(windows: tuple[int, ...]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Different windows, longest first, and the place of each one given among them, shortest first."""
    ascending, place = np.unique(np.asarray(windows, dtype=np.intp), return_inverse=True)
    return ascending[::-1], place
