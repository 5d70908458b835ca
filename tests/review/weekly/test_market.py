"""Candles around an account: what is there, what is missing, and that the rest goes on without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from outrigger.review.weekly.market import read_market
from tests.review.ledger import HOUR_MS, MINUTE_MS, PAIR, START_MS, candles
from tests.review.weekly.books import DAY_MS, ETH, FIVE_MS, chart, stepped, write_charts


def test_read_market_lays_closes_out_and_prices_by_time(tmp_path: Path) -> None:
    write_charts(tmp_path, BTC=stepped(2, (1.0, 41_000.0)), ETH=chart(2, 2_000.0))
    found = read_market(tmp_path, (PAIR, ETH), "5m", START_MS, START_MS + DAY_MS)
    assert found.absent == {}
    assert found.price(PAIR, START_MS + HOUR_MS) == (START_MS + HOUR_MS, 40_000.0)
    assert found.price(PAIR, START_MS + HOUR_MS + FIVE_MS + 1) == (START_MS + HOUR_MS + FIVE_MS, 41_000.0)
    assert found.price("X", START_MS) is None
    assert found.extremes[PAIR].length_ms == FIVE_MS


def test_read_market_takes_extremes_from_finer_candles_where_there_are_some(tmp_path: Path) -> None:
    write_charts(tmp_path, BTC=chart(2), ETH=chart(2))
    candles(24).to_feather(tmp_path / "futures" / "BTC_USDT_USDT-1m-futures.feather")
    found = read_market(tmp_path, (PAIR, ETH), "1m", START_MS, START_MS + DAY_MS)
    assert found.extremes[PAIR].length_ms == MINUTE_MS
    assert found.extremes[ETH].length_ms == FIVE_MS


def test_read_market_goes_on_without_a_pair_and_says_why(tmp_path: Path) -> None:
    write_charts(tmp_path, BTC=chart(2))
    (tmp_path / "futures" / "ETH_USDT_USDT-5m-futures.feather").write_bytes(b"half a file")
    found = read_market(tmp_path, (PAIR, ETH, "SOL/USDT:USDT"), "5m", START_MS, START_MS + DAY_MS)
    assert list(found.closes) == [PAIR]
    assert "truncated or no feather file" in found.absent[ETH]
    assert "freqtrade download-data" in found.absent["SOL/USDT:USDT"]


@pytest.mark.parametrize("datadir", [None, Path("nowhere")])
def test_read_market_without_a_directory_says_one_thing(datadir: Path | None) -> None:
    found = read_market(datadir, (PAIR, ETH), "5m", START_MS, START_MS + DAY_MS)
    (why,) = set(found.absent.values())
    assert "director" in why
    assert f"--pairs {PAIR} {ETH}" in why
    assert found.missing(PAIR, START_MS, START_MS + HOUR_MS) == 12


def test_read_market_notes_candles_that_end_early(tmp_path: Path) -> None:
    write_charts(tmp_path, BTC=chart(1), ETH=chart(3))
    found = read_market(tmp_path, (PAIR, ETH), "5m", START_MS, START_MS + 3 * DAY_MS)
    (note,) = found.notes
    assert note.startswith(f"candles of {PAIR} end at 2026-03-05 00:00 UTC")


def test_missing_counts_holes_between_two_moments(tmp_path: Path) -> None:
    write_charts(tmp_path, BTC=chart(1).drop(index=range(10, 13)))
    found = read_market(tmp_path, (PAIR,), "5m", START_MS, START_MS + DAY_MS)
    assert found.missing(PAIR, START_MS, START_MS + DAY_MS) == 3
    assert found.missing(PAIR, START_MS, START_MS + 10 * FIVE_MS) == 0
    assert found.missing(PAIR, START_MS + 10 * FIVE_MS, START_MS + 11 * FIVE_MS) == 1
