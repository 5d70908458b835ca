"""The same snapshots recorded live and imported from archives give the same columns on closed candles.

Live: replay exchange, loopback, ccxt, recorder, store. Backtest: import of the archives that the exchange was
fed from. Tolerance: 1e-5 of the book columns (archives round quote amounts to whole dollars, a book to lots),
1e-9 of the open-interest columns (means of the same values, added up in another order).
"""

from __future__ import annotations

import asyncio

import numpy as np
import pandas as pd
import pytest

from outrigger.market.archives.directory import import_directory
from outrigger.market.features.book import BOOK_NAMES, book_features
from outrigger.market.features.interest import INTEREST_NAMES, interest_features
from outrigger.market.recorder.ccxt_feed import CcxtFeed
from outrigger.market.recorder.recorder import Recorder
from outrigger.market.recorder.settings import RecorderSettings
from outrigger.market.store.schema import Kind
from outrigger.market.store.store import MarketStore
from outrigger.replay.clock import Clock
from outrigger.replay.exchange import ReplayServer
from outrigger.replay.market import ReplayMarket
from outrigger.replay.market_files import MarketFiles
from outrigger.replay.overlay import exchange_overlay
from outrigger.replay.synth import write_market
from tests.market.recorder.desk import BTC, DrivenClock

MINUTE = 60_000
# 2026-03-02 14:00 UTC, on the synthetic market's only day of one-minute candles.
FIRST_MS = 1_772_460_000_000
MINUTES = 31
CLOSES = FIRST_MS + 5 * MINUTE * np.arange(1, 7)
# Archives do not show the top of the book.
TOP = ("book_spread_bp", "book_micro_offset_bp")
SETTINGS = RecorderSettings(interval_s={Kind.BOOK: 20.0, Kind.METRICS: 60.0}, flush_s=300.0, timeout_s=60.0)


def earlier_recording(archive: MarketStore, into: MarketStore) -> None:
    """What a recorder that had run before would have left: readings dated when they were received."""
    for kind in (Kind.BOOK, Kind.METRICS):
        rows = archive.read(BTC, kind, end_ms=FIRST_MS)
        into.append(BTC, kind, rows.assign(time_ms=rows["known_ms"]))


async def record(url: str, driven: DrivenClock, store: MarketStore) -> int:
    config = exchange_overlay(url)["exchange"]["ccxt_config"]
    feed = CcxtFeed("binance", liquidations=False, config=config, clock=driven.clock)
    recorder = Recorder(feed, store, (BTC,), SETTINGS, driven.clock)
    stop = asyncio.Event()
    running = asyncio.create_task(recorder.run(stop))
    await driven.drive(MINUTES * 60.0, sleepers=3)
    stop.set()
    await running
    return sum(recorder.health().gaps.values())


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[MarketStore, MarketStore]:
    home = tmp_path_factory.mktemp("both")
    write_market(home / "market", 1, 11, (BTC,), warmup_days=4, depth_minutes=1)
    archive, live = MarketStore(home / "archive"), MarketStore(home / "live")
    import_directory(archive, home / "market")
    with live:
        earlier_recording(archive, live)
    driven = DrivenClock(FIRST_MS)
    with ReplayServer(ReplayMarket(MarketFiles(home / "market"), Clock(driven.now_ms))) as server:
        gaps = asyncio.run(record(server.url, driven, MarketStore(home / "live")))
    assert gaps == 0
    return archive, MarketStore(home / "live")


def rows(store: MarketStore, kind: Kind) -> pd.DataFrame:
    return store.read(BTC, kind, end_ms=int(CLOSES[-1]) + 1)


def test_recorded_snapshots_are_those_of_the_archive(stores: tuple[MarketStore, MarketStore]) -> None:
    archive, live = (rows(store, Kind.BOOK).set_index("time_ms").loc[FIRST_MS:] for store in stores)
    assert set(live.index) >= set(archive.index)
    assert (live["known_ms"] > live.index).any()
    quotes = [name for name in archive.columns if "quote" in name]
    np.testing.assert_allclose(live.loc[archive.index, quotes], archive[quotes], rtol=1e-5)


def test_book_columns_on_closed_candles_are_the_same(stores: tuple[MarketStore, MarketStore]) -> None:
    archive, live = (book_features(rows(store, Kind.BOOK), CLOSES) for store in stores)
    names = [name for name in BOOK_NAMES if name not in TOP]
    assert archive[names].notna().all(axis=None)
    np.testing.assert_allclose(live[names], archive[names], rtol=1e-5, atol=1e-5)
    assert archive[list(TOP)].isna().all(axis=None)
    assert live[list(TOP)].notna().all(axis=None)


def test_interest_columns_on_closed_candles_are_the_same(stores: tuple[MarketStore, MarketStore]) -> None:
    archive, live = (interest_features(rows(store, Kind.METRICS), CLOSES) for store in stores)
    assert archive[list(INTEREST_NAMES)].notna().all(axis=None)
    np.testing.assert_allclose(live, archive, rtol=1e-9, atol=1e-9)
