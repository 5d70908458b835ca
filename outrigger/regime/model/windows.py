"""Which rows of a training window teach.

Labels look a horizon ahead, so neighbouring rows tell nearly the same story: rows are thinned to one in a
set number of candles.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

CANDLE_MS = 300_000
Rows = npt.NDArray[np.int64]


def spaced(times_ms: Rows, bars: int) -> Rows:
    """Rows whose time is a whole number of `bars` candles since 1970, or all where that leaves too few.

    Parameters
    ----------
    times_ms : ndarray of int64, shape (n_rows,)
        Close of each row's candle.
    bars : int
        Distance in candles, at least 1.

    Returns
    -------
    ndarray of int64
        Positions.
    """
    return np.flatnonzero((times_ms // CANDLE_MS) % bars == 0)
