"""Ten minutes of the replay exchange, recorded through ccxt over loopback, read back and compared."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outrigger.market.recorder.ccxt_feed import CcxtFeed
from outrigger.market.recorder.health import Health
from outrigger.market.recorder.recorder import Recorder
from outrigger.market.recorder.settings import RecorderSettings
from outrigger.market.store.schema import BANDS, Kind, band_name
from outrigger.market.store.store import MarketStore
from outrigger.replay.clock import Clock
from outrigger.replay.contracts import contract_rules
from outrigger.replay.depth import synthetic_book
from outrigger.replay.exchange import ReplayServer
from outrigger.replay.market import ReplayMarket
from outrigger.replay.market_files import MarketFiles
from outrigger.replay.overlay import exchange_overlay
from tests.market.recorder.desk import BTC, DrivenClock
from tests.replay.data_directory import START_MS, write_market

WIF = "WIF/USDT:USDT"
SYMBOLS = {BTC: "BTCUSDT", WIF: "WIFUSDT"}
LEVELS = 500
FIRST_MS = START_MS + 30 * 3_600_000 + 17_000
SETTINGS = RecorderSettings(interval_s={Kind.BOOK: 10.0, Kind.METRICS: 60.0}, flush_s=30.0, timeout_s=30.0)


@pytest.fixture(scope="module")
def datadir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("market"), days=2, bases=("BTC", "WIF"))


@pytest.fixture(scope="module")
def recorded(datadir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[MarketStore, Health]:
    driven = DrivenClock(FIRST_MS)
    root = tmp_path_factory.mktemp("store")

    async def ten_minutes(url: str) -> Health:
        config = exchange_overlay(url)["exchange"]["ccxt_config"]
        feed = CcxtFeed("binance", levels=LEVELS, liquidations=False, config=config, clock=driven.clock)
        recorder = Recorder(feed, MarketStore(root), (BTC, WIF), SETTINGS, driven.clock)
        stop = asyncio.Event()
        running = asyncio.create_task(recorder.run(stop))
        await driven.drive(599.0, sleepers=5)
        stop.set()
        await running
        return recorder.health()

    market = ReplayMarket(MarketFiles(datadir), Clock(driven.now_ms))
    with ReplayServer(market) as server:
        health = asyncio.run(ten_minutes(server.url))
    return MarketStore(root), health


def test_recording_has_every_reading_and_no_gap(recorded: tuple[MarketStore, Health]) -> None:
    store, health = recorded
    assert (sum(health.gaps.values()), sum(health.repeated.values()), health.waiting) == (0, 0, 0)
    for pair, offset_s in ((BTC, 0), (WIF, 5)):
        times = store.read(pair, Kind.BOOK)["time_ms"].tolist()
        assert times == [FIRST_MS + 1000 * (offset_s + 10 * i) for i in range(60)]
        assert len(store.read(pair, Kind.METRICS)) == 10
    assert health.written == 140


@pytest.mark.parametrize("pair", SYMBOLS)
def test_recorded_books_are_those_of_the_exchange(
    pair: str, datadir: Path, recorded: tuple[MarketStore, Health]
) -> None:
    rows = recorded[0].read(pair, Kind.BOOK)
    files = MarketFiles(datadir)
    for row in rows.iloc[::7].to_dict("records"):
        at = int(row["time_ms"])
        market = ReplayMarket(files, Clock(lambda at=at: at))
        symbol = SYMBOLS[pair]
        price = market.price(symbol)
        assert price is not None
        book = synthetic_book(price, contract_rules(market, symbol), market.minute_volume(symbol), LEVELS)
        bids, asks = ([(float(p), float(a)) for p, a in side] for side in (book.bids, book.asks))
        assert row["best_bid"] == pytest.approx(bids[0][0], rel=1e-6)
        assert row["best_ask_base"] == pytest.approx(asks[0][1], rel=1e-6)
        mid = (bids[0][0] + asks[0][0]) / 2
        for side, levels in (("bid", bids), ("ask", asks)):
            for band in BANDS:
                got = row[band_name(side, band, "quote")]
                if abs(levels[-1][0] / mid - 1) < band:
                    assert math.isnan(got)
                else:
                    near = [p * a for p, a in levels if abs(p / mid - 1) <= band + 5e-13]
                    assert got == pytest.approx(math.fsum(near), rel=1e-6)
    if pair == WIF:
        assert rows["bid_quote_0.2"].notna().all()  # 500 steps of 0.00001 below 0.6


def test_recorded_metrics_hold_funding_and_leave_out_what_is_not_served(
    datadir: Path, recorded: tuple[MarketStore, Health]
) -> None:
    rows = recorded[0].read(BTC, Kind.METRICS)
    charged = pd.read_feather(datadir / "futures" / "BTC_USDT_USDT-1h-funding_rate.feather")
    times = charged["date"].dt.tz_localize(None).to_numpy().astype("datetime64[ms]").astype(np.int64)
    last = charged["funding_rate"].to_numpy()[times <= FIRST_MS][-1]
    np.testing.assert_allclose(rows["funding_rate"], last, rtol=1e-6)
    assert (rows["next_funding_ms"] == START_MS + 32 * 3_600_000).all()
    assert rows["open_interest_base"].isna().all()
    assert rows["account_ratio"].isna().all()
