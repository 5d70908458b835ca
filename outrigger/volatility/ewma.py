"""Exponentially weighted variance, the reference that every other forecast has to beat.

One number to choose, no fitting, and a memory that fades but never ends: the first values still
count a little after weeks, so a result depends slightly on where the data starts. It knows nothing of the
time of day. Missing values neither move the estimate nor age it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from outrigger.errors import SettingsError
from outrigger.volatility.windows import Array


def decay_from_half_life(half_life: float) -> float:
    """Give the decay whose weights halve after a number of observations.

    Parameters
    ----------
    half_life : float
        Observations after which a value's weight has halved, above 0.

    Returns
    -------
    float
        Decay per observation, RiskMetrics' lambda, between 0 and 1.

    Raises
    ------
    SettingsError
        The half-life is not a positive finite number.
    """
    if not 0 < half_life < np.inf:
        raise SettingsError(f"half_life is {half_life}; it must be a positive number of observations")
    return float(0.5 ** (1.0 / half_life))


def ewma_variance(variances: npt.ArrayLike, *, decay: float, initial: float | None = None) -> Array:
    """Average per-candle variances with exponentially fading weights.

    Parameters
    ----------
    variances : array_like of shape (n_candles,)
        One variance a candle, such as its squared log return or a range estimate; NaN is missing.
    decay : float
        Weight kept by the past at each observation, above 0 and below 1; RiskMetrics uses 0.94 for days.
    initial : float, optional
        Variance before the first observation; None starts from the first observation itself.

    Returns
    -------
    ndarray of shape (n_candles,)
        Variance of the next candle, known at the close of candle i; NaN until there is something to go by.

    Raises
    ------
    SettingsError
        The decay is not between 0 and 1.

    Notes
    -----
    s_i = decay · s_(i−1) + (1 − decay) · x_i, RiskMetrics Technical Document (1996).
    """
    if not 0 < decay < 1:
        raise SettingsError(f"decay is {decay}; it must lie between 0 and 1")
    x = np.asarray(variances, dtype=np.float64)
    present = np.isfinite(x)
    smooth = np.full(len(x), np.nan if initial is None else float(initial))
    if not bool(present.any()):
        return smooth
    values = x[present]
    start = values[0] if initial is None else float(initial)
    filtered, _ = lfilter([1.0 - decay], [1.0, -decay], values, zi=[decay * start])
    seen = np.cumsum(present)
    smooth[seen > 0] = filtered[seen[seen > 0] - 1]
    return smooth
