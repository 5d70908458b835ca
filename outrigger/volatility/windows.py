"""Sums over a fixed number of candles, exact to rounding wherever the data starts.

The usual running sum adds the newest value and subtracts the oldest, so every large value that
passes through leaves its rounding error behind and the result depends on how long ago the data began.
Here a window is put together from blocks of 1, 2, 4, … values that are only ever added: a result
depends on nothing but the values inside its window, bit for bit. Missing values count as absent.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def _delayed(x: Array, by: int) -> Array:
    """Return x moved `by` places later, with zeros moved in; arrays are never wrapped round."""
    if by == 0:
        return x
    moved = np.zeros_like(x)
    moved[by:] = x[: max(len(x) - by, 0)]
    return moved


def trailing_sums(x: Array, windows: Sequence[int]) -> list[Array]:
    """Sum of the last n values, for several n at once.

    Parameters
    ----------
    x : ndarray of shape (n_candles,)
        Values without NaN.
    windows : sequence of int
        Window lengths in candles, each at least 1.

    Returns
    -------
    list of ndarray of shape (n_candles,)
        One array a window; element i sums x[i - n + 1 .. i], and what lies before the data counts as zero.
    """
    sums: list[Array | None] = [None] * len(windows)
    # Lowest bits first: `covered[j]` candles of window j are already in its sum.
    covered = [0] * len(windows)
    block, length = np.asarray(x, dtype=np.float64), 1
    while length <= max(windows, default=0):
        for j, window in enumerate(windows):
            if window & length:
                part = _delayed(block, covered[j])
                so_far = sums[j]
                sums[j] = part if so_far is None else so_far + part
                covered[j] += length
        block = block + _delayed(block, length)
        length *= 2
    return [s if s is not None else np.zeros_like(block) for s in sums]


def trailing_means(x: Array, windows: Sequence[int]) -> tuple[list[Array], list[Array]]:
    """Mean of the values present among the last n, and how many there were.

    Parameters
    ----------
    x : ndarray of shape (n_candles,)
        Values; NaN is a missing value.
    windows : sequence of int
        Window lengths in candles, each at least 1.

    Returns
    -------
    means, counts : list of ndarray of shape (n_candles,)
        One array a window; the mean is NaN where the count is zero.
    """
    present = np.isfinite(x)
    sums = trailing_sums(np.where(present, x, 0.0), windows)
    counts = trailing_sums(present.astype(np.float64), windows)
    means = [np.where(c > 0, s / np.maximum(c, 1.0), np.nan) for s, c in zip(sums, counts, strict=True)]
    return means, counts


def following_sum(x: Array, window: int) -> Array:
    """Sum of the next n values: what a forecast is judged by, never an input to one.

    Parameters
    ----------
    x : ndarray of shape (n_candles,)
        Values; NaN is a missing value.
    window : int
        Number of candles, at least 1.

    Returns
    -------
    ndarray of shape (n_candles,)
        Element i sums x[i + 1 .. i + n]; NaN where one of them is missing or not yet known.
    """
    future = np.full(len(x), np.nan)
    if len(x) > window:
        present = np.isfinite(x)
        (total,) = trailing_sums(np.where(present, x, 0.0), [window])
        (count,) = trailing_sums(present.astype(np.float64), [window])
        future[:-window] = np.where(count == window, total, np.nan)[window:]
    return future
