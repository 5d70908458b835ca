"""Order book, open interest and ratios of archives beside the candles, as the replay exchange tells them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from outrigger.market.recorder.rows import book_row
from outrigger.market.store.schema import BANDS, band_name
from outrigger.replay.archive_days import ArchiveDays
from outrigger.replay.clock import Clock
from outrigger.replay.contracts import PUBLISHED
from outrigger.replay.exchange import ReplayServer
from outrigger.replay.market import ReplayMarket
from outrigger.replay.market_files import MarketFiles
from outrigger.replay.synth import write_market
from tests.replay import data_directory

MINUTE, DAY = 60_000, 86_400_000
SYMBOL, PAIR = "BTCUSDT", "BTC/USDT:USDT"
# The synthetic market's only day of one-minute candles.
START = 1_772_409_600_000  # 2026-03-02 00:00 UTC
RULES = PUBLISHED[SYMBOL]


@pytest.fixture(scope="module")
def datadir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("market")
    write_market(out, 1, 5, (PAIR,), warmup_days=1, depth_minutes=1)
    return out


@dataclass
class Hand:
    """A clock set by hand."""

    now: int = START

    def __call__(self) -> int:
        return self.now


@pytest.fixture(scope="module")
def exchange(datadir: Path) -> Iterator[tuple[str, Hand]]:
    hand = Hand()
    with ReplayServer(ReplayMarket(MarketFiles(datadir), Clock(hand))) as server:
        yield server.url, hand


def get(url: str, path: str, **query: object) -> tuple[int, object]:
    terms = "&".join(f"{name}={value}" for name, value in query.items())
    try:
        with urllib.request.urlopen(f"{url}{path}?{terms}", timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def archive(datadir: Path, kind: str, day: str = "2026-03-02") -> pd.DataFrame:
    """The file itself, read by pandas: the second implementation."""
    folder = {"bookDepth": "orderbook", "metrics": "metrics"}[kind]
    return pd.read_csv(datadir / folder / f"{SYMBOL}-{kind}-{day}.csv")


def snapshot(datadir: Path, minute: int) -> dict[float, tuple[float, float]]:
    """Base and quote amount by signed band, of the snapshot seven seconds into a minute."""
    stamp = f"{pd.Timestamp(START + minute * MINUTE + 7_000, unit='ms'):%Y-%m-%d %H:%M:%S}"
    lines = archive(datadir, "bookDepth")
    lines = lines[lines["timestamp"] == stamp]
    return {line.percentage: (line.depth, line.notional) for line in lines.itertuples()}


def read_book(url: str, limit: int = 1000) -> dict[str, float]:
    _, told = get(url, "/fapi/v1/depth", symbol=SYMBOL, limit=limit)
    book = {side: [[float(x) for x in level] for level in told[side]] for side in ("bids", "asks")}
    return book_row({"symbol": PAIR, "timestamp": told["T"], **book}, told["E"], limit)


@pytest.mark.parametrize("minute", [5, 333, 1439])
def test_depth_read_back_in_bands_is_the_archives(
    exchange: tuple[str, Hand], datadir: Path, minute: int
) -> None:
    """Quote to a hundred-thousandth; base to what the price has moved within the minute."""
    url, hand = exchange
    hand.now = START + minute * MINUTE + 30_000
    row, expected = read_book(url), snapshot(datadir, minute)
    assert row["time_ms"] == START + minute * MINUTE + 7_000
    for side, sign in (("bid", -1), ("ask", 1)):
        for band in BANDS:
            base, quote = expected[round(sign * band * 100, 2)]
            assert row[band_name(side, band, "quote")] == pytest.approx(quote, rel=1e-5)
            assert row[band_name(side, band, "base")] == pytest.approx(base, rel=2e-3)


def test_depth_encloses_the_last_price_and_the_ticker_agrees(exchange: tuple[str, Hand]) -> None:
    url, hand = exchange
    hand.now = START + 700 * MINUTE + 30_000
    _, book = get(url, "/fapi/v1/depth", symbol=SYMBOL, limit=1000)
    _, ticker = get(url, "/fapi/v1/ticker/bookTicker", symbol=SYMBOL)
    _, last = get(url, "/fapi/v1/ticker/price", symbol=SYMBOL)
    bid, ask = Decimal(book["bids"][0][0]), Decimal(book["asks"][0][0])
    assert ask - bid == RULES.tick
    assert bid <= Decimal(last["price"]) < ask
    assert (ticker["bidPrice"], ticker["bidQty"]) == tuple(book["bids"][0])
    assert (ticker["askPrice"], ticker["askQty"]) == tuple(book["asks"][0])
    _, few = get(url, "/fapi/v1/depth", symbol=SYMBOL, limit=50)
    assert few["bids"] == book["bids"][:50]


def test_depth_before_a_snapshot_is_the_one_before_it(exchange: tuple[str, Hand]) -> None:
    url, hand = exchange
    hand.now = START + 60 * MINUTE + 6_999
    before = read_book(url)["time_ms"]
    hand.now += 1
    assert (before, read_book(url)["time_ms"]) == (START + 59 * MINUTE + 7_000, START + 60 * MINUTE + 7_000)


def test_metrics_are_told_once_they_are_known(exchange: tuple[str, Hand], datadir: Path) -> None:
    url, hand = exchange
    lines = archive(datadir, "metrics").set_index("create_time")
    hand.now = START + 60 * MINUTE - 1
    at, row = START + 50 * MINUTE, lines.loc["2026-03-02 00:50:00"]
    assert get(url, "/fapi/v1/openInterest", symbol=SYMBOL)[1] == {
        "symbol": SYMBOL,
        "openInterest": str(row["sum_open_interest"]),
        "time": at,
    }
    for name, field, column in (
        ("topLongShortAccountRatio", "longShortRatio", "count_toptrader_long_short_ratio"),
        ("topLongShortPositionRatio", "longShortRatio", "sum_toptrader_long_short_ratio"),
        ("globalLongShortAccountRatio", "longShortRatio", "count_long_short_ratio"),
        ("takerlongshortRatio", "buySellRatio", "sum_taker_long_short_vol_ratio"),
    ):
        told = get(url, f"/futures/data/{name}", symbol=SYMBOL, period="5m", limit=1)[1]
        assert [(entry["timestamp"], float(entry[field])) for entry in told] == [(at, row[column])], name
    hand.now += 1
    assert get(url, "/fapi/v1/openInterest", symbol=SYMBOL)[1]["time"] == at + 5 * MINUTE


def test_open_interest_history_is_the_archives_at_the_period_asked_for(
    exchange: tuple[str, Hand], datadir: Path
) -> None:
    url, hand = exchange
    hand.now = START + 600 * MINUTE
    told = get(url, "/futures/data/openInterestHist", symbol=SYMBOL, period="15m", limit=500)[1]
    lines = pd.concat([archive(datadir, "metrics", day) for day in ("2026-03-01", "2026-03-02")])
    times = pd.to_datetime(lines["create_time"]).astype("datetime64[ms]").astype("int64")
    wanted = (times % (15 * MINUTE) == 0) & (times + 5 * MINUTE <= hand.now)
    assert [entry["timestamp"] for entry in told] == times[wanted].tolist()
    assert [float(entry["sumOpenInterest"]) for entry in told] == lines["sum_open_interest"][wanted].tolist()
    assert float(told[-1]["sumOpenInterestValue"]) == lines["sum_open_interest_value"][wanted].iloc[-1]
    since = START + 480 * MINUTE
    later = get(url, "/futures/data/openInterestHist", symbol=SYMBOL, period="15m", startTime=since)[1]
    assert [entry["timestamp"] for entry in later] == times[wanted & (times >= since)].tolist()


def test_without_archives_the_book_is_synthetic_and_open_interest_refused(tmp_path: Path) -> None:
    data_directory.write_market(tmp_path, days=1, bases=("BTC",))
    now = data_directory.START_MS + 600 * MINUTE
    with ReplayServer(ReplayMarket(MarketFiles(tmp_path), Clock(lambda: now))) as server:
        book = get(server.url, "/fapi/v1/depth", symbol=SYMBOL, limit=50)[1]
        assert (len(book["bids"]), book["T"]) == (50, now)
        assert get(server.url, "/fapi/v1/openInterest", symbol=SYMBOL)[0] == 400
        for name in ("openInterestHist", "takerlongshortRatio"):
            assert get(server.url, f"/futures/data/{name}", symbol=SYMBOL, period="5m") == (200, [])
        assert get(server.url, "/futures/data/takerlongshortRatio", symbol=SYMBOL, period="7m")[0] == 400


def test_archives_of_a_shifted_market_move_with_it(datadir: Path) -> None:
    plain, moved = ArchiveDays(datadir), ArchiveDays(datadir, 3 * DAY)
    now = START + 100 * MINUTE
    book, later = (
        plain.newest_book(SYMBOL, now, now - DAY),
        moved.newest_book(SYMBOL, now + 3 * DAY, now + 2 * DAY),
    )
    assert book is not None
    moved_times = {name: book[name] + 3 * DAY for name in ("time_ms", "known_ms")}
    assert later == pytest.approx(book | moved_times, rel=0, nan_ok=True)


def test_archives_end_at_now_whatever_comes_after(datadir: Path, tmp_path: Path) -> None:
    """Files cut at a moment tell the same as whole ones up to it."""
    for kind, folder in (("bookDepth", "orderbook"), ("metrics", "metrics")):
        (tmp_path / folder).mkdir()
        lines = archive(datadir, kind)
        times = pd.to_datetime(lines.iloc[:, 0]).astype("datetime64[ms]").astype("int64")
        lines[times <= START + 500 * MINUTE].to_csv(
            tmp_path / folder / f"{SYMBOL}-{kind}-2026-03-02.csv", index=False
        )
    whole, cut = ArchiveDays(datadir), ArchiveDays(tmp_path)
    for now in range(START + 200 * MINUTE, START + 500 * MINUTE, 37 * MINUTE):
        for kind in ("bookDepth", "metrics"):
            since = now - 60 * MINUTE
            pd.testing.assert_frame_equal(
                whole.known(SYMBOL, kind, now, since), cut.known(SYMBOL, kind, now, since)
            )
            assert (whole.known(SYMBOL, kind, now, since)["known_ms"] <= now).all()


def test_archive_that_cannot_be_read_is_told_of_once_and_not_served(
    datadir: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "orderbook").mkdir()
    (tmp_path / "orderbook" / f"{SYMBOL}-bookDepth-2026-03-02.zip").write_bytes(b"PK\x03\x04cut off")
    days = ArchiveDays(tmp_path)
    assert [days.newest_book(SYMBOL, START + DAY // 2, START) for _ in range(2)] == [None, None]
    assert caplog.text.count("is not served") == 1


def test_archives_keep_two_days_of_books_in_memory(datadir: Path, tmp_path: Path) -> None:
    (tmp_path / "orderbook").mkdir()
    for day in range(2, 8):
        lines = archive(datadir, "bookDepth")
        lines["timestamp"] = lines["timestamp"].str.replace("2026-03-02", f"2026-03-0{day}")
        lines.iloc[:120].to_csv(
            tmp_path / "orderbook" / f"{SYMBOL}-bookDepth-2026-03-0{day}.csv", index=False
        )
    days = ArchiveDays(tmp_path)
    for day in range(6):
        assert days.newest_book(SYMBOL, START + day * DAY + 5 * MINUTE, START) is not None
    assert len(days._read[SYMBOL, "bookDepth"]) == 2
