"""Binance and Bybit through ccxt's own parsers, on answers of the documented form; no socket is opened."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import ccxt.pro
import pytest

from outrigger.errors import DataError, SettingsError
from outrigger.market.recorder.ccxt_feed import CcxtFeed, make_client
from outrigger.market.recorder.rows import Row
from outrigger.market.store.schema import Kind
from tests.market.recorder.desk import BTC, START_MS, DrivenClock

BINANCE: dict[str, Any] = {
    "/fapi/v1/depth": {
        "lastUpdateId": 333598053905,
        "E": START_MS - 15,
        "T": START_MS - 20,
        "bids": [["2493.56", "20.189"], ["2493.54", "1.000"], ["2493.51", "0.005"]],
        "asks": [["2493.57", "0.877"], ["2493.62", "63.381"], ["2493.71", "12.054"]],
    },
    "/fapi/v1/premiumIndex": {
        "symbol": "BTCUSDT",
        "markPrice": "2500.00",
        "indexPrice": "2499.1",
        "estimatedSettlePrice": "2498.2",
        "lastFundingRate": "0.00063521",
        "interestRate": "0.00010000",
        "nextFundingTime": START_MS + 3_600_000,
        "time": START_MS - 30,
    },
    "/fapi/v1/fundingRate": [
        {"symbol": "BTCUSDT", "fundingRate": "-0.00010000", "fundingTime": START_MS - 25_200_000}
    ],
    "/fapi/v1/openInterest": {"openInterest": "1000.500", "symbol": "BTCUSDT", "time": START_MS - 1_000},
    "/futures/data/topLongShortAccountRatio": [{"symbol": "BTCUSDT", "longShortRatio": "1.4342"}],
    "/futures/data/topLongShortPositionRatio": [{"symbol": "BTCUSDT", "longShortRatio": "1.8105"}],
    "/futures/data/globalLongShortAccountRatio": [{"symbol": "BTCUSDT", "longShortRatio": "0.1960"}],
    "/futures/data/takerlongshortRatio": [{"buySellRatio": "1.5586", "buyVol": "387.3", "sellVol": "248.5"}],
}


def _bybit(result: dict[str, Any]) -> dict[str, Any]:
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": START_MS - 30}


BYBIT: dict[str, Any] = {
    "/v5/market/orderbook": _bybit(
        {
            "s": "BTCUSDT",
            "b": [["16638.27", "0.305749"], ["16638.00", "2"]],
            "a": [["16638.64", "0.008479"]],
            "ts": START_MS - 20,
            "u": 18521288,
        }
    ),
    "/v5/market/tickers": _bybit(
        {
            "category": "linear",
            "list": [
                {
                    "symbol": "BTCUSDT",
                    "markPrice": "19255.00",
                    "indexPrice": "19260.68",
                    "openInterest": "48069.549",
                    "fundingRate": "0.0001",
                    "nextFundingTime": str(START_MS + 7_200_000),
                }
            ],
        }
    ),
    "/v5/market/funding/history": _bybit(
        {
            "category": "linear",
            "list": [
                {
                    "symbol": "BTCUSDT",
                    "fundingRate": "0.0002",
                    "fundingRateTimestamp": str(START_MS - 21_600_000),
                }
            ],
        }
    ),
    "/v5/market/open-interest": _bybit(
        {
            "symbol": "BTCUSDT",
            "category": "linear",
            "list": [{"openInterest": "100.5", "timestamp": str(START_MS - 240_000)}],
        }
    ),
    "/v5/market/account-ratio": _bybit(
        {"list": [{"symbol": "BTCUSDT", "buyRatio": "0.6", "sellRatio": "0.4", "timestamp": str(START_MS)}]}
    ),
}
ANSWERS = {"binance": BINANCE, "bybit": BYBIT}


class Desk:
    """A feed whose client is answered from a table; a path that is absent fails."""

    def __init__(self, exchange: str, absent: tuple[str, ...] = ()) -> None:
        client = make_client(exchange, {"enableRateLimit": False})
        market = client.safe_market_structure(
            {
                "id": "BTCUSDT", "symbol": BTC, "base": "BTC", "quote": "USDT", "settle": "USDT",
                "type": "swap", "swap": True, "contract": True, "linear": True, "inverse": False,
                "spot": False, "option": False, "contractSize": 1.0,
            }
        )  # fmt: skip
        client.set_markets([market])
        client.fetch = self.answer
        self.asked: list[str] = []
        self._answers = {path: a for path, a in ANSWERS[exchange].items() if path not in absent}
        self.feed = CcxtFeed(exchange, clock=DrivenClock().clock, client=client)

    async def answer(self, url: str, *_: object, **__: object) -> Any:
        self.asked.append(url)
        for path, found in self._answers.items():
            if path + "?" in url:
                return found
        raise ccxt.pro.ExchangeError(f"404 {url}")

    def change(self, path: str, **fields: object) -> None:
        """Give fields of an answer another value, at whatever depth the exchange has them."""

        def changed(part: Any) -> Any:
            if isinstance(part, dict):
                kept = {name: changed(value) for name, value in part.items()}
                return kept | {name: value for name, value in fields.items() if name in part}
            return [changed(entry) for entry in part] if isinstance(part, list) else part

        self._answers[path] = changed(self._answers[path])

    def read(self, kind: Kind) -> Row:
        async def reading() -> Row:
            (row,) = await self.feed.readers[kind](BTC)
            await self.feed.close()
            return dict(row)

        return asyncio.run(reading())


def test_binance_book_is_asked_with_all_levels_and_read() -> None:
    desk = Desk("binance")
    row = desk.read(Kind.BOOK)
    assert "limit=1000" in desk.asked[0]
    assert (row["time_ms"], row["known_ms"]) == (START_MS - 20, START_MS)
    assert (row["best_bid"], row["best_ask_base"]) == (2493.56, 0.877)
    assert row["bid_base_5"] == pytest.approx(21.194)


def test_bybit_book_is_asked_with_all_levels_and_read() -> None:
    desk = Desk("bybit")
    row = desk.read(Kind.BOOK)
    assert "limit=500" in desk.asked[0]
    assert (row["time_ms"], row["best_bid"], row["best_ask"]) == (START_MS - 20, 16638.27, 16638.64)


def test_binance_metrics_hold_every_column() -> None:
    row = Desk("binance").read(Kind.METRICS)
    assert row == {
        "time_ms": START_MS - 30,
        "known_ms": START_MS,
        "open_interest_base": 1000.5,
        "open_interest_quote": 1000.5 * 2500,
        "top_account_ratio": 1.4342,
        "top_position_ratio": 1.8105,
        "account_ratio": 0.196,
        "taker_ratio": 1.5586,
        "funding_rate": -0.0001,
        "predicted_funding_rate": 0.00063521,
        "next_funding_ms": START_MS + 3_600_000,
    }


def test_bybit_metrics_lack_what_bybit_does_not_tell() -> None:
    row = Desk("bybit").read(Kind.METRICS)
    missing = {name for name, value in row.items() if math.isnan(value)}
    assert missing == {"top_account_ratio", "top_position_ratio", "taker_ratio"}
    assert row["account_ratio"] == pytest.approx(1.5)
    assert (row["funding_rate"], row["predicted_funding_rate"]) == (0.0002, 0.0001)
    assert row["open_interest_quote"] == pytest.approx(100.5 * 19255)


@pytest.mark.parametrize("exchange", ["binance", "bybit"])
def test_pair_without_an_order_book_says_so(exchange: str) -> None:
    desk = Desk(exchange)
    (path,) = (path for path in ANSWERS[exchange] if "depth" in path or "orderbook" in path)
    desk.change(path, bids=[], b=[])
    with pytest.raises(DataError, match=f"order book of {BTC} has no bids"):
        desk.read(Kind.BOOK)


@pytest.mark.parametrize(
    ("field", "missing"),
    [
        ("markPrice", {"open_interest_quote"}),
        ("fundingRate", {"predicted_funding_rate"}),
        ("nextFundingTime", {"next_funding_ms"}),
    ],
)
@pytest.mark.parametrize("blank", ["", None])
def test_bybit_metrics_without_a_field_lack_what_it_told_and_nothing_else(
    field: str, missing: set[str], blank: str | None
) -> None:
    usual, desk = Desk("bybit").read(Kind.METRICS), Desk("bybit")
    desk.change("/v5/market/tickers", **{field: blank})
    row = desk.read(Kind.METRICS)
    assert {name for name in row if math.isnan(row[name]) and not math.isnan(usual[name])} == missing
    kept = {name: value for name, value in row.items() if name not in missing}
    assert kept == pytest.approx({name: usual[name] for name in kept}, nan_ok=True)


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("/v5/market/open-interest", {"open_interest_base", "open_interest_quote"}),
        ("/v5/market/account-ratio", {"account_ratio"}),
        ("/v5/market/funding/history", {"funding_rate"}),
    ],
)
def test_bybit_metrics_with_an_empty_list_lack_that_alone(path: str, missing: set[str]) -> None:
    usual, desk = Desk("bybit").read(Kind.METRICS), Desk("bybit")
    desk.change(path, list=[])
    row = desk.read(Kind.METRICS)
    assert {name for name in row if math.isnan(row[name]) and not math.isnan(usual[name])} == missing


def test_bybit_book_without_a_time_is_dated_when_it_was_received() -> None:
    desk = Desk("bybit")
    desk.change("/v5/market/orderbook", ts=None)
    row = desk.read(Kind.BOOK)
    assert row["known_ms"] >= row["time_ms"]
    assert row["best_bid"] == 16638.27


def test_metrics_with_parts_refused_are_missing_there_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk("binance", ("/fapi/v1/openInterest", "/futures/data/takerlongshortRatio"))
    row = desk.read(Kind.METRICS)
    assert desk.feed.missing == {(BTC, "open_interest"): 1, (BTC, "taker_ratio"): 1}
    assert math.isnan(row["open_interest_base"])
    assert row["account_ratio"] == 0.196
    assert caplog.text.count("is missing") == 2


def test_metrics_with_everything_refused_fail() -> None:
    with pytest.raises(ccxt.pro.ExchangeError, match="404"):
        Desk("bybit", tuple(BYBIT)).read(Kind.METRICS)


def test_liquidations_pushed_in_one_message_are_all_read_and_none_twice() -> None:
    desk = Desk("bybit")
    client = desk.feed.client
    pushed = [
        {"T": START_MS - 5, "s": "BTCUSDT", "S": "Buy", "v": "0.5", "p": "16000"},
        {"T": START_MS - 5, "s": "BTCUSDT", "S": "Sell", "v": "2", "p": "16010"},
    ]

    async def watch(pair: str) -> list[object]:
        client.liquidations = [client.parse_ws_liquidation(order) for order in pushed]
        return client.liquidations[:1]

    client.watch_liquidations = watch

    async def twice() -> list[list[Row]]:
        first = list(await desk.feed.readers[Kind.LIQUIDATIONS](BTC))
        pushed.append({"T": START_MS - 1, "s": "BTCUSDT", "S": "Buy", "v": "1", "p": "15990"})
        second = list(await desk.feed.readers[Kind.LIQUIDATIONS](BTC))
        await desk.feed.close()
        return [first, second]

    first, second = asyncio.run(twice())
    assert [(row["side"], row["quote"]) for row in first] == [(1.0, 8000.0), (-1.0, 32020.0)]
    assert [row["price"] for row in second] == [15990.0]


def test_feed_says_how_often_the_allowance_lets_it_read() -> None:
    # 2,400 units a minute, half of them for the recorder, four fifths of that for books of 20 units.
    feed = CcxtFeed("binance")
    assert feed.least_interval_s(Kind.BOOK, 6) == pytest.approx(6 * 20 / (2400 / 60 * 0.5 * 0.8))
    assert feed.least_interval_s(Kind.METRICS, 6) == 0.0
    assert feed.client.throttler.config["maxWeight"] == 1200
    assert CcxtFeed("binance", levels=50).least_interval_s(Kind.BOOK, 6) < 1.0


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: CcxtFeed("kraken"), "choose one of binance, bybit"),
        (lambda: CcxtFeed("bybit", levels=1000), "50, 200, 500 levels, not of 1000"),
        (lambda: CcxtFeed("binance", share=0.0), "share"),
    ],
)
def test_feed_that_cannot_be_had_is_refused(made: Any, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        made()
