"""What the doctor finds in a data directory, one planted defect at a time."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outrigger.doctor.diagnose import diagnose
from outrigger.doctor.finding import exit_code
from outrigger.doctor.versions import check as check_versions
from tests.conftest import REPOSITORY
from tests.doctor.desk import BTC, ETH, START, TIMERANGE, Desk, about, file_of, only


def test_diagnose_of_an_absent_directory_is_an_error_only_if_named(desk: Desk) -> None:
    found = desk.diagnose(datadir=desk.home / "nowhere")
    assert "does not exist" in only(found, "data directory", "error").message
    assert exit_code(found) == 1
    told = only(desk.diagnose(datadir=None), "user_data/data/binance", "warning")
    assert "freqtrade download-data" in told.next_step


def test_diagnose_of_an_empty_directory_gives_the_download_command(desk: Desk) -> None:
    (desk.home / "empty").mkdir()
    found = only(desk.diagnose(datadir=desk.home / "empty"), "data directory", "error")
    assert found.message == "is empty"
    assert found.next_step == (
        f"freqtrade download-data --config {desk.config_file} --datadir {desk.home / 'empty'} --trading-mode "
        f"futures --pairs {BTC} {ETH} --timeframes 5m 15m 4h --timerange {TIMERANGE}"
    )


def test_diagnose_of_a_file_or_of_the_futures_folder_says_what_to_name(desk: Desk) -> None:
    found = only(desk.diagnose(datadir=desk.config_file), "data directory", "error")
    assert "is a file" in found.message
    found = only(desk.diagnose(datadir=desk.datadir / "futures"), "data directory", "error")
    assert found.next_step == f"name its parent, {desk.datadir}"


def test_diagnose_of_another_data_format_names_the_conversion(desk: Desk) -> None:
    desk.config["dataformat_ohlcv"] = "parquet"
    assert "freqtrade convert-data" in only(desk.diagnose(), "data directory", "warning").next_step


def test_diagnose_of_missing_files_lists_the_timeframes_of_the_pair(desk: Desk) -> None:
    for kind in ("5m-futures", "4h-futures"):
        file_of(desk.datadir, ETH, kind).unlink()
    found = only(desk.diagnose(), f"{ETH} 5m, 4h", "error")
    assert f"--pairs {ETH} --timeframes 5m 4h" in found.next_step
    assert about(desk.diagnose(), BTC, "error") == []


def test_diagnose_for_the_chandelier_wants_hourly_candles(desk: Desk) -> None:
    desk.config["outrigger"]["stop"] = {"policy": "chandelier"}
    assert about(desk.diagnose(), f"{BTC} 1h", "ok")
    file_of(desk.datadir, BTC, "1h-futures").unlink()
    assert only(desk.diagnose(), f"{BTC} 1h", "error")


def test_diagnose_of_a_truncated_file_says_to_download_it_again(desk: Desk) -> None:
    path = file_of(desk.datadir, BTC, "15m-futures")
    path.write_bytes(path.read_bytes()[:200])
    found = only(desk.diagnose(), f"{BTC} 15m", "error")
    assert "truncated" in found.message
    assert found.next_step.startswith(f"rm {path} && freqtrade download-data")


def nan_price(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[100:101, "close"] = np.nan
    return frame


def zero_price(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[100, ["open", "high", "low", "close"]] = 0.0
    return frame


def outage(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[100:104, "volume"] = 0.0
    return frame


@pytest.mark.parametrize(
    ("plant", "level", "told"),
    [
        (nan_price, "error", "2 nan_prices"),
        (zero_price, "error", "1 non_positive_prices"),
        (outage, "warning", "5 zero_volume_runs"),
        (lambda frame: frame.drop(index=range(100, 107)), "warning", "7 gaps"),
        (lambda frame: pd.concat([frame, frame.tail(3)]), "warning", "3 duplicate_dates"),
        (lambda frame: frame.iloc[np.r_[:50, 51, 50, 52 : len(frame)]], "warning", "1 unsorted_dates"),
        (lambda frame: frame.drop(columns="volume"), "error", "column volume is missing"),
        (lambda frame: frame.iloc[:0], "error", "holds no candles"),
    ],
)
def test_diagnose_of_a_defect_names_counts_and_judges_it(
    desk: Desk, plant: object, level: str, told: str
) -> None:
    desk.plant(BTC, "15m-futures", plant)  # type: ignore[arg-type]
    assert told in only(desk.diagnose(), f"{BTC} 15m", level).message
    assert about(desk.diagnose(), ETH, "error") == []


def test_diagnose_of_candles_in_the_future_is_an_error(desk: Desk) -> None:
    desk.plant(BTC, "4h-futures", lambda f: f.assign(date=f["date"] + pd.Timedelta(days=36_500)))
    assert "in the future" in only(desk.diagnose(), f"{BTC} 4h", "error").message


def test_diagnose_of_a_chart_that_ends_early_warns(desk: Desk) -> None:
    desk.plant(BTC, "4h-futures", lambda frame: frame.iloc[:-6])
    assert "ends 2025-01-27 00:00" in only(desk.diagnose(), f"{BTC} 4h", "warning").message


def test_diagnose_of_a_pair_with_less_history_warns(desk: Desk) -> None:
    desk.plant(ETH, "5m-futures", lambda frame: frame[frame["date"] >= START + pd.Timedelta(days=5)])
    assert "5.0 days after the longest" in only(desk.diagnose(), f"{ETH} 5m", "warning").message


def test_diagnose_of_a_timerange_beyond_the_data_warns(desk: Desk) -> None:
    found = about(desk.diagnose(timerange="20250127-20250301"), "5m", "warning")
    assert [f.subject for f in found] == [f"{BTC} 5m", f"{ETH} 5m"]
    assert "2025-03-01 00:00" in found[0].message


def test_diagnose_counts_history_before_the_timerange(desk: Desk) -> None:
    """Ten days before the start there are 2880 candles of 5m, 960 of 15m, but 60 of 4h: one too few."""
    found = desk.diagnose(timerange="20250116-")
    assert len(about(found, "start-up history", "ok")) == 2
    short = only(found, "start-up history 4h", "warning")
    assert f"{BTC} 60, {ETH} 60" in short.message
    # 61 candles of 4h are ten days and four hours, up to the day of the start.
    assert "--timeframes 4h --timerange 20250105-20250117 --prepend" in short.next_step


def test_diagnose_is_content_with_what_the_signals_look_back_on(desk: Desk) -> None:
    found = desk.diagnose(timerange="20250117-")
    assert len(about(found, "start-up history", "ok")) == 3


def test_diagnose_with_less_than_a_day_of_forecast_is_an_error(desk: Desk) -> None:
    found = only(desk.diagnose(timerange="20250106T1200-"), "start-up history 5m", "error")
    assert f"{BTC} 144" in found.message
    assert "no stop and no trade" in found.message


def test_diagnose_without_a_timerange_starts_after_the_startup_candles(desk: Desk) -> None:
    """120 candles of 5m are ten hours: 40 of 15m, and 3 of 4h, since the one of 08:00 has begun."""
    found = desk.diagnose(timerange=None)
    assert f"{BTC} 40" in only(found, "start-up history 15m", "warning").message
    assert f"{BTC} 3" in only(found, "start-up history 4h", "warning").message


def test_diagnose_of_data_shorter_than_its_start_up_is_an_error(desk: Desk) -> None:
    desk.config["startup_candle_count"] = 30 * 288
    found = desk.diagnose(timerange=None)
    assert any(
        "no candle is left to trade" in f.message for f in about(found, "start-up history 5m", "error")
    )


@pytest.mark.parametrize("kind", ["funding_rate", "mark"])
def test_diagnose_of_missing_funding_or_mark_is_an_error(desk: Desk, kind: str) -> None:
    file_of(desk.datadir, ETH, f"1h-{kind}").unlink()
    found = only(desk.diagnose(), f"{ETH} {kind}", "error")
    assert "no funding" in found.message
    assert f"--pairs {ETH} --timeframes 1h --candle-types funding_rate mark" in found.next_step


def test_diagnose_names_several_configurations_in_the_order_in_which_they_win(desk: Desk) -> None:
    """The other way round the command would download another exchange's candles."""
    file_of(desk.datadir, ETH, "1h-mark").unlink()
    first, second = desk.home / "first.json", desk.home / "second.json"
    first.write_text(json.dumps(desk.config))
    second.write_text(json.dumps({"exchange": {"name": "bybit"}}))
    findings = diagnose([first, second], desk.datadir, TIMERANGE, check_exchange=False)
    step = only(findings, f"{ETH} mark", "error").next_step
    assert f"--config {first} --config {second} " in step


def test_diagnose_of_funding_under_its_old_name_is_an_error(desk: Desk) -> None:
    """Fact 22: with 8h files a backtest only warns and charges no funding."""
    file_of(desk.datadir, ETH, "1h-funding_rate").rename(file_of(desk.datadir, ETH, "8h-funding_rate"))
    found = only(desk.diagnose(), f"{ETH} funding_rate", "error")
    assert "only ETH_USDT_USDT-8h-funding_rate.feather is there" in found.message
    assert "no funding" in found.message


def test_diagnose_of_funding_that_covers_half_is_an_error(desk: Desk) -> None:
    desk.plant(ETH, "1h-funding_rate", lambda frame: frame.iloc[:33])
    assert "outside no funding is charged" in only(desk.diagnose(), f"{ETH} funding_rate", "error").message


def test_diagnose_of_funding_that_begins_late_is_an_error(desk: Desk) -> None:
    desk.plant(ETH, "1h-funding_rate", lambda frame: frame.iloc[3:])
    assert only(desk.diagnose(), f"{ETH} funding_rate", "error")


def test_diagnose_of_funding_without_mark_at_its_hour_is_an_error(desk: Desk) -> None:
    desk.plant(ETH, "1h-mark", lambda frame: frame[frame["date"].dt.hour != 8])
    assert "22 of 66 funding events" in only(desk.diagnose(), f"{ETH} funding", "error").message


def test_diagnose_of_a_gap_between_funding_events_warns(desk: Desk) -> None:
    desk.plant(ETH, "1h-funding_rate", lambda frame: frame.drop(index=[30, 31]))
    assert "the first before 2025-01-16 16:00" in only(desk.diagnose(), f"{ETH} funding", "warning").message


def test_diagnose_of_a_charge_missing_from_a_four_hour_pair_warns(desk: Desk) -> None:
    """Eight hours without funding are no gap where it is charged every eight, and one where every four."""

    def every_four_hours(frame: pd.DataFrame) -> pd.DataFrame:
        dates = pd.date_range(frame["date"].iloc[0], periods=2 * len(frame), freq="4h", unit="ms")
        return pd.DataFrame({"date": dates.delete(61), "funding_rate": 1e-4})

    desk.plant(ETH, "1h-funding_rate", every_four_hours)
    found = only(desk.diagnose(), f"{ETH} funding", "warning")
    assert found.message.startswith("1 gaps longer than the pair's interval")
    assert "the first before 2025-01-16 08:00" in found.message


def test_diagnose_of_funding_charged_at_two_intervals_names_them(desk: Desk) -> None:
    def hourly_at_the_end(frame: pd.DataFrame) -> pd.DataFrame:
        head, tail = frame["date"].iloc[:40], frame["date"].iloc[40:]
        hourly = pd.Series(pd.date_range(tail.iloc[0], periods=8 * len(tail), freq="1h", unit="ms"))
        return pd.DataFrame({"date": pd.concat([head, hourly], ignore_index=True), "funding_rate": 1e-4})

    desk.plant(ETH, "1h-funding_rate", hourly_at_the_end)
    assert "one every 1 h or 8 h" in about(desk.diagnose(), f"{ETH} funding", "ok")[0].message


def test_diagnose_of_funding_that_is_no_number_is_an_error(desk: Desk) -> None:
    desk.plant(ETH, "1h-funding_rate", lambda frame: frame.assign(funding_rate=np.nan))
    assert "66 of 66" in only(desk.diagnose(), f"{ETH} funding_rate", "error").message


def test_diagnose_accepts_funding_in_the_open_of_a_candle(desk: Desk) -> None:
    """Older files hold the rate there, and Freqtrade reads them."""
    desk.plant(ETH, "1h-funding_rate", lambda frame: frame.rename(columns={"funding_rate": "open"}))
    assert about(desk.diagnose(), f"{ETH} funding", "ok")


def test_versions_out_of_range_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "2024.1" if name == "freqtrade" else real(name))
    found = list(check_versions())
    assert only(found, "freqtrade", "error").next_step.startswith('pip install "freqtrade')
    assert about(found, "pandas", "ok")


@pytest.mark.real_data
def test_diagnose_of_the_real_market_finds_what_its_description_says(market: Path, tmp_path: Path) -> None:
    """DOGE begins three weeks after the others; four-hour candles go back two months, which is enough."""
    config = tmp_path / "config.json"
    shutil.copy(REPOSITORY / "config.json", config)
    found = diagnose([config], market / "binance-1m-2025-05", timeframe="1m", check_exchange=False)
    data = [f for f in found if ":USDT" in f.subject or "history" in f.subject]
    assert [f.subject for f in data if f.level == "error"] == []
    assert "20.8 days after the longest" in only(data, "DOGE/USDT:USDT 1m", "warning").message
    assert about(data, "start-up history 4h", "ok")
    assert len(about(data, "funding", "ok")) == 6
