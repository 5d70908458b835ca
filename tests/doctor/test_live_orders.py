"""Orders that wait at the exchange against those of the bot, on both exchanges."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

import pytest
from freqtrade.persistence import Order, Trade

from outrigger.doctor import live_orders
from outrigger.doctor.finding import Finding
from outrigger.doctor.live_client import client_of
from outrigger.doctor.live_facts import ACCOUNTS, Waiting
from outrigger.doctor.live_orders import Kept
from outrigger.replay.exchange import ReplayServer
from outrigger.replay.faults import Fault, FaultPlan, refused
from outrigger.replay.market import ReplayMarket
from outrigger.replay.overlay import exchange_overlay
from outrigger.replay.sheet_orders import SheetOrder
from outrigger.replay.signed_account import Account
from outrigger.replay.signed_orders import BUY, SELL, Asked
from outrigger.replay.signed_request import Keys
from tests.bot.trading import trade
from tests.doctor.desk import BTC, ETH, KEY, SECRET, Desk, about, account_of, keep, only, shipped_config
from tests.doctor.test_exchange import case_of

HOUR_MS = 3_600_000
BOTH = pytest.mark.parametrize("venue", ["binance", "bybit"])


def ago(hours: float) -> int:
    return round((time.time() - hours * 3600) * 1000)


def stop(number: str = "71", symbol: str = "BTCUSDT", **changed: Any) -> SheetOrder:
    """A stop that sells a quarter of a coin, three and a half hours old."""
    known: dict[str, Any] = {"buys": False, "amount": 0.25, "price": None, "trigger": 80_000.0}
    known |= {"reduces": True, "time_ms": ago(3.5)} | changed
    return SheetOrder(number, symbol, **known)


def position(pair: str = BTC, **orders: str) -> Trade:
    """An open trade with open orders, by their numbers: `stoploss`, `buy`, `sell`."""
    made = trade(Trade, pair=pair, amount=0.25)
    for side, number in orders.items():
        known = {"order_id": number, "ft_order_side": side, "ft_pair": pair, "ft_is_open": True}
        made.orders.append(Order(**known, ft_amount=0.25, ft_price=80_000.0, order_type="market"))
    return made


def of_orders(desk: Desk) -> list[Finding]:
    """What is told of orders, all of it."""
    found = account_of(desk)
    return [*about(found, live_orders.SUBJECT), *about(found, live_orders.STOPS)]


@BOTH
def test_order_that_nobody_placed_is_told_with_its_harm_and_what_to_do(served: Any, venue: str) -> None:
    bought = stop("72", buys=True, amount=0.1, price=70_000.0, trigger=None, reduces=False, time_ms=ago(50))
    with served(venue, orders=(stop(), bought)) as desk:
        (told,) = of_orders(desk)
    assert told.level == "warning"
    assert told.message.startswith(
        f"{BTC}: 2 orders wait that no open trade of the bot's database holds: "
        "buy 0.1 for 70000, 2 d old (no. 72); stop to sell 0.25 at 80000, only closes, 3 h old (no. 71). "
    )
    assert "ends or cuts any position" in told.message
    assert "leaves a position without a stop" in told.message
    assert f"on {venue}'s page of open orders" in told.next_step


@BOTH
def test_orders_of_the_bot_are_no_finding(served: Any, venue: str) -> None:
    entry = stop("72", "ETHUSDT", buys=True, price=2_000.0, trigger=None, reduces=False)
    with served(venue, orders=(stop(), entry)) as desk:
        desk.config["order_types"]["stoploss_on_exchange"] = True
        keep(desk, position(stoploss="71"), trade(Trade, pair=ETH, amount=0.0))
        keep(desk, position(ETH, buy="72", stoploss="73"))
        told = of_orders(desk)
    (missing,) = [one for one in told if one.level != "ok"]
    assert [one.message for one in about(told, live_orders.SUBJECT, "ok")] == [
        "2 at the exchange, each of an open trade"
    ]
    assert missing.level == "error"
    assert missing.message.startswith(f"{ETH}: the stop of trade 3 (no. 73) does not wait at {venue}")


@BOTH
def test_stops_that_all_wait_are_counted(served: Any, venue: str) -> None:
    with served(venue, orders=(stop(),)) as desk:
        keep(desk, position(stoploss="71"))
        told = of_orders(desk)
    assert [one.level for one in told] == ["ok", "ok"]
    assert f"1 of open trades, all at {venue}" in told[1].message


def test_stop_that_a_closed_trade_has_left_is_nobodys(served: Any) -> None:
    closed = position(stoploss="71")
    closed.is_open = False
    with served("binance", orders=(stop(),)) as desk:
        keep(desk, closed)
        (told,) = of_orders(desk)
    assert "an order waits that no open trade of the bot's database holds" in told.message


@pytest.mark.parametrize("there", [True, False])
def test_position_without_a_stop_is_told_where_stops_belong_on_the_exchange(served: Any, there: bool) -> None:
    with served("binance") as desk:
        desk.config["order_types"]["stoploss_on_exchange"] = there
        keep(desk, position(sell="72"))
        told = [one for one in of_orders(desk) if one.level != "ok"]
    assert [one.level for one in told] == ["warning"] * there
    assert all("trade 1 has no stop on the exchange" in one.message for one in told)


def test_dry_run_knows_none_of_the_orders(served: Any) -> None:
    with served("binance", orders=(stop(),)) as desk:
        keep(desk, position(stoploss="71"))
        desk.config["dry_run"] = True
        (told,) = of_orders(desk)
    assert "an order waits that a dry run does not know" in told.message


@BOTH
def test_each_pair_is_told_once_and_a_long_list_is_cut(served: Any, venue: str) -> None:
    many = tuple(stop(str(1000 + n), time_ms=ago(60 - n)) for n in range(59))
    with served(venue, orders=(*many, stop("7", "ETHUSDT", amount=0.0, trigger=2_000.0))) as desk:
        first, second = of_orders(desk)
    assert first.message.startswith(f"{BTC}: 59 orders wait")
    assert "(no. 1009); and 49 more." in first.message
    assert "stop to sell the whole position at 2000, only closes" in second.message


@pytest.mark.parametrize("count", [49, 50, 51, 100])
def test_pages_of_bybit_are_read_to_the_last(served: Any, count: int) -> None:
    with served("bybit", orders=tuple(stop(str(n)) for n in range(count))) as desk:
        (told,) = of_orders(desk)
    assert f"{count} orders wait" in told.message


def test_order_of_bybit_that_is_done_or_of_another_currency_does_not_wait(served: Any) -> None:
    with served("bybit") as desk:
        client: Any = client_of(case_of(desk.config), markets())
        row = {"symbol": "BTCUSDT", "side": "Sell", "qty": "3", "cumExecQty": "1", "price": "0"}
        row |= {"triggerPrice": "", "reduceOnly": True, "closeOnTrigger": False, "createdTime": "5"}
        states = ("New", "PartiallyFilled", "Untriggered", "Filled", "Cancelled", "Deactivated")
        rows = [{**row, "orderId": state, "orderStatus": state} for state in states]
        client.privateGetV5OrderRealtime = lambda _: {"result": {"list": rows, "nextPageCursor": ""}}
        found = ACCOUNTS["bybit"](client, (BTC,), "USDT").waiting()
    assert [one.number for one in found] == ["New", "PartiallyFilled", "Untriggered"]
    assert found[0] == Waiting("New", BTC, False, 2.0, None, None, True, 5)


def test_orders_of_binance_in_another_currency_are_left_alone(served: Any) -> None:
    with served("binance", orders=(stop(),)) as desk:
        client = client_of(case_of(desk.config), markets())
        assert [one.pair for one in ACCOUNTS["binance"](client, (), "USDT").waiting()] == [BTC]
        assert ACCOUNTS["binance"](client, (), "USDC").waiting() == []


@BOTH
def test_refusal_costs_only_what_is_said_of_orders(served: Any, venue: str) -> None:
    route, code = {
        "binance": ("/fapi/v1/openAlgoOrders", (400, -4000, "Not here.")),
        "bybit": ("/v5/order/realtime", (500, 0, "Not here.")),
    }[venue]
    fault = FaultPlan(Fault("orders", route, refused(*code), "GET"), 0, ago(-1))
    with served(venue, faults=(fault,), positions={"ETHUSDT": 1.0}, orders=(stop(),)) as desk:
        found = account_of(desk)
    assert only(found, live_orders.SUBJECT, "warning").next_step
    assert about(found, "open positions", "warning")
    assert about(found, "order minimum", "ok")
    everything = json.dumps([finding.to_dict() for finding in found])
    assert KEY not in everything
    assert SECRET not in everything
    assert "signature" not in everything


def test_stop_that_a_running_bot_replaces_meanwhile_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    config = shipped_config() | {"dry_run": False}
    before, after = (Kept(frozenset({n}), frozenset({(1, BTC, n)})) for n in ("old", "new"))
    for number in ("old", "new"):
        readings = iter((before, after))
        monkeypatch.setattr(live_orders, "kept", lambda _, readings=readings: next(readings))
        there = [Waiting(number, BTC, False, 1.0, None, 5.0, True, 0)]
        found = list(live_orders.check(case_of(config), lambda there=there: there, HOUR_MS))
        assert [one.level for one in found] == ["ok", "ok"]


def test_stops_whose_answers_were_lost_are_found_on_an_account_that_trades(
    replayed: ReplayMarket, desk: Desk
) -> None:
    account = Account(replayed, Decimal(100_000))
    account.settle()
    price = account.price("BTCUSDT")
    lot, tick = Decimal("0.01"), Decimal("0.1")
    account.order(Asked("BTCUSDT", BUY, lot, False, "entry"))
    lower = (price * Decimal("0.9")).quantize(tick)
    stops = [account.stop(Asked("BTCUSDT", SELL, lot, True, ""), lower + n, "MARK_PRICE") for n in range(3)]
    with ReplayServer(replayed, account=account, keys=Keys(KEY, SECRET)) as server:
        desk.config["exchange"] |= exchange_overlay(server.url)["exchange"]
        desk.config["exchange"] |= {"key": KEY, "secret": SECRET}
        desk.config |= {"dry_run": False, "db_url": f"sqlite:///{desk.home}/trades.sqlite"}
        keep(desk, position(stoploss=str(stops[2].number)))
        case = case_of(desk.config)
        ask = ACCOUNTS["binance"](client_of(case, markets()), (BTC,), "USDT").waiting
        strange, counted = live_orders.check(case, ask, ago(0))
    assert strange.message.startswith(f"{BTC}: 2 orders wait")
    assert str(stops[0].number) in strange.message
    assert str(stops[2].number) not in strange.message
    assert counted.level == "ok"


def markets() -> dict[str, Any]:
    """One contract, as ccxt knows it."""
    known = {"id": "BTCUSDT", "symbol": BTC, "base": "BTC", "quote": "USDT", "settle": "USDT", "type": "swap"}
    kinds = {"spot": False, "swap": True, "future": False, "option": False, "contract": True, "linear": True}
    return {BTC: {**known, **kinds, "inverse": False, "active": True, "precision": {}, "limits": {}}}
