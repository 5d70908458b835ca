"""Extremes, delays and means over a fixed number of candles, from a wanted candle on.

As in `outrigger.volatility.windows`, a result depends on the values inside its window alone. A live bot wants
one row of a week's array every five minutes: then only that row is worked out, to rounding the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from outrigger.volatility.windows import Array, trailing_means

# Up to so many rows are summed one by one; more are worth the work on the whole array.
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
    if len(x) - wanted > _FEW:
        return [mean[wanted:] for mean in trailing_means(x, windows)[0]]
    present = np.isfinite(x)
    filled = np.where(present, x, 0.0)
    means = [np.full(len(x) - wanted, np.nan) for _ in windows]
    for row in range(wanted, len(x)):
        for mean, window in zip(means, windows, strict=True):
            inside = slice(max(row - window + 1, 0), row + 1)
            count = int(np.count_nonzero(present[inside]))
            if count:
                mean[row - wanted] = filled[inside].sum() / count
    return means


def maxima_from(x: Array, windows: Sequence[int], wanted: int) -> list[Array]:
    """Largest of the values present among the last n, where it is wanted; see `means_from`."""
    if len(x) - wanted > _FEW:
        return [largest[wanted:] for largest in trailing_maxima(x, windows)]
    filled = np.where(np.isfinite(x), x, -np.inf)
    maxima = [np.full(len(x) - wanted, np.nan) for _ in windows]
    for row in range(wanted, len(x)):
        for largest, window in zip(maxima, windows, strict=True):
            found = filled[max(row - window + 1, 0) : row + 1].max()
            largest[row - wanted] = found if np.isfinite(found) else np.nan
    return maxima
