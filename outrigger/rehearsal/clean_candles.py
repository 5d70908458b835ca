"""Freqtrade's cleaning of candles, skipped where there is nothing to clean.

A live loop groups and resamples thousands of candles of every chart each minute, to find no duplicate and no
gap: half of a driven bot's time. Where candles are whole, this gives what Freqtrade would have given, row for
row; everything else goes to Freqtrade's own function. Only rehearsals use it: a real bot has a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
from freqtrade.data.converter import converter
from freqtrade.enums import CandleType
from freqtrade.exchange import exchange
from pandas import DataFrame

from outrigger.market.timeframe import timeframe_ms

_CLEAN = converter.clean_ohlcv_dataframe
_VALUES = ["open", "high", "low", "close", "volume"]
_PRICES = (CandleType.FUTURES, CandleType.SPOT)


def clean(
    frame: DataFrame,
    timeframe: str,
    pair: str,
    *,
    fill_missing: bool,
    drop_incomplete: bool,
    candle_type: CandleType = CandleType.SPOT,
) -> DataFrame:
    """Give the candles as Freqtrade's `clean_ohlcv_dataframe` does.

    Parameters
    ----------
    frame : DataFrame of shape (n_candles, 6)
        Candles, possibly repeated, unordered or with gaps.
    timeframe, pair : str
        What they are of.
    fill_missing, drop_incomplete : bool
        Whether gaps are filled, and the last candle dropped.
    candle_type : CandleType
        Prices, funding or else.

    Returns
    -------
    DataFrame of shape (n_distinct, 6)
        One row a date, in order.
    """
    asked: dict[str, Any] = {"fill_missing": fill_missing, "drop_incomplete": drop_incomplete}
    rows = _whole(frame, timeframe, gapless=fill_missing) if candle_type in _PRICES else None
    if rows is None:
        cleaned: DataFrame = _CLEAN(frame, timeframe, pair, **asked, candle_type=candle_type)
        return cleaned
    kept: DataFrame = frame.iloc[rows[:-1] if drop_incomplete else rows]
    return kept.reset_index(drop=True)


def _whole(frame: DataFrame, timeframe: str, *, gapless: bool) -> Any:
    """Positions of the distinct candles in order; None where repeated ones differ or one is missing."""
    dates = frame["date"].dt.tz_convert(None).to_numpy()
    distinct, first, group = np.unique(dates, return_index=True, return_inverse=True)
    values = frame[_VALUES].to_numpy(np.float64)
    if len(distinct) < 2 or not np.array_equal(values, values[first[group]]):  # NaN is never equal
        return None
    if gapless and not (np.diff(distinct) == np.timedelta64(timeframe_ms(timeframe), "ms")).all():
        return None
    return first


@contextmanager
def cleaning_once() -> Iterator[None]:
    """Let bots that live meanwhile clean their candles only where that changes something."""
    name = "clean_ohlcv_dataframe"
    with mock.patch.object(converter, name, clean), mock.patch.object(exchange, name, clean):
        yield
