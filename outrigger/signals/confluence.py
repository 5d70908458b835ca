"""Three votes become a side, a confidence and a name.

All three agree: full confidence. Two agree and the third is silent: the set partial confidence. Any
two opposed, or fewer than two votes: no trade. Confidence is a multiplier of risk; the stop never
sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.errors import DataError

CHARTS = 3


def vote(
    momentum: npt.NDArray[np.float64],
    channel: npt.NDArray[np.float64],
    momentum_threshold: float,
    channel_threshold: float,
) -> npt.NDArray[np.int8]:
    """One chart's vote: long or short where both measures say so, else nothing.

    Parameters
    ----------
    momentum : ndarray of shape (n_candles,)
        Normalised momentum, sigma.
    channel : ndarray of shape (n_candles,)
        Position in the channels, -1 to 1.
    momentum_threshold : float
        Momentum from which on it counts, sigma, not negative.
    channel_threshold : float
        Channel position from which on it counts, not negative.

    Returns
    -------
    ndarray of int8, shape (n_candles,)
        1 long, -1 short, 0 nothing; 0 where a measure is NaN or exactly 0.
    """
    # At thresholds of 0 a flat market satisfies both sides: it must satisfy none.
    moving = (momentum != 0.0) & (channel != 0.0)
    long = moving & (momentum >= momentum_threshold) & (channel >= channel_threshold)
    short = moving & (momentum <= -momentum_threshold) & (channel <= -channel_threshold)
    votes: npt.NDArray[np.int8] = np.subtract(long, short, dtype=np.int8)
    return votes


def confluence(
    votes: npt.NDArray[np.int8], charts: Sequence[str], partial_confidence: float
) -> dict[str, Any]:
    """Side, confidence and tag of each candle.

    Parameters
    ----------
    votes : ndarray of int8, shape (n_candles, 3)
        One column of -1, 0 and 1 a chart, fastest first.
    charts : sequence of str
        Their timeframes.
    partial_confidence : float
        Confidence where two charts agree and the third is silent, 0 to 1.

    Returns
    -------
    dict
        `side` (int8, 1 long, -1 short, 0 none), `confidence` (float, 0 to 1) and `tag` (categorical str),
        each of shape (n_candles,). The tag names the side and the charts that agree, `"long:1m+15m+4h"`, and
        is empty without a side. Side is 0 too where the confidence would be 0.

    Raises
    ------
    DataError
        If there are not three charts.
    """
    if votes.shape[1] != CHARTS or len(charts) != CHARTS:
        raise DataError(
            f"confluence needs the votes of {CHARTS} charts, got {list(charts)}: pass one a chart"
        )
    total = votes.sum(axis=1, dtype=np.int8)
    worth = np.array([0.0, 0.0, partial_confidence, 1.0])
    # A sum of two or three is only reached without an opposing vote.
    confidence = worth[np.abs(total)]
    side = np.where(confidence > 0.0, np.sign(total), 0).astype(np.int8)
    voted = votes != 0
    agreeing = voted[:, 0] + 2 * voted[:, 1] + 4 * voted[:, 2]
    code = np.where(side == 0, 0, agreeing + 7 * (side < 0))
    tag = pd.Categorical.from_codes(code, dtype=_tags(tuple(charts)))
    return {"side": side, "confidence": confidence, "tag": tag}


@lru_cache(maxsize=8)
def _tags(charts: tuple[str, ...]) -> pd.CategoricalDtype:
    """Empty tag, then long and short tags of every set of charts; chart b is bit b of the set's number."""
    sets = ["+".join(c for b, c in enumerate(charts) if code >> b & 1) for code in range(1, 2**CHARTS)]
    return pd.CategoricalDtype(
        ["", *(f"long:{names}" for names in sets), *(f"short:{names}" for names in sets)]
    )
