"""Faults at the routes: each spoils what it names while it acts, and nothing else."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from outrigger.replay.clock import Clock
from outrigger.replay.exchange import ReplayServer
from outrigger.replay.faults import ANY, BOOK, CANDLES, FUNDING, MARK, FaultPlan, catalogue
from outrigger.replay.market import ReplayMarket
from outrigger.replay.market_files import MarketFiles
from tests.replay.data_directory import START_MS, write_market

MINUTE, DAY = 60_000, 86_400_000
NOW = START_MS + DAY + 7 * MINUTE + 30_000
QUERIES = {
    CANDLES: "interval=1m&limit=20",
    MARK: "interval=1h&limit=5",
    BOOK: "limit=20",
    FUNDING: "limit=3",
}
TIME = "/fapi/v1/time"


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A server of one plan, whose fault is set by each test."""
    datadir = write_market(tmp_path_factory.mktemp("market"), days=2, bases=("BTC",))
    plan = FaultPlan(catalogue()["slow answers"], NOW, NOW)
    known = SimpleNamespace(now=NOW, plan=plan)
    with ReplayServer(ReplayMarket(MarketFiles(datadir), Clock(lambda: known.now)), faults=[plan]) as server:
        known.url = server.url
        yield known


def ask(exchange: SimpleNamespace, route: str) -> tuple[int, bytes]:
    query = f"{route}?symbol=BTCUSDT&{QUERIES.get(route, '')}"
    try:
        with urllib.request.urlopen(f"{exchange.url}{query}", timeout=1) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def suffer(exchange: SimpleNamespace, name: str) -> FaultPlan:
    exchange.plan.fault, exchange.plan.met = catalogue()[name], 0
    exchange.plan.from_ms, exchange.plan.until_ms = NOW, NOW + MINUTE
    exchange.now = NOW
    plan: FaultPlan = exchange.plan
    return plan


@pytest.mark.parametrize("name", catalogue())
def test_fault_acts_in_its_stretch_only_and_on_its_route_only(exchange: SimpleNamespace, name: str) -> None:
    plan = suffer(exchange, name)
    route = plan.fault.route or CANDLES
    exchange.now = NOW - 1
    sound = ask(exchange, route)
    assert sound[0] == 200
    exchange.now = NOW
    if plan.fault.route != ANY:
        assert ask(exchange, TIME) == (200, json.dumps({"serverTime": NOW}).encode())
    assert plan.met == 0
    if name not in ("no answer in time", "slow answers") and "frozen" not in name:
        try:
            assert ask(exchange, route) != sound
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError):
            assert name == "connection closed"
        assert plan.met >= 1
    met = plan.met
    exchange.now = NOW + MINUTE
    status, body = ask(exchange, route)
    assert status == 200
    json.loads(body)
    assert plan.met == met


def test_no_answer_in_time_is_none(exchange: SimpleNamespace) -> None:
    suffer(exchange, "no answer in time")
    with pytest.raises(TimeoutError):
        ask(exchange, TIME)


def test_frozen_book_tells_the_same_a_minute_later(exchange: SimpleNamespace) -> None:
    plan = suffer(exchange, "book frozen")
    plan.until_ms = NOW + 10 * MINUTE
    first = ask(exchange, BOOK)
    exchange.now = NOW + 5 * MINUTE
    assert ask(exchange, BOOK) == first
    plan.until_ms = NOW
    assert ask(exchange, BOOK) != first


@pytest.mark.parametrize(
    ("name", "factor"), [("price falls 10 % at once", 0.9), ("price rises 10 % at once", 1.1)]
)
def test_gap_moves_the_whole_book(exchange: SimpleNamespace, name: str, factor: float) -> None:
    plan = suffer(exchange, name)
    gapped = json.loads(ask(exchange, BOOK)[1])
    plan.until_ms = NOW
    sound = json.loads(ask(exchange, BOOK)[1])
    for side in ("bids", "asks"):
        assert float(gapped[side][0][0]) == pytest.approx(factor * float(sound[side][0][0]))


def test_candle_faults_spoil_what_they_name(exchange: SimpleNamespace) -> None:
    def told(name: str) -> list[list[object]]:
        suffer(exchange, name)
        rows: list[list[object]] = json.loads(ask(exchange, CANDLES)[1])
        return rows

    exchange.plan.until_ms = NOW
    sound = json.loads(ask(exchange, CANDLES)[1])
    assert told("candles end five minutes ago") == sound[:-5]
    assert told("a candle twice")[-3] == sound[-2] == told("a candle twice")[-2]
    assert told("a candle is missing") == [*sound[:-3], *sound[-2:]]
    assert told("candles in reverse") == sound[::-1]
    assert told("closing price null")[-2][4] is None
    assert float(told("bad tick up")[-2][2]) == pytest.approx(1.5 * float(sound[-2][2]))  # type: ignore[arg-type]
    assert int(told("candle from the future")[-1][0]) == sound[-1][0] + 60 * MINUTE  # type: ignore[call-overload]


def test_catalogue_holds_forty_faults_and_more() -> None:
    assert len(catalogue()) >= 40
