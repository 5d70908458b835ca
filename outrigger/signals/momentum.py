"""Time-series momentum in units of the noise it was made in.

The past return's sign carries the evidence (Moskowitz, Ooi & Pedersen 2012, J. Financial Economics
104, from a month up); dividing by the noise of the same window makes one threshold fit every pair
and every year. The divisor is the root of the summed squares, not an average volatility, so a single
candle that makes the whole move scores 1 at most, however large it is: thresholds above 1 ignore
spikes. Kaufman's efficiency ratio on the same window is this number up to the ratio of mean absolute
to root mean square return, so it is not measured a second time. Weak where a trend is younger than
the window, and intraday, where the published evidence is thin.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def normalised_momentum(close: npt.NDArray[np.float64], bars: int) -> npt.NDArray[np.float64]:
    """Return over a window divided by the root of its summed squared returns.

    Parameters
    ----------
    close : ndarray of shape (n_candles,)
        Closes, price per unit of base, positive and finite, oldest first.
    bars : int
        Returns in the window.

    Returns
    -------
    ndarray of shape (n_candles,)
        `sum(r) / sqrt(sum(r**2))` of the last `bars` log returns, between -sqrt(bars) and sqrt(bars),
        about standard normal on a random walk; 0 where the price never moved, NaN in the first
        `bars` rows.

    Notes
    -----
    The self-normalised sum; see de la Peña, Lai & Shao (2009), *Self-Normalized Processes*, ch. 1.
    """
    out = np.full(close.size, np.nan)
    if close.size <= bars:
        return out
    log_close = np.log(close)
    # Summed window by window: a running sum would carry rounding from wherever the data begins.
    window = np.lib.stride_tricks.sliding_window_view(np.diff(log_close), bars)
    noise = np.sqrt(np.einsum("ij,ij->i", window, window))
    move = log_close[bars:] - log_close[:-bars]
    out[bars:] = np.divide(move, noise, out=np.zeros_like(move), where=noise > 0.0)
    return out
