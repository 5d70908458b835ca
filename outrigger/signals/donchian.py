"""Trend entries of an ensemble of Donchian channels, after Zarattini, Pagani & Barbon (2025).

*Catching Crypto Trends*, SSRN 5209907: one channel of closes a lookback, in the market from the close at a
channel's edge until the close falls back to its middle, which as a stop only moves in the trade's favour;
the ensemble's signal is the mean of the channels' positions. There lookbacks are 5 to 360 days, long only;
here they are candles of any chart, and shorts mirror longs. Weak: a channel's position remembers where it was
entered, so the first answers depend on where the data begins until price has been at an edge once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import talib

Floats = npt.NDArray[np.float64]


def donchian_signal(close: Floats, lookbacks: Sequence[int]) -> Floats:
    """Mean position of the channels.

    Parameters
    ----------
    close : ndarray of shape (n_candles,)
        Closes, price per unit of base, finite, oldest first.
    lookbacks : sequence of int
        Candles of each channel, the present one included; at least 2 each.

    Returns
    -------
    ndarray of shape (n_candles,)
        Between -1 (all short) and 1 (all long); NaN until the longest channel is known.
    """
    signal: Floats = np.mean([channel_state(close, bars) for bars in lookbacks], axis=0)
    signal[: max(lookbacks) - 1] = np.nan
    return signal


def channel_state(close: Floats, bars: int) -> npt.NDArray[np.int8]:
    """Position of one channel: entered at its edge, left at its middle.

    Parameters
    ----------
    close : ndarray of shape (n_candles,)
        Closes, finite, oldest first.
    bars : int
        Candles of the channel, the present one included; at least 2.

    Returns
    -------
    ndarray of int8, shape (n_candles,)
        1 long, -1 short, 0 out; 0 until the channel is known, and while it has no width.
    """
    state = np.zeros(close.size, dtype=np.int8)
    if close.size < bars:
        return state
    upper, lower = talib.MAX(close, timeperiod=bars), talib.MIN(close, timeperiod=bars)
    middle = (upper + lower) / 2.0
    held, stop = 0, np.nan
    for row in range(bars - 1, close.size):
        price = close[row]
        if held != 0:
            nearer = max(stop, middle[row]) if held > 0 else min(stop, middle[row])
            stop = nearer
            if held * (price - stop) <= 0:
                held = 0
        if held == 0 and upper[row] > lower[row] and price in (upper[row], lower[row]):
            held, stop = (1 if price == upper[row] else -1), middle[row]
        state[row] = held
    return state


def turns(signal: Floats) -> npt.NDArray[np.int8]:
    """Candles at which a signal takes a side that it did not have.

    Parameters
    ----------
    signal : ndarray of shape (n_candles,)
        Positive long, negative short; NaN unknown.

    Returns
    -------
    ndarray of int8, shape (n_candles,)
        1 or -1 at a turn, else 0; never at the first known candle, whose side may be an old one.
    """
    side = np.sign(signal)
    turned = np.zeros(signal.size, dtype=np.int8)
    fresh = (side[1:] != side[:-1]) & (side[1:] != 0.0) & np.isfinite(side[1:]) & np.isfinite(side[:-1])
    turned[1:] = np.where(fresh, side[1:], 0.0)
    return turned
