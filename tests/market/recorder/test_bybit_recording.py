"""Ten minutes of the replay exchange as Bybit, recorded through ccxt: pairs charged at other intervals."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outrigger.market.features.funding import funding_features, metrics_funding
from outrigger.market.recorder.ccxt_feed import CcxtFeed
from outrigger.market.recorder.health import Health
from outrigger.market.recorder.recorder import Recorder
from outrigger.market.recorder.settings import RecorderSettings
from outrigger.market.store.schema import Kind
from outrigger.market.store.store import MarketStore
from outrigger.replay.clock import Clock
from outrigger.replay.exchange import ReplayServer
from outrigger.replay.market import ReplayMarket
from outrigger.replay.market_files import MarketFiles
from outrigger.replay.overlay import exchange_overlay
from outrigger.replay.venues import BYBIT
from tests.market.recorder.desk import BTC, DrivenClock
from tests.replay.data_directory import START, START_MS, write, write_market

WIF = "WIF/USDT:USDT"
HOUR = 3_600_000
LEVELS = 50
# Five minutes before an hour, so that a charge of the hourly pair falls inside.
FIRST_MS = START_MS + 30 * HOUR - 5 * 60_000 + 17_000
SETTINGS = RecorderSettings(interval_s={Kind.BOOK: 10.0, Kind.METRICS: 60.0}, flush_s=30.0, timeout_s=30.0)


@pytest.fixture(scope="module")
def datadir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("market")
    write_market(found, days=2, bases=("BTC", "WIF"), funding_hours={"BTC": 4, "WIF": 1})
    times = pd.date_range(START, periods=48 * 12, freq="5min", unit="ms")
    amounts = np.arange(len(times), dtype=float) + 1000
    interest = {"date": times, "open_interest_amount": amounts, "open_interest_value": amounts * 2}
    write(pd.DataFrame(interest), found, "BTC", "5m-open_interest")
    return found


@pytest.fixture(scope="module")
def recorded(datadir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[MarketStore, Health]:
    driven = DrivenClock(FIRST_MS)
    root = tmp_path_factory.mktemp("store")

    async def ten_minutes(url: str) -> Health:
        config = exchange_overlay(url, "bybit")["exchange"]["ccxt_config"]
        feed = CcxtFeed("bybit", levels=LEVELS, liquidations=False, config=config, clock=driven.clock)
        recorder = Recorder(feed, MarketStore(root, "bybit"), (BTC, WIF), SETTINGS, driven.clock)
        stop = asyncio.Event()
        running = asyncio.create_task(recorder.run(stop))
        await driven.drive(599.0, sleepers=5)
        stop.set()
        await running
        return recorder.health()

    market = ReplayMarket(MarketFiles(datadir), Clock(driven.now_ms))
    with ReplayServer(market, venue=BYBIT) as server:
        health = asyncio.run(ten_minutes(server.url))
    return MarketStore(root, "bybit"), health


def charged(datadir: Path, base: str) -> pd.Series:
    frame = pd.read_feather(datadir / "futures" / f"{base}_USDT_USDT-1h-funding_rate.feather")
    times = frame["date"].dt.tz_localize(None).to_numpy().astype("datetime64[ms]").astype(np.int64)
    return pd.Series(frame["funding_rate"].to_numpy(), index=times)


def test_recording_has_every_reading_and_no_gap(recorded: tuple[MarketStore, Health]) -> None:
    store, health = recorded
    assert (sum(health.gaps.values()), sum(health.repeated.values()), health.waiting) == (0, 0, 0)
    for pair in (BTC, WIF):
        book = store.read(pair, Kind.BOOK)
        assert len(book) == 60
        assert (book["best_bid"] < book["best_ask"]).all()
        assert len(store.read(pair, Kind.METRICS)) == 10


@pytest.mark.parametrize(("pair", "base", "hours"), [(BTC, "BTC", 4), (WIF, "WIF", 1)])
def test_recorded_funding_is_that_of_the_pairs_own_interval(
    pair: str, base: str, hours: int, datadir: Path, recorded: tuple[MarketStore, Health]
) -> None:
    rows, rates = recorded[0].read(pair, Kind.METRICS), charged(datadir, base)
    at = rows["time_ms"].to_numpy()
    np.testing.assert_array_equal(rows["next_funding_ms"], (at // (hours * HOUR) + 1) * hours * HOUR)
    expected = rates.to_numpy()[np.searchsorted(rates.index, at, side="right") - 1]
    np.testing.assert_allclose(rows["funding_rate"], expected, rtol=1e-6)
    np.testing.assert_allclose(rows["predicted_funding_rate"], expected, rtol=1e-6)


def test_features_of_a_recorded_hourly_pair_are_per_eight_hours(
    datadir: Path, recorded: tuple[MarketStore, Health]
) -> None:
    rows, rates = recorded[0].read(WIF, Kind.METRICS), charged(datadir, "WIF")
    last = int(rows["known_ms"].iloc[-1])
    # The schedule moved on by an hour at 30:00, which tells the interval.
    found = funding_features(metrics_funding(rows), np.array([last]))["funding_rate"].iloc[0]
    assert found == pytest.approx(8 * rates[START_MS + 30 * HOUR], rel=1e-6)


def test_recorded_interest_is_base_amount_and_absent_inputs_are_missing(
    recorded: tuple[MarketStore, Health],
) -> None:
    rows = recorded[0].read(BTC, Kind.METRICS)
    expected = 1000 + (rows["time_ms"].to_numpy() - START_MS) // 300_000
    np.testing.assert_array_equal(rows["open_interest_base"], expected)
    assert (rows["open_interest_quote"] > rows["open_interest_base"]).all()
    assert recorded[0].read(WIF, Kind.METRICS)["open_interest_base"].isna().all()
    assert rows["account_ratio"].isna().all()
