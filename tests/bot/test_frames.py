"""Charts come from Freqtrade's data provider; what is missing is named with the command that fetches it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.data.dataprovider import DataProvider
from freqtrade.enums import CandleType, RunMode, TradingMode

from outrigger.bot import frames
from outrigger.errors import DataError
from outrigger.market.timeframe import timeframe_ms
from outrigger.settings.read import Settings, read_settings
from outrigger.stops.columns import COLUMNS

PAIR = "BTC/USDT:USDT"
START = pd.Timestamp("2025-03-03", tz="UTC")
SHORT = {"fast_hours": 1.0, "middle_hours": 4.0, "slow_hours": 40.0}
CHARTS = ("1m", "5m", "15m", "4h")
MINUTES = 4 * 1440


def candles(timeframe: str) -> pd.DataFrame:
    step = timeframe_ms(timeframe) // 60_000
    close = 40_000 * np.exp(np.cumsum(np.random.default_rng(5).normal(0, 8e-4, MINUTES)))[step - 1 :: step]
    opened = np.r_[40_000.0, close[:-1]]
    dates = pd.date_range(START, periods=len(close), freq=f"{step}min", unit="ms")
    frame = pd.DataFrame({"date": dates, "open": opened, "close": close, "volume": 1.0})
    frame["high"], frame["low"] = np.maximum(opened, close) * 1.0003, np.minimum(opened, close) * 0.9997
    return frame[["date", "open", "high", "low", "close", "volume"]]


def write(
    datadir: Path, *, funding: bool = True, mark: bool = True, charts: tuple[str, ...] = CHARTS
) -> Path:
    folder = datadir / "futures"
    folder.mkdir(parents=True)
    for chart in charts:
        candles(chart).to_feather(folder / f"BTC_USDT_USDT-{chart}-futures.feather")
    hourly = candles("1h")
    if mark:
        hourly.to_feather(folder / "BTC_USDT_USDT-1h-mark.feather")
    if funding:
        rates = pd.DataFrame({"date": hourly["date"].iloc[::8], "funding_rate": 1e-4})
        rates.reset_index(drop=True).to_feather(folder / "BTC_USDT_USDT-1h-funding_rate.feather")
    return datadir


def provider(datadir: Path, runmode: RunMode = RunMode.BACKTEST) -> DataProvider:
    config: dict[str, Any] = {
        "datadir": datadir,
        "runmode": runmode,
        "candle_type_def": CandleType.FUTURES,
        "trading_mode": TradingMode.FUTURES,
        "timeframe": "1m",
        "dataformat_ohlcv": "feather",
    }
    exchange: Any = SimpleNamespace(get_option=lambda name: {"funding_fee_timeframe": "1h"}[name])
    return DataProvider(config, exchange)


def settings(**stop: Any) -> Settings:
    return read_settings({"outrigger": {"signals": SHORT, "stop": stop}})


def test_charts_are_those_of_signals_and_stop_without_the_base() -> None:
    assert set(frames.charts(Settings(), "1m")) == {"5m", "15m", "4h"}
    assert set(frames.charts(Settings(), "5m")) == {"15m", "4h"}
    assert set(frames.charts(settings(policy="chandelier"), "1m")) == {"5m", "15m", "4h", "1h"}


def test_charts_are_each_named_once() -> None:
    told = read_settings({"outrigger": {"stop": {"policy": "chandelier"}, "signals": {"middle_chart": "1h"}}})
    found = frames.charts(told, "1m")
    assert len(found) == len(set(found))


def test_informative_asks_for_every_pair_and_chart() -> None:
    asked = frames.informative([PAIR, "ETH/USDT:USDT"], Settings(), "5m")
    assert set(asked) == {
        (pair, chart) for pair in (PAIR, "ETH/USDT:USDT") for chart in frames.charts(Settings(), "5m")
    }


def test_measure_adds_every_column_and_keeps_the_candles(tmp_path: Path) -> None:
    base = candles("1m")
    found = frames.measure(base, PAIR, "1m", provider(write(tmp_path / "data")), settings())
    assert len(found) == len(base)
    pd.testing.assert_frame_equal(found[list(base.columns)], base)
    assert set(COLUMNS) <= set(found.columns)
    assert not found.columns.duplicated().any()
    assert found["sigma"].iloc[-1] > 0


@pytest.mark.parametrize("runmode", sorted(frames.SIMULATED))
@pytest.mark.parametrize("absent", ["funding", "mark"])
def test_measure_backtest_without_funding_is_refused_with_the_command(
    tmp_path: Path, runmode: RunMode, absent: str
) -> None:
    found = provider(write(tmp_path / "data", **{absent: False}), runmode)
    with pytest.raises(DataError, match=rf"no {absent}.*\n?.*freqtrade download-data.*--pairs {PAIR}"):
        frames.measure(candles("1m"), PAIR, "1m", found, settings())


@pytest.mark.parametrize(("hours", "refused"), [(8, False), (1, True)])
def test_measure_backtest_misses_funding_by_the_pairs_own_interval(
    tmp_path: Path, hours: int, refused: bool
) -> None:
    """Six hours without a charge: nothing where it comes every eight, a hole where it comes every hour."""
    datadir = write(tmp_path / "data", funding=False)
    dates = candles("1h")["date"]
    charged = dates[dates <= dates.max() - pd.Timedelta(hours=6)].iloc[::-hours].sort_values()
    rates = pd.DataFrame({"date": charged, "funding_rate": 1e-4}).reset_index(drop=True)
    rates.to_feather(datadir / "futures" / "BTC_USDT_USDT-1h-funding_rate.feather")
    found = provider(datadir)
    if refused:
        with pytest.raises(DataError, match="no funding_rate"):
            frames.measure(candles("1m"), PAIR, "1m", found, settings())
    else:
        assert len(frames.measure(candles("1m"), PAIR, "1m", found, settings())) == MINUTES


def test_measure_for_a_plot_needs_no_funding(tmp_path: Path) -> None:
    found = provider(write(tmp_path / "data", funding=False, mark=False), RunMode.PLOT)
    assert len(frames.measure(candles("1m"), PAIR, "1m", found, settings())) == MINUTES


@pytest.mark.parametrize("absent", ["5m", "15m", "4h"])
def test_measure_missing_chart_is_named(tmp_path: Path, absent: str) -> None:
    datadir = write(tmp_path / "data", charts=tuple(chart for chart in CHARTS if chart != absent))
    with pytest.raises(DataError, match=absent):
        frames.measure(candles("1m"), PAIR, "1m", provider(datadir), settings())


@pytest.mark.parametrize("kind", ["funding_rate", "mark"])
def test_measure_backtest_with_funding_for_a_part_is_refused(tmp_path: Path, kind: str) -> None:
    datadir = write(tmp_path / "data")
    path = datadir / "futures" / f"BTC_USDT_USDT-1h-{kind}.feather"
    whole = pd.read_feather(path)
    whole[whole["date"] <= START + pd.Timedelta(hours=32)].reset_index(drop=True).to_feather(path)
    with pytest.raises(DataError, match=f"no {kind} candles of {PAIR} after 2025-03-04 08:00"):
        frames.measure(candles("1m"), PAIR, "1m", provider(datadir), settings())
