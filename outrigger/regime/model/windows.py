"""Which rows of a training window teach, and which are kept for calibration.

Labels look a horizon ahead, so neighbouring rows tell nearly the same story: rows are thinned to one in a
set number of candles. The last part of the window calibrates a model fitted on the part before it, with a gap
of more than the horizon in between.
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


def calibration_split(times_ms: Rows, share: float, embargo_bars: int) -> tuple[Rows, Rows]:
    """Split rows by time into an earlier part, a gap and a later part.

    Parameters
    ----------
    times_ms : ndarray of int64, shape (n_rows,)
        Close of each row's candle, in any order.
    share : float
        Of the time covered, the share at the end that is kept for calibration.
    embargo_bars : int
        Candles in between, at least the labels' horizon.

    Returns
    -------
    earlier, later : ndarray of int64
        Positions.
    """
    first, last = int(times_ms.min()), int(times_ms.max())
    begin = last - round(share * (last - first))
    earlier = np.flatnonzero(times_ms < begin - embargo_bars * CANDLE_MS)
    return earlier, np.flatnonzero(times_ms >= begin)
