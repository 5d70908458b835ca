from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.market.archives.directory import import_directory
from outrigger.market.archives.file_name import pair_of, parse_name, symbol_of
from outrigger.market.archives.positioning import import_positioning
from outrigger.market.store.defect_notes import DefectNote
from outrigger.market.store.schema import Kind
from outrigger.market.store.store import MarketStore
from tests.market.archives.archive_samples import book, metrics_text, text, zipped

PAIR = "BTC/USDT:USDT"


def test_symbol_and_pair_translate_both_ways() -> None:
    for pair, symbol in {PAIR: "BTCUSDT", "1000PEPE/USDC:USDC": "1000PEPEUSDC"}.items():
        assert symbol_of(pair) == symbol
        assert pair_of(symbol) == pair
    with pytest.raises(DataError, match="perpetual"):
        symbol_of("BTC/USDT")
    assert parse_name("notes.csv") is None


def test_import_directory_mixed_stores_the_good_and_names_the_bad(tmp_path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "BTCUSDT-bookDepth-2025-03-01.csv").write_bytes(text(book(20)))
    (source / "BTCUSDT-bookDepth-2025-03-02.zip").write_bytes(zipped(text(book(20)))[:-100])
    (source / "BTCUSDT-metrics-2025-03-01.zip").write_bytes(zipped(metrics_text()))
    (source / "BTCUSDT-metrics-2025-03-02.csv").write_bytes(metrics_text("2025-03-02"))
    (source / "readme.txt").write_text("no archive")
    store = MarketStore(tmp_path / "store")
    report = import_directory(store, source)
    assert report.outcomes == {"stored": 3, "truncated_zip": 1}
    assert "2025-03-02.zip" in report.refused[0].message
    assert len(store.read(PAIR, Kind.BOOK)) == 20
    # The last row of the first day becomes known on the second, which keeps it.
    metrics = store.read(PAIR, Kind.METRICS)
    assert len(metrics) == 576
    assert (np.diff(metrics["time_ms"]) == 300_000).all()
    again = import_directory(store, source)
    assert again.rows == report.rows
    pd.testing.assert_frame_equal(store.read(PAIR, Kind.METRICS), metrics)


def test_import_directory_without_archives_says_how_they_are_named(tmp_path) -> None:
    with pytest.raises(DataError, match="BTCUSDT-bookDepth"):
        import_directory(MarketStore(tmp_path / "store"), tmp_path)


def _positioning(directory) -> None:
    dates = pd.date_range("2025-01-01", periods=5, freq="4h", tz="UTC").as_unit("ms")
    mid = np.array([100.0, 101.0, 102.0, 103.0, 103.0])
    depth = pd.DataFrame(
        {"date": dates, "bids_quantity": [10.0, 11, 12, 13, 14], "asks_quantity": 20.0 + mid}
    )
    depth["bids_usd"] = depth["bids_quantity"] * mid * 0.9955
    depth["asks_usd"] = depth["asks_quantity"] * mid * 1.0045
    depth.loc[2, depth.columns[1:]] = depth.loc[1, depth.columns[1:]]
    depth.loc[3, "asks_usd"] *= 0.99
    depth.to_feather(directory / "BTC-perp-depth1pct-4h.feather")
    depth.to_feather(directory / "BTC-perp-depth1pct-8h.feather")
    pd.DataFrame({"date": dates, "long_liquidation_usd": 5.0, "short_liquidation_usd": 7.0}).to_feather(
        directory / "BTC-liquidations-usd-4h.feather"
    )
    interest = pd.DataFrame({"date": dates, "open": 1, "high": 9.0, "low": 1.0, "close": [1.0, 2, 3, 4, 5]})
    interest.to_feather(directory / "BTC-open-interest-usd-4h.feather")
    names = ("global_account", "top_account", "top_position")
    ratios = pd.DataFrame(
        {"date": dates, **{f"{name}_long_short_ratio": [1.0, 2, 3, 4, 5] for name in names}}
    )
    ratios.to_feather(directory / "BTC-long-short-ratios-4h.feather")


def test_import_positioning_values_are_usable_only_when_known(tmp_path) -> None:
    _positioning(tmp_path)
    store = MarketStore(tmp_path / "store", exchange="aggregate")
    start, length = 1_735_689_600_000, 14_400_000
    prices = pd.Series([100.0, 101, 102, 103, 103], index=[start + length * i for i in range(5)])
    report = import_positioning(store, tmp_path, {PAIR: prices})
    assert report.outcomes == {"skipped": 1, "stored": 4}
    assert report.defects == {"off_market": 1, "stale_rows": 1}
    depth = store.read(PAIR, Kind.BOOK)
    assert (depth["known_ms"] == depth["time_ms"]).all()
    assert depth["bid_quote_1"].isna().tolist() == [False, False, True, False, False]
    assert depth["ask_quote_1"].isna().tolist() == [False, False, True, True, False]
    source = "perp-depth1pct-4h"
    assert store.defect_notes(PAIR, Kind.BOOK) == {
        date(2025, 1, 1): (DefectNote(source, "stale_rows", 1, 4), DefectNote(source, "off_market", 1, 2))
    }
    metrics = store.read(PAIR, Kind.METRICS).set_index("known_ms")
    # The bucket that begins at the start closes four hours later; the ratio of then is a reading.
    assert np.isnan(metrics.loc[start, "open_interest_quote"])
    assert metrics.loc[start + length, ["open_interest_quote", "account_ratio"]].tolist() == [1.0, 2.0]
    forced = store.read(PAIR, Kind.LIQUIDATIONS)
    assert len(forced) == 10
    assert forced["known_ms"].min() == start + length
    assert forced.groupby("side")["quote"].sum().to_dict() == {-1.0: 35.0, 1.0: 25.0}


def test_import_positioning_damaged_file_is_named_and_others_go_on(tmp_path) -> None:
    _positioning(tmp_path)
    (tmp_path / "BTC-liquidations-usd-4h.feather").write_bytes(b"damaged")
    report = import_positioning(MarketStore(tmp_path / "store"), tmp_path)
    assert [delivery.source for delivery in report.refused] == ["BTC-liquidations-usd-4h.feather"]
    assert report.outcomes["stored"] == 3


@pytest.mark.real_data
def test_import_positioning_real_stale_rows_are_masked(market, tmp_path) -> None:
    name = "BTC-perp-depth1pct-4h.feather"
    frame = pd.read_feather(market / "positioning" / name)
    around = frame[frame["date"].between("2024-12-04", "2024-12-07")]
    around.reset_index(drop=True).to_feather(tmp_path / name)
    store = MarketStore(tmp_path / "store")
    import_positioning(store, tmp_path)
    rows = store.read(PAIR, Kind.BOOK)
    stale = rows[rows["bid_base_1"].isna()]
    assert pd.to_datetime(stale["time_ms"], unit="ms").tolist() == [pd.Timestamp("2024-12-05 16:00")]
