"""What the rehearsal's cleaning gives is what Freqtrade's gives, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.data.converter.converter import clean_ohlcv_dataframe
from freqtrade.enums import CandleType
from hypothesis import given, settings
from hypothesis import strategies as st

from outrigger.rehearsal import clean_candles
from outrigger.rehearsal.clean_candles import clean, cleaning_once

PAIR = "BTC/USDT:USDT"


def candles(count: int, timeframe: str = "1m", seed: int = 1) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    close = 100 * np.exp(draw.normal(0, 0.001, count).cumsum())
    dates = pd.date_range("2025-06-01", periods=count, freq=timeframe.replace("m", "min"), tz="UTC")
    prices = {"open": close, "high": close * 1.01, "low": close * 0.99, "close": close}
    return pd.DataFrame({"date": dates, **prices, "volume": draw.uniform(0, 9, count)})


def both(frame: pd.DataFrame, timeframe: str = "1m", **asked: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    asked = {"fill_missing": True, "drop_incomplete": False, "candle_type": CandleType.FUTURES, **asked}
    ours = clean(frame.copy(), timeframe, PAIR, **asked)
    return ours, clean_ohlcv_dataframe(frame.copy(), timeframe, PAIR, **asked)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 39), min_size=2, max_size=80),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["1m", "15m", "4h"]),
    st.sets(st.integers(0, 79), max_size=3),
)
def test_clean_of_any_rows_is_what_freqtrade_gives(
    picked: list[int], fill: bool, drop: bool, timeframe: str, spoiled: set[int]
) -> None:
    frame = candles(40, timeframe).iloc[picked].reset_index(drop=True)
    for row in spoiled & set(range(len(frame))):
        frame.loc[row, "high"] *= 1.5
    ours, theirs = both(frame, timeframe, fill_missing=fill, drop_incomplete=drop)
    pd.testing.assert_frame_equal(ours, theirs, check_freq=False)


@pytest.mark.parametrize("drop", [False, True])
def test_clean_of_whole_candles_does_not_ask_freqtrade(drop: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = candles(60)
    doubled = pd.concat([frame, frame.tail(20)])
    _, theirs = both(doubled, drop_incomplete=drop)
    monkeypatch.setattr(clean_candles, "_CLEAN", None)
    ours = clean(doubled, "1m", PAIR, fill_missing=True, drop_incomplete=drop, candle_type=CandleType.FUTURES)
    pd.testing.assert_frame_equal(ours, theirs, check_freq=False)


def test_clean_of_a_missing_value_goes_to_freqtrade() -> None:
    frame = candles(30)
    frame.loc[7, "close"] = np.nan
    ours, theirs = both(frame)
    pd.testing.assert_frame_equal(ours, theirs, check_freq=False)
    assert ours.loc[7, "close"] == frame.loc[6, "close"]


def test_cleaning_once_reaches_both_callers_and_ends() -> None:
    from freqtrade.data.converter import converter
    from freqtrade.exchange import exchange

    with cleaning_once():
        assert converter.clean_ohlcv_dataframe is clean
        assert exchange.clean_ohlcv_dataframe is clean
    assert converter.clean_ohlcv_dataframe is clean_ohlcv_dataframe
    assert exchange.clean_ohlcv_dataframe is clean_ohlcv_dataframe
