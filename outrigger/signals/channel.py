"""Where the price stands in an ensemble of Donchian channels.

Several lookbacks averaged, closes instead of highs and lows: the ensemble of Zarattini, Pagani &
Barbon (2025), *Catching Crypto Trends*, SSRN 5209907. One lookback is a bet on one number, and one
wick would set a high-low channel for its whole length. Their exit, the channel's middle as a stop
that only rises, is left to Outrigger's own trailing stop: as part of a vote it would remember
without end, and the vote would depend on where the data happened to start. Weak in a range: near its
edge the position looks like a breakout.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import talib

_SHARES = (1, 2, 4)


def channel_position(close: npt.NDArray[np.float64], bars: int) -> npt.NDArray[np.float64]:
    """Mean position in the close channels of a lookback, its half and its quarter.

    Parameters
    ----------
    close : ndarray of shape (n_candles,)
        Closes, price per unit of base, finite, oldest first.
    bars : int
        Candles of the longest channel, the present one included; at least 8.

    Returns
    -------
    ndarray of shape (n_candles,)
        Between -1 (at the lowest close of all three) and 1 (at the highest); 0 where a channel has no
        width, NaN in the first `bars - 1` rows.
    """
    if close.size < bars:
        return np.full(close.size, np.nan)
    ensemble = np.stack([_position(close, bars // share) for share in _SHARES])
    position: npt.NDArray[np.float64] = ensemble.mean(axis=0)
    return position


def _position(close: npt.NDArray[np.float64], bars: int) -> npt.NDArray[np.float64]:
    high: npt.NDArray[np.float64] = talib.MAX(close, timeperiod=bars)
    low: npt.NDArray[np.float64] = talib.MIN(close, timeperiod=bars)
    width = high - low
    # NaN in the warm-up keeps its NaN: only a channel known to be flat is 0.
    return np.divide(2.0 * close - high - low, width, out=np.zeros_like(close), where=width != 0.0)
