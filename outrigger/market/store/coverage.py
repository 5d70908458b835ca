"""Where recorded time has holes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without a reading.

    Parameters
    ----------
    start_ms : int
        Time of the last reading before it.
    end_ms : int
        Time of the first reading after it.
    """

    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        """How long it lasted, in milliseconds."""
        return self.end_ms - self.start_ms


def gaps(times_ms: NDArray[np.int64], step_ms: int) -> tuple[Gap, ...]:
    """Stretches between neighbouring readings that are longer than a step.

    Parameters
    ----------
    times_ms : ndarray of shape (n_readings,)
        Times of the readings in any order, in milliseconds.
    step_ms : int
        Longest distance that is no gap, in milliseconds.

    Returns
    -------
    tuple of Gap
        In order of time; empty for fewer than two readings.
    """
    ordered = np.sort(times_ms)
    return tuple(
        Gap(int(ordered[i]), int(ordered[i + 1])) for i in np.flatnonzero(np.diff(ordered) > step_ms)
    )
