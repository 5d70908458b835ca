"""Returns of a primary and its candidates on one clock, the primary's.

A price that nobody traded at is no price: candles without volume (an outage, as Freqtrade fills it) have
no close here, nor have those whose close cannot be read. A return exists only where both ends of its span
do and lie exactly the span apart, so a gap, an outage or another pair's later listing leaves holes and
never a zero, which would pull every correlation towards nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.errors import DataError
from outrigger.market.alignment import missing_chart, open_times_ms
from outrigger.market.timeframe import timeframe_ms

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]


def on_one_clock(
    primary: str, frames: Mapping[str, pd.DataFrame], timeframe: str
) -> tuple[Times, dict[str, Floats]]:
    """Logarithms of all pairs' traded closes at the primary's candles.

    Parameters
    ----------
    primary : str
        Whose candles are the clock.
    frames : mapping of str to DataFrame
        Closed candles by pair, with `date, close, volume`; other pairs may begin, end and pause as they like.
    timeframe : str
        Length of a candle.

    Returns
    -------
    opened_at_ms : ndarray of int64, shape (n_candles,)
        Opens of the primary's candles.
    closes : dict of str to ndarray of shape (n_candles,)
        Log prices; NaN where there was no trade.

    Raises
    ------
    DataError
        If the primary has no candles, or a pair's dates do not increase.
    """
    if primary not in frames or frames[primary].empty:
        raise missing_chart(primary, timeframe)
    clock = open_times_ms(frames[primary]["date"], f"{primary} {timeframe}")
    found: dict[str, Floats] = {}
    for pair, frame in frames.items():
        known = np.full(len(clock), np.nan)
        if not frame.empty:
            times = open_times_ms(frame["date"], f"{pair} {timeframe}")
            row = np.minimum(np.searchsorted(times, clock), len(times) - 1)
            there = times[row] == clock
            known[there] = traded_log(frame)[row[there]]
        found[pair] = known
    return clock, found


def traded_log(frame: pd.DataFrame) -> Floats:
    """Logarithms of closes that somebody traded at.

    Parameters
    ----------
    frame : DataFrame of shape (n_candles, ...)
        With `close` and `volume`.

    Returns
    -------
    ndarray of shape (n_candles,)
        NaN where the close is no price or the volume is not positive.
    """
    close, volume = (frame[name].to_numpy(dtype=np.float64) for name in ("close", "volume"))
    usable = np.isfinite(close) & (close > 0) & (volume > 0)
    logs = np.full(len(close), np.nan)
    np.log(close, out=logs, where=usable)
    return logs


def log_returns(opened_at_ms: Times, log_close: Floats, span: int, timeframe: str) -> Floats:
    """Change of the log price over a span of candles, one ending at each close.

    Parameters
    ----------
    opened_at_ms : ndarray of int64, shape (n_candles,)
        Opens, increasing.
    log_close : ndarray of shape (n_candles,)
        Log prices; NaN is missing.
    span : int
        Candles, at least 1; spans longer than 1 overlap.
    timeframe : str
        Length of a candle.

    Returns
    -------
    ndarray of shape (n_candles,)
        NaN for the first `span` candles and wherever an end is missing.

    Raises
    ------
    DataError
        If the span is not positive.
    """
    if span < 1:
        raise DataError(f"a return over {span} candles: pass 1 or more")
    moves = np.full(len(log_close), np.nan)
    whole = opened_at_ms[span:] - opened_at_ms[:-span] == span * timeframe_ms(timeframe)
    moves[span:] = np.where(whole, log_close[span:] - log_close[:-span], np.nan)
    return moves
