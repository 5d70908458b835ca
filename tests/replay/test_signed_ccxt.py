"""The client library itself, signing, against the account."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace

import ccxt
import pytest

from outrigger.replay.clock import Clock
from outrigger.replay.exchange import ReplayServer
from outrigger.replay.market import ReplayMarket
from outrigger.replay.market_files import MarketFiles
from outrigger.replay.overlay import exchange_overlay
from outrigger.replay.signed_account import Account
from outrigger.replay.signed_request import Keys
from tests.replay.data_directory import START_MS, write_market

NOW = START_MS + 5 * 3_600_000 + 13_000
BTC = "BTC/USDT:USDT"
STOP = {"reduceOnly": True, "workingType": "MARK_PRICE"}


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    datadir = write_market(tmp_path_factory.mktemp("market"), days=1, bases=("BTC",))
    known = SimpleNamespace(now=NOW)
    market = ReplayMarket(MarketFiles(datadir), Clock(lambda: known.now))
    known.account = Account(market, Decimal(10_000))
    with ReplayServer(market, account=known.account, keys=Keys("k", "s")) as server:
        known.url = server.url
        known.client = client(known)
        yield known


def client(desk: SimpleNamespace, **changed: object) -> ccxt.Exchange:
    own = {
        "apiKey": "k",
        "secret": "s",
        "options": {"defaultType": "swap", "fetchCurrencies": False},
        **changed,
    }
    made = ccxt.binance(ccxt.Exchange.deep_extend(own, exchange_overlay(desk.url)["exchange"]["ccxt_config"]))
    made.milliseconds = lambda: desk.now
    return made


def test_client_trades_and_reads_what_became_of_it(desk: SimpleNamespace) -> None:
    binance = desk.client
    binance.set_margin_mode("isolated", BTC)
    binance.set_leverage(5, BTC)
    order = binance.create_order(BTC, "market", "sell", 0.01)
    assert (order["status"], order["filled"], order["side"]) == ("closed", 0.01, "sell")
    assert binance.fetch_order(order["id"], BTC)["average"] == order["average"]
    fills = binance.fetch_my_trades(BTC, since=NOW - 1)
    assert sum(fill["amount"] for fill in fills) == pytest.approx(0.01)
    assert {fill["order"] for fill in fills} == {order["id"]}
    assert fills[0]["fee"]["currency"] == "USDT"
    assert sum(fill["fee"]["cost"] for fill in fills) == pytest.approx(order["cost"] * 0.0005)
    held = binance.fetch_positions()[0]
    assert (held["side"], held["contracts"], held["marginMode"]) == ("short", 0.01, "isolated")
    assert held["liquidationPrice"] > held["entryPrice"] * 1.15
    told = binance.fetch_balance()["USDT"]
    assert told["total"] == pytest.approx(10_000 - order["cost"] * 0.0005 + held["unrealizedPnl"])


def test_client_places_finds_and_cancels_a_stop(desk: SimpleNamespace) -> None:
    binance = desk.client
    entry = binance.create_order(BTC, "market", "sell", 0.01)
    trigger = round(entry["average"] * 1.02, 1)
    stop = binance.create_order(BTC, "stop_market", "buy", 0.01, None, {"stopPrice": trigger, **STOP})
    assert (stop["status"], stop["stopPrice"], stop["type"]) == ("open", trigger, "market")
    assert [one["id"] for one in binance.fetch_open_orders(BTC, params={"stop": True})] == [stop["id"]]
    assert binance.fetch_order(stop["id"], BTC, {"stop": True})["status"] == "open"
    binance.cancel_order(stop["id"], BTC, {"stop": True})
    assert binance.fetch_order(stop["id"], BTC, {"stop": True})["status"] == "canceled"
    with pytest.raises(ccxt.OrderNotFound):
        binance.cancel_order(stop["id"], BTC, {"stop": True})


def test_client_reads_from_a_stop_which_order_it_has_sent(desk: SimpleNamespace) -> None:
    binance = desk.client
    entry = binance.create_order(BTC, "market", "sell", 0.01)
    trigger = round(entry["average"] * 1.02, 1)
    stop = binance.create_order(BTC, "stop_market", "buy", 0.01, None, {"stopPrice": trigger, **STOP})
    waiting = desk.account.stops[int(stop["id"])]
    desk.account.set_off(waiting, waiting.trigger, NOW)
    told = binance.fetch_order(stop["id"], BTC, {"stop": True})
    assert told["status"] == "closed"
    sent = binance.fetch_order(told["info"]["actualOrderId"], BTC)
    assert (sent["status"], sent["filled"], sent["reduceOnly"]) == ("closed", 0.01, True)
    assert binance.fetch_positions() == []


def test_client_with_a_wrong_secret_or_clock_is_refused(desk: SimpleNamespace) -> None:
    for changed in ({"secret": "another"}, {"apiKey": "another"}):
        with pytest.raises(ccxt.AuthenticationError):
            client(desk, **changed).fetch_balance()
    late = client(desk)
    late.milliseconds = lambda: desk.now - 60_000
    with pytest.raises(ccxt.InvalidNonce):
        late.fetch_balance()
    assert not desk.account.orders


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (lambda binance: binance.set_leverage(125, BTC), None),
        (lambda binance: binance.fetch_order("7", BTC), ccxt.OrderNotFound),
        (lambda binance: binance.fetch_order("7", BTC, {"stop": True}), ccxt.OrderNotFound),
        (lambda binance: binance.create_order(BTC, "limit", "buy", 0.01, 80_000), ccxt.ExchangeError),
        (
            lambda binance: binance.fapiPrivatePostMarginType({"symbol": "NOPE", "marginType": "X"}),
            ccxt.BadSymbol,
        ),
    ],
    ids=["highest leverage", "no such order", "no such stop", "limit order", "no such contract"],
)
def test_client_is_told_what_is_not_there(
    desk: SimpleNamespace, asked: object, refusal: type[Exception] | None
) -> None:
    assert callable(asked)
    desk.client.load_markets()
    if refusal is None:
        asked(desk.client)
    else:
        with pytest.raises(refusal):
            asked(desk.client)


def test_server_without_an_account_takes_no_order(desk: SimpleNamespace) -> None:
    with ReplayServer(desk.account.market) as server:
        desk.url = server.url
        with pytest.raises(ccxt.ExchangeError, match="is invalid"):
            client(desk).create_order("BTC/USDT:USDT", "market", "buy", 0.01)
