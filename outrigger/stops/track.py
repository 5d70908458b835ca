"""One pair's closed candles and widths as plain arrays, ready for look-ups while a trade is open.

Freqtrade hands out data frames; a look-up in one costs more than the rest of a stop decision together.
A track is made once when the signals are made, and read by time with a binary search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outrigger.market.alignment import open_times_ms
from outrigger.market.timeframe import timeframe_ms
from outrigger.sided import Sided
from outrigger.stops.policies import Floats, MarketColumns, WidthColumns


@dataclass(frozen=True, slots=True)
class StopTrack:
    """What a pair's stops are made of.

    Parameters
    ----------
    closed_at_ms : ndarray of int64, shape (n_candles,)
        Close times, increasing, in ms since the epoch.
    high, low, close : ndarray of float64, shape (n_candles,)
        The candles' prices; NaN where a candle cannot be used.
    market : MarketColumns
        What the widths were made of.
    widths : Sided of WidthColumns
        Widths known at each close, for longs and for shorts.
    length_ms : int
        Length of a candle in ms.
    """

    closed_at_ms: NDArray[np.int64]
    high: Floats
    low: Floats
    close: Floats
    market: MarketColumns
    widths: Sided[WidthColumns]
    length_ms: int

    def __len__(self) -> int:
        return len(self.closed_at_ms)

    def last_closed(self, now_ms: int) -> int:
        """Row of the last candle that has closed.

        Parameters
        ----------
        now_ms : int
            Present time in ms since the epoch.

        Returns
        -------
        int
            The row, or -1 where no candle has closed yet.
        """
        return int(self.closed_at_ms.searchsorted(now_ms, side="right")) - 1

    def candle_end(self, now_ms: int) -> int:
        """Close time of the candle that is running, in ms."""
        return (now_ms // self.length_ms + 1) * self.length_ms

    def extreme(self, side: int) -> Floats:
        """Highs for a long, lows for a short."""
        return self.high if side > 0 else self.low


def track_of(
    frame: pd.DataFrame, timeframe: str, market: MarketColumns, widths: Sided[WidthColumns]
) -> StopTrack:
    """Lay out a frame of closed candles as a track.

    Parameters
    ----------
    frame : DataFrame
        With `date, high, low, close`; shape (n_candles, ...).
    timeframe : str
        Length of a candle, such as `"1m"`.
    market : MarketColumns
        What the widths were made of, shape (n_candles,).
    widths : Sided of WidthColumns
        A policy's answer for longs and shorts, shape (n_candles,).

    Returns
    -------
    StopTrack
        Candles without volume keep their prices; NaN stays NaN.

    Raises
    ------
    DataError
        If dates are missing, repeated or out of order.
    """
    length = timeframe_ms(timeframe)
    closed = open_times_ms(frame["date"], timeframe) + length
    high, low, close = (frame[name].to_numpy(dtype=np.float64) for name in ("high", "low", "close"))
    return StopTrack(closed, high, low, close, market, widths, length)
