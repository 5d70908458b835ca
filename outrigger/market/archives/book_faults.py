"""Faults of cumulative depth that show without knowing any price: negative, frozen, not monotone.

Published archives have had inner bands of one side, or whole sides, repeat one value for days while
the rest went on. A live book of a perpetual future changes within seconds, so a band that stands still
for minutes is not being updated. Every verdict uses the past of the file only: the first two minutes
of a frozen stretch pass, exactly as they would have live. Weak: each file starts without a memory, so
those two minutes pass again after midnight.

Arrays are (n snapshots, 2 sides, bands, 2 units): bids and asks, near to far, base and quote.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Depth = NDArray[np.float64]
Mask = NDArray[np.bool_]

FROZEN_MS: Final = 120_000


def negative(depth: Depth) -> Mask:
    """Bands with a negative or infinite amount.

    Parameters
    ----------
    depth : ndarray of shape (n, 2, bands, 2)
        Cumulative depth.

    Returns
    -------
    ndarray of bool, shape (n, 2, bands)
        Bands to mask.
    """
    return np.asarray(((depth < 0) | np.isinf(depth)).any(axis=3))


def frozen(times_ms: NDArray[np.int64], depth: Depth, limit_ms: int = FROZEN_MS) -> tuple[Mask, Mask]:
    """Bands that have not changed for longer than a limit.

    Parameters
    ----------
    times_ms : ndarray of int64, shape (n,)
        Sorted times of the snapshots.
    depth : ndarray of shape (n, 2, bands, 2)
        Cumulative depth.
    limit_ms : int, optional
        Longest time, in milliseconds, for which a sound band may stand still.

    Returns
    -------
    bands : ndarray of bool, shape (n, 2, bands)
        Bands that stand still; an empty band (zero) may stay empty.
    book : ndarray of bool, shape (n,)
        Snapshots in which every band stands still.
    """
    moved = np.ones(depth.shape[:3], dtype=np.bool_)
    moved[1:] = (depth[1:] != depth[:-1]).any(axis=3)
    since = np.maximum.accumulate(np.where(moved, times_ms[:, None, None], times_ms[0]), axis=0)
    still = (times_ms[:, None, None] - since > limit_ms) & (depth[..., 0] > 0)
    present = np.isfinite(depth).all(axis=3)
    present = present.reshape(len(times_ms), -1)
    alive = present & ~still.reshape(len(times_ms), -1)
    return still, np.asarray(present.any(axis=1) & ~alive.any(axis=1))


def non_monotone(depth: Depth) -> Mask:
    """Bands that break the order of cumulative depth, as few of them as explain it.

    Parameters
    ----------
    depth : ndarray of shape (n, 2, bands, 2)
        Cumulative depth; NaN where missing or masked already.

    Returns
    -------
    ndarray of bool, shape (n, 2, bands)
        Bands to mask: of each side again and again the one in most contradictions, equals together.
    """
    bands = depth.shape[2]
    farther = np.triu(np.ones((bands, bands), dtype=np.bool_), 1)
    falls = (depth[:, :, :, None, :] > depth[:, :, None, :, :] * (1 + 1e-9)).any(axis=4) & farther
    either = falls | np.swapaxes(falls, 2, 3)
    broken = np.zeros(depth.shape[:3], dtype=np.bool_)
    rows = np.flatnonzero(either.any(axis=(1, 2, 3)))
    pairs = either[rows]
    while pairs.any():
        counts = pairs.sum(axis=3)
        worst = (counts == counts.max(axis=2, keepdims=True)) & (counts > 0)
        broken[rows] |= worst
        pairs &= ~(worst[:, :, :, None] | worst[:, :, None, :])
    return broken
