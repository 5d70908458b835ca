"""Walk-forward splits in which no training label has seen the test.

Time is cut for all pairs together: a test pair's crash is in its neighbours' candles too. A row's label looks
a horizon ahead, so training stops an embargo, at least that horizon, before the test begins. Training windows
grow from the first row, as a bundle's do. Weak: few folds from one market; their spread is wide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from outrigger.errors import SettingsError
from outrigger.regime.labels import REFERENCE_RULES

CANDLE_MS = 300_000
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class WalkForward:
    """Purged splits by time.

    Parameters
    ----------
    folds : int
        Test windows of equal length, one after the other, up to the last row.
    first_share : float
        Share of the time covered that comes before the first test.
    embargo_bars : int
        Candles between the last training row and the first test row.
    horizon_bars : int
        Candles that a label looks ahead.

    Raises
    ------
    SettingsError
        A number is out of range, or the embargo is shorter than the horizon.
    """

    folds: int = 4
    first_share: float = 0.5
    embargo_bars: int = 288
    horizon_bars: int = REFERENCE_RULES.horizon_bars

    def __post_init__(self) -> None:
        if self.folds < 1 or not 0 < self.first_share < 1:
            raise SettingsError(
                f"walk-forward: folds {self.folds} must be at least 1 and first_share {self.first_share} "
                "between 0 and 1"
            )
        if self.embargo_bars < self.horizon_bars:
            raise SettingsError(
                f"walk-forward: an embargo of {self.embargo_bars} candles is shorter than the labels' "
                f"horizon of {self.horizon_bars}: training would know the test's beginning"
            )

    def split(self, times_ms: Rows) -> Iterator[tuple[Rows, Rows]]:
        """Give the rows of each fold.

        Parameters
        ----------
        times_ms : ndarray of int64, shape (n_rows,)
            Close of each row's candle, pairs pooled, in any order.

        Yields
        ------
        train, test : ndarray of int64
            Positions; a fold without rows on either side is left out.
        """
        if not len(times_ms):
            return
        first, last = int(times_ms.min()), int(times_ms.max()) + 1
        begin = first + round(self.first_share * (last - first))
        edges = np.linspace(begin, last, self.folds + 1).round().astype(np.int64)
        for start, end in pairwise(edges.tolist()):
            train = np.flatnonzero(times_ms <= start - self.embargo_bars * CANDLE_MS)
            test = np.flatnonzero((times_ms > start) & (times_ms <= end))
            if len(train) and len(test):
                yield train, test
