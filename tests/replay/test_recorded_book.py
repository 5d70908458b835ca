"""A book built from a snapshot's bands, read back in bands."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrigger.market.recorder.rows import Row, book_row
from outrigger.market.store.schema import BANDS, BOOK, band_name
from outrigger.replay.contracts import PUBLISHED
from outrigger.replay.depth import Book
from outrigger.replay.recorded_book import LEVELS_A_BAND, recorded_book

RULES = PUBLISHED["BTCUSDT"]
NOW_MS = 1_772_409_600_000


def read_back(book: Book) -> Row:
    told = {"symbol": "BTC/USDT:USDT"} | {
        side: [[float(x) for x in level] for level in levels]
        for side, levels in (("bids", book.bids), ("asks", book.asks))
    }
    return book_row(told, NOW_MS, 1000)


def snapshot_row(depths: dict[str, list[float]], mid: float, share: float = 0.45) -> dict[str, float]:
    """Cumulative depth whose mean price lies a share of each band from a mid."""
    row = dict.fromkeys(BOOK.values, math.nan)
    for side, sign in (("bid", -1), ("ask", 1)):
        edges = np.array([0.0, *BANDS])
        middles = mid * (1 + sign * (edges[:-1] + share * np.diff(edges)))
        base = np.round(np.cumsum(depths[side]), 3)
        quote = np.cumsum(np.diff(base, prepend=0.0) * middles)
        for band, amount, value in zip(BANDS, base, quote, strict=True):
            row[band_name(side, band, "base")], row[band_name(side, band, "quote")] = amount, value
    return row


_DEPTHS = st.lists(st.floats(0.5, 5e3), min_size=6, max_size=6)


@settings(max_examples=60)
@given(
    bids=_DEPTHS,
    asks=_DEPTHS,
    price=st.floats(2e4, 2e5),
    share=st.floats(0.1, 0.9),
    drift=st.floats(-0.01, 0.01),
    told_of_drift=st.booleans(),
)
def test_recorded_book_of_any_snapshot_reads_back(
    bids: list[float], asks: list[float], price: float, share: float, drift: float, told_of_drift: bool
) -> None:
    """Base exact where the market stood still; else quote exact, base off by what it moved, told or not."""
    row = snapshot_row({"bid": bids, "ask": asks}, price * (1 + drift), share)
    book = recorded_book(price, RULES, row, 1 / (1 + drift) if told_of_drift else 1.0)
    assert len(book.bids) <= LEVELS_A_BAND * len(BANDS) >= len(book.asks)
    found = read_back(book)
    lot = float(RULES.lot)
    for side in ("bid", "ask"):
        for band in BANDS:
            base, quote = band_name(side, band, "base"), band_name(side, band, "quote")
            assert found[quote] == pytest.approx(row[quote], rel=1e-6, abs=6 * lot * price)
            within = abs(drift) + 3e-5 if drift else 1e-12
            assert found[base] == pytest.approx(row[base], rel=1.1 * within, abs=6 * lot)


def test_recorded_book_with_bands_that_were_not_recorded_keeps_the_others() -> None:
    row = snapshot_row({"bid": [10.0] * 6, "ask": [10.0] * 6}, 100_000.05)
    for band in (0.002, 0.05):
        for unit in ("base", "quote"):
            row[band_name("bid", band, unit)] = math.nan
    book = recorded_book(100_000.0, RULES, row)
    found = read_back(book)
    for band in BANDS[1:5]:
        assert found[band_name("bid", band, "base")] == pytest.approx(
            row[band_name("bid", band, "base")], rel=1e-9
        )
    assert found["bid_base_5"] == found["bid_base_4"]
    assert 0 < found["bid_base_0.2"] < found["bid_base_1"]


def test_recorded_book_follows_the_market_without_a_wall_of_orders() -> None:
    """A fall of one per cent: told of it, a tenth of the nearest band stands at its first level."""
    row = snapshot_row({"bid": [10.0] * 6, "ask": [10.0] * 6}, 101_000.0)
    for moved, share in ((100 / 101, 0.1), (1.0, 1.0)):
        bids = recorded_book(100_000.0, RULES, row, moved).bids
        near = [float(amount) for price, amount in bids if price > 99_800]
        assert max(near) / sum(near) == pytest.approx(share, abs=0.02)
