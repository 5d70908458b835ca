"""Rows from a data directory: what is missing is named with the command that brings it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.market.candles import candle_path
from outrigger.market.store.schema import SCHEMAS, Kind
from outrigger.market.store.store import MarketStore
from outrigger.regime.labels import REFERENCE_RULES, regime_labels
from outrigger.regime.training_data import Market, between, pairs_in, read_charts, read_rows
from outrigger.regime.training_inputs import pair_inputs, sources_of
from tests.regime.markets import BAR_MS, DAY_MS, START_MS, rows_of, walk, write_market, write_pair

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


def test_rows_of_a_directory_are_one_a_candle_and_pair(tmp_path: Path) -> None:
    write_market(tmp_path, 6)
    rows = read_rows(Market((tmp_path,)), REFERENCE_RULES)
    assert [one.pair for one in rows] == [BTC, ETH]
    for seed, one in enumerate(rows):
        assert len(one) == 6 * 288 == len(one.features) == len(one.volatility)
        assert one.closed_ms[0] == START_MS + BAR_MS
        np.testing.assert_array_equal(one.labels, regime_labels(walk(6, seed)))
        assert (one.labels[-48:] == -1).all()


def test_rows_last_regime_is_the_label_of_one_horizon_ago(tmp_path: Path) -> None:
    write_market(tmp_path, 6, ("BTC",))
    one = read_rows(Market((tmp_path,)), REFERENCE_RULES)[0]
    assert (one.last[:48] == -1).all()
    np.testing.assert_array_equal(one.last[48:], one.labels[:-48])


def test_inputs_know_funding_where_there_is_a_file(tmp_path: Path) -> None:
    write_market(tmp_path, 6, ("BTC",))
    candles = walk(6, 0)
    found = pair_inputs((tmp_path,), BTC, candles, None)
    assert found is not None
    assert len(found) == len(candles)
    assert found["funding_rate"].notna().mean() > 0.9
    assert found["book_imbalance_1"].isna().all()
    assert sources_of((tmp_path,), (BTC,), None) == ("funding",)
    candle_path(tmp_path, BTC, "1h", "funding_rate").unlink()
    assert pair_inputs((tmp_path,), BTC, candles, None) is None
    assert sources_of((tmp_path,), (BTC,), None) == ()


def test_inputs_of_a_store_come_with_its_book(tmp_path: Path) -> None:
    write_market(tmp_path, 6, ("BTC",))
    with MarketStore(tmp_path / "store") as store:
        times = START_MS + DAY_MS + 60_000 * np.arange(600, dtype=np.int64)
        rows = pd.DataFrame(
            {"time_ms": times, "known_ms": times, **dict.fromkeys(SCHEMAS[Kind.BOOK].values, 1e6)}
        )
        store.append(BTC, Kind.BOOK, rows)
    market = Market((tmp_path,), (BTC,), tmp_path / "store")
    found = pair_inputs((tmp_path,), BTC, walk(6, 0), market.open_store())
    assert found is not None
    assert found["book_imbalance_1"].notna().any()
    assert sources_of((tmp_path,), (BTC,), market.open_store()) == ("funding", "book")


def test_rows_of_a_pair_without_its_leader_have_no_leader(tmp_path: Path) -> None:
    write_market(tmp_path, 6, ("SOL",))
    assert read_rows(Market((tmp_path,)), REFERENCE_RULES)[0].features["leader_move_1h"].isna().all()


def test_directories_are_laid_over_one_another_the_first_on_top(tmp_path: Path) -> None:
    whole = walk(4, 1)
    late = whole.iloc[500:].assign(close=whole["close"].iloc[500:] * 1.0)
    early = whole.iloc[:700].assign(volume=7.0)
    write_pair(tmp_path / "a", BTC, late.reset_index(drop=True))
    write_pair(tmp_path / "b", BTC, early)
    found = read_charts((tmp_path / "a", tmp_path / "b"), BTC)["5m"]
    assert len(found) == len(whole)
    np.testing.assert_allclose(found["close"], whole["close"])
    assert (found["volume"].iloc[:500] == 7.0).all()
    assert (found["volume"].iloc[500:700] != 7.0).all()


def test_directory_of_1m_candles_only_says_what_to_download(tmp_path: Path) -> None:
    (tmp_path / "futures").mkdir()
    walk(1, 1).to_feather(candle_path(tmp_path, BTC, "1m"))
    with pytest.raises(DataError, match=r"only 1m candles.*download-data .*--timeframes 5m 15m 4h"):
        pairs_in((tmp_path,))


def test_directory_without_candles_says_what_to_download(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no futures candles.*freqtrade download-data"):
        pairs_in((tmp_path,))


def test_directory_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a directory"):
        pairs_in((tmp_path / "nowhere",))


def test_missing_charts_are_named_in_one_message(tmp_path: Path) -> None:
    write_pair(tmp_path, BTC, walk(3, 1), ("5m", "4h"))
    write_pair(tmp_path, ETH, walk(3, 2), ("5m",))
    with pytest.raises(
        DataError, match=rf"15m, 4h candles are missing for {BTC}, {ETH}; run .*--timeframes 15m 4h"
    ):
        read_rows(Market((tmp_path,)), REFERENCE_RULES)


def test_pair_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_market(tmp_path, 3, ("BTC",))
    with pytest.raises(DataError, match="missing for WIF/USDT:USDT"):
        read_rows(Market((tmp_path,), ("WIF/USDT:USDT",)), REFERENCE_RULES)


def test_progress_is_told_after_each_pair(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    write_market(tmp_path, 3)
    read_rows(Market((tmp_path,)), REFERENCE_RULES, lambda *what: told.append(what))
    assert told == [(BTC, 1, 2), (ETH, 2, 2)]


def test_between_keeps_both_bounds_and_drops_empty_pairs() -> None:
    one = rows_of(3)
    start, end = START_MS + DAY_MS, START_MS + 2 * DAY_MS
    (kept,) = between([one], start, end)
    assert (kept.closed_ms[0], kept.closed_ms[-1]) == (start, end)
    np.testing.assert_array_equal(kept.labels, one.labels[(one.closed_ms >= start) & (one.closed_ms <= end)])
    pd.testing.assert_frame_equal(kept.features, one.features.iloc[287:576])
    assert between([one], end + DAY_MS * 9, None) == []
    assert between([one], None, None) == [one]
