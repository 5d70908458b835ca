"""From candles of several charts to the columns that stop policies read.

The forecast runs on a five-minute clock whatever the base timeframe, so that one minute and five
minute traders get the same stop from the same market. Every value is known at the close of its row.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import talib

from outrigger.market.alignment import align, missing_chart
from outrigger.market.timeframe import timeframe_ms
from outrigger.settings.stop import StopSettings
from outrigger.stops.policies import Floats, MarketColumns
from outrigger.volatility.forecast import sigmas

FORECAST_CHART = "5m"
ATR_CHART = "1h"
HOUR_MS = 3_600_000
COLUMNS = ("sigma", "protect_sigma", "candle_range", "atr")


def stop_charts(settings: StopSettings) -> tuple[str, ...]:
    """Timeframes that the stop needs beside the base candles."""
    return (FORECAST_CHART, ATR_CHART) if settings.policy == "chandelier" else (FORECAST_CHART,)


def measure_noise(
    frames: Mapping[str, pd.DataFrame], base: str, settings: StopSettings, pair: str
) -> pd.DataFrame:
    """What `noise_columns` gives, as a frame with the base candles' index."""
    return pd.DataFrame(noise_columns(frames, base, settings, pair), index=frames[base].index)


def noise_columns(
    frames: Mapping[str, pd.DataFrame], base: str, settings: StopSettings, pair: str
) -> dict[str, Floats]:
    """Forecast, candle noise and, for the Chandelier, hourly ATR at each base candle's close.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Closed candles with `date, open, high, low, close, volume` by timeframe; the base timeframe is
        the clock.
    base : str
        The strategy's timeframe.
    settings : StopSettings
        Horizon and policy.
    pair : str
        Pair, for error messages.

    Returns
    -------
    dict of str to ndarray of shape (n_candles,)
        `sigma`, `protect_sigma`, `candle_range` and `atr`, all fractions of price; NaN where not known.

    Raises
    ------
    DataError
        If a chart is missing or its dates do not increase.
    """
    if base not in frames or frames[base].empty:
        raise missing_chart(pair, base)
    clock = frames[base]
    columns = dict.fromkeys(COLUMNS, np.full(len(clock), np.nan))
    columns["candle_range"] = _mean_range(clock, base).to_numpy(np.float64)
    for name in stop_charts(settings):
        if name not in frames or frames[name].empty:
            raise missing_chart(pair, name)
        chart = frames[name]
        for column, values in _measured(name, chart, settings).items():
            known = values.to_numpy(dtype=np.float64)
            if name != base:
                known = align(clock["date"], base, chart["date"], name, known, pair=pair)
            columns[column] = known
    return columns


def _measured(name: str, chart: pd.DataFrame, settings: StopSettings) -> dict[str, pd.Series]:
    if name == ATR_CHART:
        return {"atr": _atr(chart, settings)}
    horizons = (settings.horizon_hours, settings.protect_horizon_hours)
    return dict(zip(("sigma", "protect_sigma"), sigmas(chart, horizons), strict=True))


def market_columns(measured: pd.DataFrame) -> MarketColumns:
    """Pick the columns that `measure_noise` made out of a frame."""
    return MarketColumns(*(measured[name].to_numpy(dtype=np.float64) for name in COLUMNS))


def _mean_range(clock: pd.DataFrame, base: str) -> pd.Series:
    """Mean range of the base candles of the last hour, as a fraction of price."""
    candles = max(1, HOUR_MS // timeframe_ms(base))
    relative = (clock["high"] - clock["low"]) / clock["close"]
    mean: pd.Series = relative.rolling(candles, min_periods=1).mean()
    return mean


def _atr(chart: pd.DataFrame, settings: StopSettings) -> pd.Series:
    """Wilder's average true range as a fraction of price, over the candles that can be read."""
    prices = chart[["high", "low", "close"]].to_numpy(dtype=np.float64).T.copy()
    # TA-Lib's recursion never recovers from a NaN.
    readable = np.isfinite(prices).all(axis=0)
    atr = np.full(len(chart), np.nan)
    high, low, close = prices[:, readable]
    if readable.any():
        atr[readable] = talib.ATR(high, low, close, timeperiod=settings.chandelier_bars) / close
    return pd.Series(atr)
