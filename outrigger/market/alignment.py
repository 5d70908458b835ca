"""What a slow chart is known to say at each close of the base chart.

A candle opened at c of length L is known from c + L on; a base candle opened at b of length l is
acted on at b + l. So a chart's candle counts where c + L <= b + l, and nothing newer. Comparison is
on integer milliseconds since 1970, because candle dates come in different units and time zones in a
backtest and live; dates without a zone are taken as UTC. A chart whose newest candle closed two of
its own lengths ago or earlier is stale and has no value: a feed that stopped must not go on voting.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.errors import DataError
from outrigger.market.moment import in_utc
from outrigger.market.timeframe import timeframe_ms

_STALE_LENGTHS = 2


def open_times_ms(dates: pd.Series, chart: str) -> npt.NDArray[np.int64]:
    """Candle opens as integers.

    Parameters
    ----------
    dates : Series of datetime, shape (n_candles,)
        Candle opens, any unit and zone.
    chart : str
        Name of the chart for error messages: `"BTC/USDT:USDT 15m"`.

    Returns
    -------
    ndarray of int64, shape (n_candles,)
        Milliseconds since 1970 in UTC, strictly increasing.

    Raises
    ------
    DataError
        If a date is missing, repeated or earlier than the one before it.
    """
    # A Series of dates holds them in UTC already; everything else is left to pandas.
    aware = isinstance(dates.dtype, pd.DatetimeTZDtype)
    stamps: Any = dates.array if aware else pd.DatetimeIndex(dates).array
    missing = stamps.isna()
    if missing.any():
        raise DataError(f"{chart}: candle {int(np.argmax(missing))} has no date: download the chart again")
    times = stamps.as_unit("ms").asi8
    backward = times[1:] <= times[:-1]
    if backward.any():
        where = in_utc(pd.DatetimeIndex(stamps))[int(np.argmax(backward)) + 1].isoformat()
        raise DataError(
            f"{chart}: candle dates must increase, {where} repeats or goes back: sort and deduplicate"
        )
    return np.asarray(times, dtype=np.int64)


def align(
    clock_dates: pd.Series,
    clock_timeframe: str,
    chart_dates: pd.Series,
    chart_timeframe: str,
    values: npt.NDArray[np.float64],
    *,
    pair: str,
) -> npt.NDArray[np.float64]:
    """Value of the last chart candle that has closed by the close of each base candle.

    Parameters
    ----------
    clock_dates : Series of datetime, shape (n_candles,)
        Opens of the base candles.
    clock_timeframe : str
        Length of a base candle, such as `"1m"`.
    chart_dates : Series of datetime, shape (n_chart_candles,)
        Opens of the chart's candles.
    chart_timeframe : str
        Length of a chart candle, such as `"4h"`.
    values : ndarray of shape (n_chart_candles,) or (n_chart_candles, n_values)
        What each chart candle says, known at its close.
    pair : str
        Pair, for error messages.

    Returns
    -------
    ndarray of shape (n_candles,) or (n_candles, n_values)
        NaN before the chart's first close and where the chart is stale.

    Raises
    ------
    DataError
        If the chart has no candles, values and dates differ in number, or dates do not increase.
    """
    clock = open_times_ms(clock_dates, f"{pair} {clock_timeframe}") + timeframe_ms(clock_timeframe)
    length = timeframe_ms(chart_timeframe)
    chart = open_times_ms(chart_dates, f"{pair} {chart_timeframe}") + length
    if chart.size == 0:
        raise missing_chart(pair, chart_timeframe)
    if values.shape[0] != chart.size:
        raise DataError(
            f"{pair} {chart_timeframe}: {values.shape[0]} values for {chart.size} candles: pass one a candle"
        )
    last = np.searchsorted(chart, clock, side="right") - 1
    known = (last >= 0) & (clock - chart[last] < _STALE_LENGTHS * length)
    taken = values[last].astype(np.float64)
    taken[~known] = np.nan
    return taken


def rows_at(
    wanted_ms: npt.NDArray[np.int64], known_ms: npt.NDArray[np.int64], values: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Take the rows of some moments out of a table.

    Parameters
    ----------
    wanted_ms : ndarray of int64, shape (n_wanted,)
        Moments.
    known_ms : ndarray of int64, shape (n_rows,)
        Moment of each row of the table, increasing.
    values : ndarray of shape (n_rows, n_columns)
        The table.

    Returns
    -------
    ndarray of shape (n_wanted, n_columns)
        NaN where the table has no row of just that moment.
    """
    if not known_ms.size:
        return np.full((len(wanted_ms), values.shape[1]), np.nan)
    place = np.minimum(np.searchsorted(known_ms, wanted_ms), known_ms.size - 1)
    taken = values[place]
    taken[known_ms[place] != wanted_ms] = np.nan
    return taken


def missing_chart(pair: str, timeframe: str) -> DataError:
    """Error for a chart without candles, with the command that brings them.

    Parameters
    ----------
    pair : str
        Pair, such as `"BTC/USDT:USDT"`.
    timeframe : str
        The missing chart's timeframe.

    Returns
    -------
    DataError
        To be raised by the caller.
    """
    return DataError(
        f"no {timeframe} candles of {pair}: run `freqtrade download-data --trading-mode futures "
        f"--timeframes {timeframe} --pairs {pair}` for the base candles' timerange and some weeks before"
    )
