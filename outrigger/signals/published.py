"""Entries as Freqtrade's published futures strategies make them, for comparison only.

Two of github.com/freqtrade/freqtrade-strategies, on their own hourly charts with their own numbers:
`FAdxSmaStrategy` (two moving averages cross while the ADX is high) and `FSupertrendStrategy` (three
Supertrends agree; the agreement's beginning is the entry). Only what opens a trade: exits are the stop's.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import talib

from outrigger.signals.donchian import turns

Floats = npt.NDArray[np.float64]

ADX_BARS, ADX_HIGH, SHORT_BARS, LONG_BARS = 14, 30.0, 12, 48
# Multiplier of the ATR and its candles.
RISING = ((4, 8), (7, 9), (1, 8))
FALLING = ((1, 16), (3, 18), (6, 18))


def adx_sma(high: Floats, low: Floats, close: Floats) -> npt.NDArray[np.int8]:
    """Enter where the short average crosses the long one while the ADX is high.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_candles,)
        Prices of a chart, finite, oldest first.

    Returns
    -------
    ndarray of int8, shape (n_candles,)
        1 enter long, -1 enter short, 0 nothing.
    """
    apart = talib.SMA(close, timeperiod=SHORT_BARS) - talib.SMA(close, timeperiod=LONG_BARS)
    strong = talib.ADX(high, low, close, timeperiod=ADX_BARS) > ADX_HIGH
    return np.where(strong, turns(apart), 0).astype(np.int8)


def three_supertrends(high: Floats, low: Floats, close: Floats) -> npt.NDArray[np.int8]:
    """Enter where three Supertrends begin to agree; each side has three of its own.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_candles,)
        Prices of a chart, finite, oldest first.

    Returns
    -------
    ndarray of int8, shape (n_candles,)
        1 enter long, -1 enter short, 0 nothing or both at once.
    """
    sides = []
    for sign, numbers in ((1, RISING), (-1, FALLING)):
        ways = [supertrend(high, low, close, multiple, bars) for multiple, bars in numbers]
        agreed = np.where(np.all([way == sign for way in ways], axis=0), float(sign), 0.0)
        agreed[np.any([np.isnan(way) for way in ways], axis=0)] = np.nan
        sides.append(turns(agreed))
    return (sides[0] + sides[1]).astype(np.int8)


def supertrend(high: Floats, low: Floats, close: Floats, multiple: float, bars: int) -> Floats:
    """Direction of a Supertrend.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_candles,)
        Prices of a chart, finite, oldest first.
    multiple : float
        Average true ranges between the middle of a candle and a band.
    bars : int
        Candles of the average, a simple one as in the published strategy.

    Returns
    -------
    ndarray of shape (n_candles,)
        1 up, -1 down; NaN in the first `bars` candles. Bands move towards the price only, until a close
        beyond them turns the direction.
    """
    reach = multiple * talib.SMA(talib.TRANGE(high, low, close), timeperiod=bars)
    upper, lower = (high + low) / 2 + reach, (high + low) / 2 - reach
    way = np.full(close.size, np.nan)
    above, below, held = np.inf, -np.inf, -1.0
    for before, row in pairwise(range(bars - 1, close.size)):
        above = upper[row] if upper[row] < above or close[before] > above else above
        below = lower[row] if lower[row] > below or close[before] < below else below
        turned = close[row] > above if held < 0 else close[row] < below
        held = -held if turned else held
        way[row] = held
    return way
