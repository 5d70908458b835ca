"""The routes as a client sees them, on a clock that stands still in the middle of a minute."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.replay.answers import plain
from outrigger.replay.clock import Clock
from outrigger.replay.contracts import PUBLISHED, derived_rules, rules_for
from outrigger.replay.depth import synthetic_book
from outrigger.replay.exchange import ReplayServer
from outrigger.replay.market import ReplayMarket
from outrigger.replay.market_files import MarketFiles
from tests.replay.data_directory import START, START_MS, merged, walk, write, write_market

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NOW = START_MS + 2 * DAY + 10 * HOUR + 7 * MINUTE + 30_000


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    datadir = write_market(tmp_path_factory.mktemp("market"))
    late = walk(600, 0.2, 9)
    write(late.assign(date=late["date"] + pd.Timedelta(days=3)), datadir, "DOGE", "1m-futures")
    times = pd.date_range(START, periods=72 * 12, freq="5min", unit="ms")
    amounts = np.arange(len(times), dtype=float) + 1000
    interest = pd.DataFrame(
        {"date": times, "open_interest_amount": amounts, "open_interest_value": amounts * 2}
    )
    write(interest, datadir, "BTC", "5m-open_interest")
    with ReplayServer(ReplayMarket(MarketFiles(datadir), Clock(lambda: NOW))) as server:
        yield server.url


def ask(url: str, path: str, **query: object) -> tuple[int, object]:
    terms = "&".join(f"{name}={value}" for name, value in query.items())
    try:
        with urllib.request.urlopen(f"{url}{path}?{terms}", timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def get(url: str, path: str, **query: object) -> object:
    status, body = ask(url, path, **query)
    assert status == 200, body
    return body


def test_time_and_ping_answer(url: str) -> None:
    assert get(url, "/fapi/v1/time") == {"serverTime": NOW}
    assert get(url, "/fapi/v1/ping") == {}


def test_klines_of_a_range_equal_the_recorded_minutes(url: str) -> None:
    rows = get(
        url,
        "/fapi/v1/klines",
        symbol="BTCUSDT",
        interval="1m",
        startTime=START_MS + 1,
        endTime=START_MS + HOUR,
    )
    frame = walk(3 * 1440, 90_000.0, 0).iloc[1:61]
    assert [row[0] for row in rows] == [START_MS + MINUTE * k for k in range(1, 61)]
    assert [[float(x) for x in row[1:6]] for row in rows] == frame.iloc[:, 1:6].to_numpy().tolist()
    assert all(row[6] == row[0] + MINUTE - 1 and len(row) == 12 for row in rows)


@pytest.mark.parametrize(("limit", "expected"), [(None, 500), (1, 1), (1500, 1500)])
def test_klines_without_a_start_are_the_latest(url: str, limit: int | None, expected: int) -> None:
    query = {} if limit is None else {"limit": limit}
    rows = get(url, "/fapi/v1/klines", symbol="BTCUSDT", interval="1m", **query)
    assert len(rows) == expected
    running = NOW // MINUTE * MINUTE
    assert [row[0] for row in rows] == list(range(running - MINUTE * (expected - 1), running + 1, MINUTE))


def test_klines_with_a_start_are_the_first_of_the_limit(url: str) -> None:
    rows = get(url, "/fapi/v1/klines", symbol="BTCUSDT", interval="1m", startTime=0, limit=3)
    assert [row[0] for row in rows] == [START_MS, START_MS + MINUTE, START_MS + 2 * MINUTE]


def test_klines_after_now_are_empty(url: str) -> None:
    assert get(url, "/fapi/v1/klines", symbol="BTCUSDT", interval="1m", startTime=NOW) == []


def test_klines_of_a_coarser_interval_are_merged_from_minutes(url: str) -> None:
    rows = get(url, "/fapi/v1/klines", symbol="ETHUSDT", interval="4h", limit=1500)
    expected = merged(walk(3 * 1440, 2_200.0, 1), "4h").iloc[:14]
    np.testing.assert_allclose(
        [[float(x) for x in row[1:6]] for row in rows[:-1]], expected.iloc[:, 1:6].to_numpy(), rtol=1e-12
    )
    assert rows[-1][0] == START_MS + 2 * DAY + 8 * HOUR


def test_continuous_klines_equal_klines(url: str) -> None:
    plain_rows = get(url, "/fapi/v1/klines", symbol="BTCUSDT", interval="15m", limit=7)
    query = {"pair": "BTCUSDT", "contractType": "PERPETUAL", "interval": "15m", "limit": 7}
    assert get(url, "/fapi/v1/continuousKlines", **query) == plain_rows


def test_mark_and_index_klines_are_the_recorded_mark(url: str) -> None:
    mark = get(url, "/fapi/v1/markPriceKlines", symbol="BTCUSDT", interval="1h", startTime=START_MS, limit=5)
    index = get(url, "/fapi/v1/indexPriceKlines", pair="BTCUSDT", interval="1h", startTime=START_MS, limit=5)
    expected = merged(walk(3 * 1440, 90_000.0, 0), "1h")["open"].iloc[:5] * 1.0001
    assert [float(row[1]) for row in mark] == expected.tolist()
    assert index == mark


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/fapi/v1/klines", {"symbol": "NOPEUSDT", "interval": "1m"}, 400, -1121),
        ("/fapi/v1/klines", {"symbol": "BTCUSDT", "interval": "7m"}, 400, -1120),
        ("/fapi/v1/klines", {"interval": "1m"}, 400, -1102),
        ("/fapi/v1/klines", {"symbol": "BTCUSDT"}, 400, -1102),
        ("/fapi/v1/klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": 1501}, 400, -1130),
        ("/fapi/v1/klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": 0}, 400, -1130),
        ("/fapi/v1/klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": "ten"}, 400, -1100),
        (
            "/fapi/v1/klines",
            {"symbol": "BTCUSDT", "interval": "1m", "startTime": 2, "endTime": 1},
            400,
            -1023,
        ),
        ("/fapi/v1/depth", {"symbol": "BTCUSDT", "limit": 7}, 400, -4021),
        ("/fapi/v1/openInterest", {"symbol": "ETHUSDT"}, 400, -1130),
        ("/fapi/v1/ticker/price", {"symbol": "DOGEUSDT"}, 400, -1121),
        ("/futures/data/openInterestHist", {"symbol": "BTCUSDT", "period": "1m"}, 400, -1130),
        (
            "/fapi/v1/continuousKlines",
            {"pair": "BTCUSDT", "contractType": "NEXT_QUARTER", "interval": "1m"},
            400,
            -1130,
        ),
        ("/fapi/v1/account", {}, 404, -5000),
        ("/api/v3/exchangeInfo", {}, 404, -5000),
    ],
)
def test_routes_asked_wrongly_refuse_like_the_exchange(
    url: str, path: str, query: dict[str, object], status: int, code: int
) -> None:
    found, body = ask(url, path, **query)
    assert found == status
    assert isinstance(body, dict)
    assert body["code"] == code
    assert body["msg"]


def test_klines_with_a_start_beyond_any_date_are_empty(url: str) -> None:
    assert get(url, "/fapi/v1/klines", symbol="BTCUSDT", interval="1m", startTime=10**19) == []


def test_exchange_info_lists_every_contract_with_its_filters(url: str) -> None:
    info = get(url, "/fapi/v1/exchangeInfo")
    by_symbol = {row["symbol"]: row for row in info["symbols"]}
    assert sorted(by_symbol) == ["BTCUSDT", "DOGEUSDT", "ETHUSDT", "WIFUSDT"]
    assert by_symbol["BTCUSDT"]["status"] == "TRADING"
    assert by_symbol["DOGEUSDT"]["status"] == "PENDING_TRADING"
    filters = {row["filterType"]: row for row in by_symbol["BTCUSDT"]["filters"]}
    assert filters["PRICE_FILTER"]["tickSize"] == "0.1"
    assert filters["LOT_SIZE"]["stepSize"] == "0.001"
    assert filters["MIN_NOTIONAL"]["notional"] == "100"


def test_funding_rates_end_now_and_page_from_the_start(url: str) -> None:
    rows = get(url, "/fapi/v1/fundingRate", symbol="BTCUSDT")
    assert [row["fundingTime"] for row in rows] == [START_MS + k * 8 * HOUR for k in range(8)]
    expected = np.random.default_rng(0).normal(5e-5, 3e-5, 9).round(8)
    assert [float(row["fundingRate"]) for row in rows] == expected[:8].tolist()
    page = get(url, "/fapi/v1/fundingRate", symbol="BTCUSDT", startTime=START_MS + 1, limit=2)
    assert [row["fundingTime"] for row in page] == [START_MS + 8 * HOUR, START_MS + 16 * HOUR]
    everything = get(url, "/fapi/v1/fundingRate", limit=1000)
    assert len(everything) == 24
    assert get(url, "/fapi/v1/fundingRate", symbol="DOGEUSDT") == []


def test_funding_info_and_premium_index_name_the_next_charge(url: str) -> None:
    assert {row["fundingIntervalHours"] for row in get(url, "/fapi/v1/fundingInfo")} == {8}
    row = get(url, "/fapi/v1/premiumIndex", symbol="BTCUSDT")
    assert row["nextFundingTime"] == START_MS + 2 * DAY + 16 * HOUR
    last = get(url, "/fapi/v1/fundingRate", symbol="BTCUSDT", limit=1)[0]
    assert row["lastFundingRate"] == last["fundingRate"]
    assert {r["symbol"] for r in get(url, "/fapi/v1/premiumIndex")} == {"BTCUSDT", "ETHUSDT", "WIFUSDT"}


def test_tickers_agree_with_the_last_minute(url: str) -> None:
    frame = walk(3 * 1440, 90_000.0, 0)
    now_row = (NOW - START_MS) // MINUTE
    # The last price walks through the running minute.
    last = float(get(url, "/fapi/v1/ticker/price", symbol="BTCUSDT")["price"])
    assert frame["low"].iloc[now_row] <= last <= frame["high"].iloc[now_row]
    assert len(get(url, "/fapi/v2/ticker/price")) == 3
    day = get(url, "/fapi/v1/ticker/24hr", symbol="BTCUSDT")
    seen = frame.iloc[now_row - 1440 : now_row]
    running = frame.iloc[now_row]
    assert (
        max(seen["high"].max(), last) <= float(day["highPrice"]) <= max(seen["high"].max(), running["high"])
    )
    assert min(seen["low"].min(), last) >= float(day["lowPrice"]) >= min(seen["low"].min(), running["low"])
    assert float(day["volume"]) == pytest.approx(seen["volume"].sum())
    assert float(day["priceChange"]) == pytest.approx(last - seen["open"].iloc[0])
    book = get(url, "/fapi/v1/ticker/bookTicker", symbol="BTCUSDT")
    assert float(book["bidPrice"]) <= last <= float(book["askPrice"])


def test_depth_encloses_the_price_with_one_tick(url: str) -> None:
    book = get(url, "/fapi/v1/depth", symbol="BTCUSDT", limit=20)
    assert len(book["bids"]) == len(book["asks"]) == 20
    assert Decimal(book["asks"][0][0]) - Decimal(book["bids"][0][0]) == Decimal("0.1")
    assert get(url, "/fapi/v1/depth", symbol="DOGEUSDT", limit=5)["bids"] == []


def test_open_interest_is_the_last_reading_and_history_keeps_to_the_period(url: str) -> None:
    latest = get(url, "/fapi/v1/openInterest", symbol="BTCUSDT")
    row = (NOW - START_MS) // (5 * MINUTE)
    assert (latest["time"], float(latest["openInterest"])) == (START_MS + row * 5 * MINUTE, 1000.0 + row)
    rows = get(url, "/futures/data/openInterestHist", symbol="BTCUSDT", period="1h", limit=500)
    assert [float(r["sumOpenInterest"]) for r in rows] == [1000.0 + 12 * k for k in range(59)]
    assert len(get(url, "/futures/data/openInterestHist", symbol="BTCUSDT", period="5m")) == 30
    assert get(url, "/futures/data/openInterestHist", symbol="ETHUSDT", period="5m") == []


def test_klines_finer_than_the_data_are_refused_and_unreadable_ones_are_an_error(tmp_path: Path) -> None:
    fine = merged(walk(1440, 90_000.0, 0), "5min")
    write(fine, tmp_path, "BTC", "5m-futures")
    write(fine.iloc[::-1].reset_index(drop=True), tmp_path, "BTC", "1h-funding_rate")
    with ReplayServer(ReplayMarket(MarketFiles(tmp_path), Clock())) as server:
        assert ask(server.url, "/fapi/v1/klines", symbol="BTCUSDT", interval="1m")[0] == 400
        status, body = ask(server.url, "/fapi/v1/fundingRate", symbol="BTCUSDT")
        assert (status, body["code"]) == (500, -1001)


@given(price=st.floats(1e-6, 1e6), volume=st.floats(0, 1e9), levels=st.sampled_from([5, 100, 1000]))
def test_book_of_any_price_is_ordered_and_encloses_it(price: float, volume: float, levels: int) -> None:
    rules = derived_rules(price)
    book = synthetic_book(price, rules, volume, levels)
    assert len(book.asks) == levels
    assert book.asks[0][0] - book.bids[0][0] == rules.tick
    assert book.bids[0][0] <= Decimal(repr(price)) <= book.asks[0][0]
    assert all(
        above[0] - below[0] == rules.tick for below, above in zip(book.asks, book.asks[1:], strict=False)
    )
    assert all(bid[0] > 0 for bid in book.bids)
    assert all(amount > 0 and amount % rules.lot == 0 for _, amount in book.bids + book.asks)


@given(price=st.floats(1e-6, 1e6))
def test_rules_derived_from_any_price_are_in_proportion(price: float) -> None:
    rules = derived_rules(price)
    assert float(rules.tick) <= 1.01e-4 * price
    assert float(rules.lot) * price <= 10.1
    assert rules.lot < rules.most_at_market < rules.most


def test_rules_published_for_another_price_are_not_used() -> None:
    assert rules_for("BTCUSDT", 100_000.0) == PUBLISHED["BTCUSDT"]
    assert rules_for("BTCUSDT", 1.0) == derived_rules(1.0)


@given(st.floats(0, 1e15, allow_subnormal=False))
def test_plain_of_any_number_reads_back_the_same_without_exponent(number: float) -> None:
    assert float(plain(number)) == number
    assert "e" not in plain(number)
