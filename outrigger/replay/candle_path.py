"""A path of prices through a recorded candle, for the minutes that nobody recorded.

Open, one extreme, the other one, close. Which extreme comes first is drawn from the candle's time: the usual
assumption, that the one against the candle's direction does, would tell a watcher how the candle will close.
The open stands for the first seconds: a bot that acts on a new candle trades at its open, as a backtest
does. Between the four prices lie straight lines: nothing measured on them is a result about markets.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np

from outrigger.volatility.windows import Array

# Shares of the candle at which its prices are reached; 21 and 41 seconds of a minute are the second and third
# look of a bot that looks every 20 seconds.
_REACHED = np.array([0.0, 0.05, 0.35, 41 / 60, 1.0])


def prices_of(opened_ms: int, candle: Array) -> Array:
    """Prices that the path passes.

    Parameters
    ----------
    opened_ms : int
        When the candle opened, milliseconds since the epoch; says which extreme comes first.
    candle : ndarray of shape (>= 4,)
        Open, high, low, close, and whatever follows them.

    Returns
    -------
    ndarray of shape (5,)
        Open twice, both extremes, close.
    """
    opened, high, low, close = candle[:4]
    # A checksum's last bit follows the calendar; one from its middle does not.
    low_first = crc32(opened_ms.to_bytes(8, "little", signed=True)) >> 13 & 1
    first, second = (low, high) if low_first else (high, low)
    return np.array([opened, opened, first, second, close])


def price_within(opened_ms: int, candle: Array, share: float) -> float:
    """Price after a share of a candle's time.

    Parameters
    ----------
    opened_ms : int
        When the candle opened, milliseconds since the epoch.
    candle : ndarray of shape (>= 4,)
        Open, high, low, close.
    share : float
        Between 0 and 1.

    Returns
    -------
    float
        Within the candle's low and high.
    """
    return float(np.interp(share, _REACHED, prices_of(opened_ms, candle)))


def knots(opened_ms: int, length_ms: int, candle: Array) -> tuple[Array, Array]:
    """Corners of the path: between them lie straight lines.

    Parameters
    ----------
    opened_ms, length_ms : int
        When the candle opened, and how long it lasts, milliseconds.
    candle : ndarray of shape (>= 4,)
        Open, high, low, close.

    Returns
    -------
    times, prices : ndarray of shape (5,)
        Milliseconds since the epoch, ascending, and prices.
    """
    return opened_ms + _REACHED * length_ms, prices_of(opened_ms, candle)


def until(opened_ms: int, candle: Array, share: float) -> Array:
    """Candle as it looks while it forms.

    Parameters
    ----------
    opened_ms : int
        When the candle opened, milliseconds since the epoch.
    candle : ndarray of shape (>= 4,)
        Open, high, low, close, volume.
    share : float
        Between 0 and 1.

    Returns
    -------
    ndarray of shape (5,)
        Open, highest and lowest price so far, price now, and no volume: it is published with the close.
    """
    now = price_within(opened_ms, candle, share)
    passed = np.append(prices_of(opened_ms, candle)[share >= _REACHED], now)
    return np.array([candle[0], passed.max(), passed.min(), now, 0.0])
