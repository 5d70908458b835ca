"""`outrigger download`, `features`, `record` and `liquidations`, as a trader calls them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from outrigger import cli
from outrigger.commands.features import feature_table
from outrigger.errors import DataError, SettingsError
from outrigger.market.features.registry import FEATURES
from outrigger.market.recorder.settings import RecorderSettings
from outrigger.market.store.schema import Kind
from outrigger.market.store.store import MarketStore
from outrigger.replay.exchange import ReplayServer, open_market
from tests.commands.terminal import refused, run

PAIR = "BTC/USDT:USDT"
# The synthetic market's one day of 1m candles begins here.
NOON, LATER = "2026-03-02T12:00", "2026-03-02T14:00"


@pytest.fixture(scope="module")
def store(synthetic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The synthetic market's book and metrics, imported once."""
    into = tmp_path_factory.mktemp("store")
    told = json.loads(run("download", "--import", synthetic, "--store", into, "--json"))
    assert told["outcomes"] == {"stored": 22}
    assert told["defects"] == {}
    return into


def test_download_imports_a_directory_once(store: Path, synthetic: Path) -> None:
    kept = MarketStore(store)
    assert kept.pairs(Kind.BOOK) == kept.pairs(Kind.METRICS) == (PAIR,)
    # Eleven days of a snapshot every five minutes.
    before = kept.read(PAIR, Kind.BOOK)
    assert len(before) == 11 * 288
    run("download", "--import", synthetic, "--store", store)
    pd.testing.assert_frame_equal(kept.read(PAIR, Kind.BOOK), before)


def test_download_says_which_file_it_could_not_use(tmp_path: Path) -> None:
    (tmp_path / "BTCUSDT-bookDepth-2026-03-02.zip").write_text("<html>not here</html>")
    done = CliRunner().invoke(
        cli.app, ["download", "--import", str(tmp_path), "--store", str(tmp_path / "store")]
    )
    assert done.exit_code == 1
    assert "html_instead_of_zip" in done.stdout


def test_download_without_days_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked = ("download", "--pairs", PAIR, "--store", tmp_path)
    assert "--from 2025-05-01" in refused(monkeypatch, capsys, *asked)


def test_features_are_those_of_the_registry(store: Path, synthetic: Path, tmp_path: Path) -> None:
    asked = (
        "features",
        "--store",
        store,
        "--pair",
        PAIR,
        "--from",
        NOON,
        "--to",
        LATER,
        "--datadir",
        synthetic,
    )
    told = json.loads(run(*asked, "--json", "--out", tmp_path / "rows.csv"))
    assert set(told["features"]) == {spec.name for spec in FEATURES}
    for name in (
        "book_imbalance_1",
        "book_depth_vs_norm",
        "oi_change_4h",
        "funding_rate",
        "account_log_ratio",
    ):
        assert told["features"][name]["known"] == 1.0, name
    # Archives show no top of the book: missing, not zero.
    assert told["features"]["book_spread_bp"]["last"] is None
    rows = pd.read_csv(tmp_path / "rows.csv", parse_dates=["closed"])
    assert len(rows) == 25
    assert rows["book_imbalance_1"].iloc[-1] == pytest.approx(told["features"]["book_imbalance_1"]["last"])
    assert "book_imbalance_1" in run(*asked)


def test_features_of_a_shorter_period_are_the_same(store: Path) -> None:
    kept = MarketStore(store)
    start, cut, end = (
        pd.Timestamp(text, tz="UTC").to_pydatetime() for text in (NOON, "2026-03-02T13:00", LATER)
    )
    whole = feature_table(kept, PAIR, start, end).columns
    short = feature_table(kept, PAIR, start, cut).columns
    pd.testing.assert_frame_equal(short, whole.loc[short.index], check_exact=True)
    assert np.isfinite(short["book_imbalance_5"]).all()


def test_features_of_an_unknown_pair_or_no_time_are_refused(store: Path) -> None:
    start, end = (pd.Timestamp(text, tz="UTC").to_pydatetime() for text in (NOON, LATER))
    with pytest.raises(DataError, match="neither book nor metrics of ETH"):
        feature_table(MarketStore(store), "ETH/USDT:USDT", start, end)
    with pytest.raises(DataError, match="no 5m candle closes"):
        feature_table(MarketStore(store), PAIR, end, start)


def test_features_age_limit_can_be_widened(store: Path) -> None:
    start, end = (pd.Timestamp(text, tz="UTC").to_pydatetime() for text in (NOON, LATER))
    fresh = feature_table(MarketStore(store), PAIR, start, end, max_age_s=60).columns
    assert fresh["book_imbalance_1"].isna().all()
    assert (
        feature_table(MarketStore(store), PAIR, start, end, max_age_s=600)
        .columns["oi_change_1h"]
        .notna()
        .all()
    )


def test_record_writes_what_the_replay_exchange_shows(synthetic: Path, tmp_path: Path) -> None:
    with ReplayServer(open_market(synthetic, replay=True)) as server:
        asked = ("record", "--pairs", PAIR, "--store", tmp_path, "--for", 0.02, "--address", server.url)
        told = json.loads(run(*asked, "--levels", 50, "--json").partition("{")[2].join(["{", ""]))
    assert told["written"] == len(MarketStore(tmp_path).read(PAIR, Kind.BOOK)) + len(
        MarketStore(tmp_path).read(PAIR, Kind.METRICS)
    )
    book = MarketStore(tmp_path).read(PAIR, Kind.BOOK)
    assert len(book) >= 1
    assert (book["best_ask"] > book["best_bid"]).all()


def test_record_without_pairs_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked = ("record", "--pairs", " , ", "--store", tmp_path)
    assert "nothing to record" in refused(monkeypatch, capsys, *asked)


def test_liquidations_say_estimate_and_synthetic(synthetic: Path, tmp_path: Path) -> None:
    page = tmp_path / "levels.html"
    asked = ("liquidations", "--datadir", synthetic, "--pair", PAIR, "--from", NOON, "--to", LATER)
    told = run(*asked, "--plot", page)
    assert "estimate" in told
    assert "synthetic" in told.lower()
    assert "estimate" in page.read_text(encoding="utf-8")
    assert json.loads(run(*asked, "--json"))


def test_download_positioning_goes_into_a_store_of_its_own_with_prices_against_stale_depth(
    synthetic: Path, tmp_path: Path
) -> None:
    """The second reading's bids stand at a price that the market has left by two per cent."""
    candles = pd.read_feather(synthetic / "futures" / "BTC_USDT_USDT-5m-futures.feather").set_index("date")
    at = pd.date_range("2026-03-01", periods=3, freq="4h", tz="UTC", unit="ms")
    price = candles["open"].reindex(at).to_numpy()
    depth = pd.DataFrame({"date": at, "bids_quantity": [10.0, 11.0, 12.0], "asks_quantity": [9.0, 8.0, 7.0]})
    depth["bids_usd"] = depth["bids_quantity"] * price * [0.9955, 0.9755, 0.9955]
    depth["asks_usd"] = depth["asks_quantity"] * price * 1.0045
    (tmp_path / "files").mkdir()
    depth.to_feather(tmp_path / "files" / "BTC-perp-depth1pct-4h.feather")
    asked = ("download", "--positioning", tmp_path / "files", "--prices", synthetic, "--json")
    told = json.loads(run(*asked, "--store", tmp_path / "store"))
    assert told["defects"] == {"off_market": 1}
    rows = MarketStore(tmp_path / "store", "aggregate").read(PAIR, Kind.BOOK)
    assert rows["bid_quote_1"].isna().tolist() == [False, True, False]
    assert rows["ask_quote_1"].notna().all()
    run(*asked, "--store", tmp_path / "store", "--exchange", "vendor")
    assert MarketStore(tmp_path / "store", "vendor").pairs(Kind.BOOK) == (PAIR,)


def test_download_imports_under_the_exchange_that_is_named(synthetic: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    name = "BTCUSDT-metrics-2026-03-01.csv"
    (tmp_path / "in" / name).write_bytes((synthetic / "metrics" / name).read_bytes())
    run("download", "--import", tmp_path / "in", "--store", tmp_path, "--exchange", "bybit")
    assert MarketStore(tmp_path, "bybit").pairs(Kind.METRICS) == (PAIR,)
    assert MarketStore(tmp_path).pairs(Kind.METRICS) == ()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--import", "a", "--positioning", "b"), "one of them at a time"),
        (("--import", "a", "--prices", "b"), "goes with --positioning"),
        (("--pairs", PAIR, "--exchange", "bybit"), "are Binance's, not of bybit"),
    ],
)
def test_download_of_contradicting_sources_is_refused(
    arguments: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(monkeypatch, capsys, "download", *arguments)


def test_record_keeps_the_pace_and_days_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[RecorderSettings] = []

    def instead(_exchange: str, _pairs: object, _root: Path, settings: RecorderSettings, **_: object) -> None:
        built.append(settings)
        raise SettingsError("seen")

    monkeypatch.setattr("outrigger.market.recorder.exchange_recorder.exchange_recorder", instead)
    for every in (["--every", "1"], [], ["--every", "120"]):
        asked = ["record", "--pairs", PAIR, "--store", str(tmp_path), "--retain", "7", *every]
        assert isinstance(CliRunner().invoke(cli.app, asked).exception, SettingsError)
    paces = [(settings.interval_s[Kind.BOOK], settings.interval_s[Kind.METRICS]) for settings in built]
    assert paces == [(1.0, 60.0), (10.0, 60.0), (120.0, 120.0)]
    assert {settings.retain_days for settings in built} == {7}
