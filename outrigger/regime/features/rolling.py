"""Extremes, delays and standardised sums over a fixed number of candles.

As in `outrigger.volatility.windows`, a result depends on the values inside its window alone, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from outrigger.volatility.windows import Array


def delayed(x: Array, bars: int) -> Array:
    """Value some candles earlier, NaN before the data; `bars` must not be negative."""
    moved = np.full(len(x), np.nan)
    if bars < len(x):
        moved[bars:] = x[: len(x) - bars]
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


def trailing_minima(x: Array, windows: Sequence[int]) -> list[Array]:
    """Smallest of the values present among the last n; see `trailing_maxima`."""
    return [-largest for largest in trailing_maxima(-x, windows)]
