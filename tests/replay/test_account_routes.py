"""An account that can be read and not traded with, as both exchanges' real clients see it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ccxt
import pytest
from aiohttp import web

from outrigger.replay.account_routes import ROUTES, AccountSheet
from outrigger.replay.exchange import ReplayServer, build_app, open_market
from outrigger.replay.market import ReplayMarket
from outrigger.replay.overlay import exchange_overlay
from outrigger.replay.venues import VENUES, venue_named
from tests.replay.data_directory import write_market

SHEET = AccountSheet(
    wallet=1_234.5, hedged=True, positions={"BTCUSDT": 0.5, "ETHUSDT": -3.0}, margin_mode="cross", key="right"
)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    datadir: Path = write_market(tmp_path_factory.mktemp("account"), days=2, bases=("BTC", "ETH"))
    return open_market(datadir, replay=True)


@pytest.fixture(scope="module", params=VENUES)
def client(market: ReplayMarket, request: pytest.FixtureRequest) -> Iterator[Any]:
    with ReplayServer(market, venue=venue_named(request.param), sheet=SHEET) as server:
        options = exchange_overlay(server.url, request.param)["exchange"]["ccxt_config"]
        options["options"] |= {"defaultType": "swap", "fetchCurrencies": False}
        made = getattr(ccxt, request.param)({"apiKey": "right", "secret": "s", **options})
        made.has["fetchCurrencies"] = False  # Bybit's would be asked for with the key
        yield made


def test_balance_is_read_by_ccxts_own_method(client: Any) -> None:
    assert client.fetch_balance()["USDT"]["total"] == 1_234.5


def test_position_mode_and_positions_are_read_as_ccxt_reads_them(client: Any) -> None:
    if client.id == "binance":
        assert client.fetch_position_mode()["hedged"] is True
        rows = client.fapiPrivateV3GetAccount()["positions"]
        held = {row["symbol"]: (float(row["positionAmt"]), row["positionSide"]) for row in rows}
        assert held == {"BTCUSDT": (0.5, "LONG"), "ETHUSDT": (-3.0, "SHORT")}
    else:
        found = {row["symbol"]: (row["contracts"], row["side"]) for row in client.fetch_positions()}
        assert found == {"BTC/USDT:USDT": (0.5, "long"), "ETH/USDT:USDT": (3.0, "short")}


def test_key_that_is_not_the_accounts_is_refused_in_the_exchanges_words(client: Any) -> None:
    client.apiKey = "wrong"
    try:
        with pytest.raises(ccxt.AuthenticationError):
            client.fetch_balance()
    finally:
        client.apiKey = "right"


def test_bybit_names_a_contract_that_is_not_held_once_a_side(market: ReplayMarket) -> None:
    for hedged, indices in ((False, ["0"]), (True, ["1", "2"])):
        sheet = AccountSheet(hedged=hedged)
        with ReplayServer(market, venue=venue_named("bybit"), sheet=sheet) as server:
            options = exchange_overlay(server.url, "bybit")["exchange"]["ccxt_config"]
            told = ccxt.bybit({"apiKey": "k", "secret": "s", **options}).privateGetV5PositionList(
                {"category": "linear", "symbol": "BTCUSDT"}
            )
        assert [str(row["positionIdx"]) for row in told["result"]["list"]] == indices


@pytest.mark.parametrize("venue", VENUES)
def test_only_reading_is_spoken(market: ReplayMarket, venue: str) -> None:
    assert {route.method for route in ROUTES[venue]} == {"GET"}
    app = build_app(market, venue_named(venue))
    assert isinstance(app, web.Application)
    assert {route.method for route in app.router.routes()} == {"GET", "HEAD"}
