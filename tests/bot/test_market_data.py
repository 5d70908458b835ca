"""What is known beside prices: from files without a network, live as it comes, never in the bot's way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.enums import RunMode

from outrigger.bot import frames
from outrigger.bot.faults import FaultLog
from outrigger.bot.market_data import MarketData
from outrigger.bot.outlook import Outlook
from outrigger.bot.recording import store_in
from outrigger.errors import StateError
from outrigger.market.features.inputs import INPUT_NAMES, InputTerms, market_inputs
from outrigger.market.pair_rows import rows_on_disk
from outrigger.market.store.schema import BOOK, Kind
from outrigger.market.store.store import MarketStore
from outrigger.settings.read import Settings, read_settings
from outrigger.stops.measured import inputs_wanted
from tests.bot.test_frames import MINUTES, PAIR, SHORT, START, candles, provider, write
from tests.market.features.rows import book, metrics, same

FIRST_MS = START.value // 1_000_000
ALL_ON = {"funding": True, "depth": True, "guard": True}


def settings(**squeeze: bool) -> Settings:
    return read_settings({"outrigger": {"signals": SHORT, "squeeze": squeeze or ALL_ON}})


def recorded(minutes: int = MINUTES) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Half-minute books and minute metrics from the first candle on."""
    rng = np.random.default_rng(8)
    count = minutes * 2
    depth = {name: rng.uniform(1e6, 2e6, count) for name in BOOK.values if "_quote_" in name} | {
        "best_bid": np.full(count, 39_999.0),
        "best_ask": np.full(count, 40_001.0),
    }
    times = FIRST_MS + 30_000 * np.arange(count)
    interest = 1e5 * np.exp(np.cumsum(rng.normal(0, 1e-3, minutes)))
    taken = FIRST_MS + 60_000 * np.arange(minutes)
    return (
        book(times, times + 100, **depth),
        metrics(taken, taken + 100, open_interest_base=interest, account_ratio=np.full(minutes, 1.5)),
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with candles and a store of four days."""
    root = tmp_path_factory.mktemp("user_data")
    write(root / "data")
    books, positions = recorded()
    with MarketStore(store_in(root), "binance") as store:
        store.append(PAIR, Kind.BOOK, books)
        store.append(PAIR, Kind.METRICS, positions)
    return root


def config_of(home: Path) -> dict[str, Any]:
    return {"exchange": {"name": "binance"}, "user_data_dir": home, "datadir": home / "data"}


def market(home: Path, chosen: Settings | None = None, *, live: bool = False) -> MarketData:
    told = chosen or settings()
    return MarketData(told.market, config_of(home), FaultLog(), inputs_wanted(told), live=live)


def outlook(home: Path, chosen: Settings) -> Outlook:
    return Outlook(chosen, config_of(home), FaultLog(), pytest.fail, live=False)


@pytest.mark.usefixtures("socket_disabled")
def test_inputs_of_a_backtest_come_from_store_and_funding_file_without_a_network(home: Path) -> None:
    chart = candles("5m")
    found = market(home).inputs(PAIR, chart, provider(home / "data"))
    closes = FIRST_MS + 300_000 * np.arange(1, len(chart) + 1)
    rows = rows_on_disk(MarketStore(store_in(home)), home / "data", PAIR, int(closes[0]), int(closes[-1]))
    same(found, market_inputs(chart, rows, InputTerms()))
    assert found["book_depth_vs_norm"].notna().sum() > 100
    assert found["funding_rate"].notna().all()
    assert (found["liquidation_anchored"].dropna() == 1).all()


@pytest.mark.usefixtures("socket_disabled")
def test_measure_of_a_backtest_adds_the_columns_that_are_switched_on_and_no_others(home: Path) -> None:
    chosen = settings(depth=True)
    found = frames.measure(candles("1m"), PAIR, "1m", provider(home / "data"), chosen, outlook(home, chosen))
    added = set(found.columns) & set(INPUT_NAMES)
    assert added == {"book_bid_depth_vs_norm", "book_ask_depth_vs_norm"}
    track = frames.stop_track(found, "1m", chosen)
    assert set(track.widths.long.factors) == {"book depth"}
    known = found["book_bid_depth_vs_norm"].notna().to_numpy()
    assert known.any()
    assert (track.widths.long.factors["book depth"][~known] == 1.0).all()
    assert not np.array_equal(track.widths.long.trail, track.widths.short.trail)


def test_measure_with_everything_off_reads_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the store was read")

    monkeypatch.setattr(MarketStore, "read", refuse)
    plain = read_settings({"outrigger": {"signals": SHORT}})
    found = frames.measure(candles("1m"), PAIR, "1m", provider(home / "data"), plain, outlook(home, plain))
    assert not set(found.columns) & set(INPUT_NAMES)
    widths = frames.stop_track(found, "1m", plain).widths
    assert widths.long is widths.short


def test_inputs_of_a_backtest_on_a_store_of_a_later_version_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "data")
    directory = store_in(tmp_path) / "binance"
    directory.mkdir(parents=True)
    with MarketStore(store_in(tmp_path)) as store:
        store.append(PAIR, Kind.BOOK, recorded(3)[0])
    version = next(directory.glob("*.json"))
    version.write_text(version.read_text().replace("1", "99"))
    with pytest.raises(StateError):
        market(tmp_path).inputs(PAIR, candles("5m"), provider(tmp_path / "data"))


class Live:
    """A data provider of a running bot: whole funding candles, no open-interest candles."""

    runmode = RunMode.DRY_RUN

    def __init__(self, home: Path) -> None:
        self.funding = pd.read_feather(home / "data" / "futures" / "BTC_USDT_USDT-1h-funding_rate.feather")
        self.asked: list[tuple[str, str]] = []

    def get_pair_dataframe(self, pair: str, timeframe: str, candle_type: Any = "") -> pd.DataFrame:
        self.asked.append((timeframe, str(candle_type)))
        return self.funding if str(candle_type) == "funding_rate" else pd.DataFrame()


class Recorder:
    """Holds rows that have not been written yet."""

    def __init__(self, rows: dict[Kind, pd.DataFrame]) -> None:
        self.rows = rows

    def recent(self, pair: str, kind: Kind, first_ms: int) -> list[dict[str, float]]:
        return [row for row in self.rows[kind].to_dict("records") if row["known_ms"] >= first_ms]


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[tuple[Path, Any]]:
    """A working directory whose store is filled up to a moment as the test goes on."""
    write(tmp_path / "data")
    books, positions = recorded()
    with MarketStore(store_in(tmp_path), "binance") as store:
        done = {Kind.BOOK: 0, Kind.METRICS: 0}

        def fill(until_ms: int) -> None:
            for kind, rows in ((Kind.BOOK, books), (Kind.METRICS, positions)):
                known = int(rows["known_ms"].searchsorted(until_ms, side="right"))
                if known > done[kind]:
                    store.append(PAIR, kind, rows.iloc[done[kind] : known])
                    done[kind] = known

        yield tmp_path, fill


def test_inputs_live_candle_by_candle_equal_those_of_the_backtest(growing: tuple[Path, Any]) -> None:
    home, fill = growing
    chart, live, desk = candles("5m"), Live(growing[0]), market(growing[0], live=True)
    for count in range(len(chart) - 12, len(chart) + 1):
        fill(FIRST_MS + 300_000 * count)
        found = desk.inputs(PAIR, chart.iloc[:count], live)  # type: ignore[arg-type]
    whole = market(home).inputs(PAIR, chart, provider(home / "data"))
    same(found, whole, check_exact=False, rtol=1e-9, atol=1e-12)


def test_inputs_that_are_wanted_later_are_worked_out_for_all_candles(growing: tuple[Path, Any]) -> None:
    """A bundle that is taken up while the bot runs may be made of more than the one before."""
    home, fill = growing
    chart, live = candles("5m"), Live(home)
    fill(FIRST_MS + 300_000 * len(chart))
    desk = market(home, settings(funding=True), live=True)
    fewer = desk.inputs(PAIR, chart.iloc[:-1], live)  # type: ignore[arg-type]
    assert fewer["liquidation_anchored"].isna().all()
    assert [kind for _, _, kind in desk.informative([PAIR])] == ["funding_rate"]
    desk.want(INPUT_NAMES)
    assert [kind for _, _, kind in desk.informative([PAIR])] == ["funding_rate", "open_interest"]
    found = desk.inputs(PAIR, chart, live)  # type: ignore[arg-type]
    whole = market(home).inputs(PAIR, chart, provider(home / "data"))
    same(found, whole, check_exact=False, rtol=1e-9, atol=1e-12)
    desk.want(INPUT_NAMES)
    assert desk._pairs


def test_inputs_live_see_rows_that_the_recorder_has_not_written_yet(growing: tuple[Path, Any]) -> None:
    home, fill = growing
    books, positions = recorded()
    chart, live, desk = candles("5m"), Live(home), market(home, live=True)
    fill(FIRST_MS + 300_000 * (len(chart) - 6))
    # Everything of the last half hour is in memory only, and some of what is written is there, too.
    desk.recorder = Recorder({Kind.BOOK: books.iloc[-90:], Kind.METRICS: positions.iloc[-45:]})  # type: ignore[assignment]
    for count in range(len(chart) - 8, len(chart) + 1):
        found = desk.inputs(PAIR, chart.iloc[:count], live)  # type: ignore[arg-type]
    fill(FIRST_MS + 300_000 * len(chart))
    same(
        found,
        market(home).inputs(PAIR, chart, provider(home / "data")),
        check_exact=False,
        rtol=1e-9,
        atol=1e-12,
    )


def test_inputs_live_on_a_store_that_cannot_be_read_are_missing_and_said_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise StateError("written by a later version")

    desk, live, chart = market(home, live=True), Live(home), candles("5m")
    monkeypatch.setattr(MarketStore, "read", broken)
    for _ in range(3):
        dark = desk.inputs(PAIR, chart, live)  # type: ignore[arg-type]
        assert dark.isna().all(axis=None)
        assert tuple(dark.columns) == INPUT_NAMES
    assert desk._faults.total() == 3
    monkeypatch.undo()
    assert desk.inputs(PAIR, chart, live)["book_depth_vs_norm"].notna().any()  # type: ignore[arg-type]


def test_informative_asks_for_funding_and_open_interest_in_a_running_bot_only(home: Path) -> None:
    assert market(home).informative([PAIR]) == []
    asked = market(home, live=True).informative([PAIR])
    assert asked == [(PAIR, "1h", "funding_rate"), (PAIR, "5m", "open_interest")]
    assert market(home, settings(funding=True), live=True).informative([PAIR]) == asked[:1]
    assert market(home, read_settings({}), live=True).informative([PAIR]) == []


def test_open_interest_candles_stand_in_where_the_store_has_no_metrics(tmp_path: Path) -> None:
    write(tmp_path / "data")
    chart = candles("5m")
    pd.DataFrame(
        {
            "date": chart["date"],
            "open_interest_amount": np.linspace(1e5, 2e5, len(chart)),
            "open_interest_value": 4e9,
        }
    ).to_feather(tmp_path / "data" / "futures" / "BTC_USDT_USDT-5m-open_interest.feather")
    found = market(tmp_path).inputs(PAIR, chart, provider(tmp_path / "data"))
    assert found["oi_change_1h"].notna().sum() > len(chart) - 20
    assert (found["liquidation_anchored"].dropna() == 1).all()
    assert found["book_imbalance_1"].isna().all()
