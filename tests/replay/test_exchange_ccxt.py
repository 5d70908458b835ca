"""The client library itself, configured by the overlay, against the exchange."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ccxt
import pytest

from outrigger.errors import DataError
from outrigger.replay.clock import Clock
from outrigger.replay.exchange import ReplayServer, open_market, utc
from outrigger.replay.market import ReplayMarket
from outrigger.replay.market_files import MarketFiles
from outrigger.replay.overlay import exchange_overlay
from tests.replay.data_directory import START, START_MS, walk, write_market

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
BTC = "BTC/USDT:USDT"


@pytest.fixture(scope="module")
def datadir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("market"))


@pytest.fixture(scope="module")
def server(datadir: Path) -> Iterator[ReplayServer]:
    moving = open_market(datadir, replay=True).clock
    now = moving.now_ms()
    still = Clock(lambda: now, moving.shift_ms)  # a minute that ends while a test pages would spoil it
    with ReplayServer(ReplayMarket(MarketFiles(datadir, still.shift_ms), still)) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: ReplayServer) -> ccxt.Exchange:
    config = exchange_overlay(server.url)["exchange"]["ccxt_config"]
    return ccxt.binance(ccxt.Exchange.deep_extend({"options": {"defaultType": "swap"}}, config))


def test_client_loads_the_markets_with_their_precision(client: ccxt.Exchange) -> None:
    markets = client.load_markets()
    assert sorted(markets) == [BTC, "ETH/USDT:USDT", "WIF/USDT:USDT"]
    btc = markets[BTC]
    assert btc["precision"] == {**btc["precision"], "price": 0.1, "amount": 0.001}
    assert btc["limits"]["amount"] == {"min": 0.001, "max": 1000}
    assert (btc["swap"], btc["linear"], btc["active"], btc["contractSize"]) == (True, True, True, 1)
    assert btc["taker"] > 0


def test_client_pages_through_minutes_without_gaps(server: ReplayServer, client: ccxt.Exchange) -> None:
    first = START_MS + server.market.clock.shift_ms
    rows: list[list[float]] = []
    since = first
    while page := client.fetch_ohlcv(BTC, "1m", since=since, limit=499):
        rows += page
        since = page[-1][0] + MINUTE
    now = server.market.clock.now_ms()
    assert [row[0] for row in rows] == list(range(first, rows[-1][0] + 1, MINUTE))
    assert rows[-1][0] == now // MINUTE * MINUTE
    recorded = walk(3 * 1440, 90_000.0, 0).iloc[: len(rows) - 1, 1:6].to_numpy().tolist()
    assert [row[1:] for row in rows[:-1]] == recorded


def test_client_reads_marks_funding_book_and_tickers(server: ReplayServer, client: ccxt.Exchange) -> None:
    shift = server.market.clock.shift_ms
    marks = client.fetch_ohlcv(BTC, "1h", since=START_MS + shift, limit=2, params={"price": "mark"})
    assert [row[0] for row in marks] == [START_MS + shift, START_MS + shift + HOUR]
    rates = client.fetch_funding_rate_history(BTC, since=START_MS + shift, limit=1000)
    assert [r["timestamp"] for r in rates] == [START_MS + shift + 8 * HOUR * k for k in range(len(rates))]
    book = client.fetch_order_book(BTC, 5)
    assert book["bids"][0][0] < book["asks"][0][0]
    assert set(client.fetch_tickers()) == set(client.markets)
    assert set(client.fetch_bids_asks()) == set(client.markets)
    assert client.fetch_ticker(BTC)["last"] == client.fetch_last_prices()[BTC]["price"]
    assert client.fetch_funding_rate(BTC)["fundingRate"] == rates[-1]["fundingRate"]
    assert set(client.fetch_funding_rates()) == set(client.markets)
    assert client.fetch_funding_intervals([BTC])[BTC]["interval"] == "8h"
    assert client.fetch_time() == server.market.clock.now_ms()


def test_client_asking_wrongly_gets_its_own_exceptions(client: ccxt.Exchange) -> None:
    with pytest.raises(ccxt.BadSymbol):
        client.fapiPublicGetKlines({"symbol": "NOPEUSDT", "interval": "1m"})
    with pytest.raises(ccxt.BadRequest):
        client.fapiPublicGetKlines({"symbol": "BTCUSDT", "interval": "9m"})


def test_client_knocking_at_another_door_stays_on_this_machine(
    server: ReplayServer, client: ccxt.Exchange
) -> None:
    assert all(address.startswith(server.url) for address in client.urls["api"].values())
    with pytest.raises(ccxt.ExchangeError, match="-5000"):
        client.publicGetExchangeInfo()


def test_open_market_from_a_start_shows_that_day_now(datadir: Path) -> None:
    start = START.to_pydatetime() + timedelta(hours=30)
    market = open_market(datadir, replay=True, start=start)
    assert (
        timedelta(0) <= datetime.fromtimestamp(market.clock.data_ms() / 1000, UTC) - start < timedelta(days=1)
    )
    naive = open_market(datadir, replay=True, start=start.replace(tzinfo=None))
    assert naive.clock.shift_ms == market.clock.shift_ms


def test_open_market_from_a_start_outside_the_data_is_refused(datadir: Path) -> None:
    with pytest.raises(DataError, match=r"run from 2025-03-03 00:00 to 2025-03-05 23:59 UTC; choose"):
        open_market(datadir, replay=True, start=datetime(2024, 1, 1, tzinfo=UTC))
    assert utc(START_MS) == "2025-03-03 00:00"
