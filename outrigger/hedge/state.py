"""A candidate's state from its correlation, slow to change: effective, weak or broken.

Each border is two: an upper one to cross on the way up and a lower one on the way down, so that a
correlation that trembles on a border does not open and close legs. A correlation that is not known
leaves the state as it is; before the first one there is none.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from outrigger.hedge.returns import Floats
from outrigger.settings.hedge import HedgeSettings

States = npt.NDArray[np.int8]


class HedgeState(IntEnum):
    """What a candidate is good for."""

    UNKNOWN = -1
    BROKEN = 0
    WEAK = 1
    EFFECTIVE = 2


def hedge_states(correlation: Floats, settings: HedgeSettings) -> States:
    """State of a candidate at each close.

    Parameters
    ----------
    correlation : ndarray of shape (n_candles,)
        Known at each close; NaN changes nothing.
    settings : HedgeSettings
        Floor, breaking point and hysteresis.

    Returns
    -------
    ndarray of int8, shape (n_candles,)
        Values of `HedgeState`. Effective begins at the floor and ends a hysteresis below it; broken
        begins below the breaking point and ends a hysteresis above it.
    """
    floor, broken, slack = settings.correlation_floor, settings.correlation_broken, settings.hysteresis
    effective = _between(correlation, floor - slack, floor)
    standing = _between(correlation, broken, broken + slack)
    known = np.maximum.accumulate(np.isfinite(correlation))
    state: States = np.where(known, effective + standing, HedgeState.UNKNOWN).astype(np.int8)
    return state


def _between(values: Floats, lower: float, upper: float) -> States:
    """1 from when the values reach the upper border until they fall below the lower one, else 0."""
    decided = (values >= upper) | (values < lower)
    last = np.maximum.accumulate(np.where(decided, np.arange(len(values)), -1))
    # Between the borders from the first value on: not proven, so not yet.
    state: States = ((last >= 0) & (values[last] >= upper)).astype(np.int8)
    return state
