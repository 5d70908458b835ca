"""Rows out of ccxt's structures, against sums made by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError
from outrigger.market.recorder.rows import book_row, liquidation_rows, metrics_row
from outrigger.market.store.schema import BANDS, BOOK, LIQUIDATIONS, METRICS, band_name
from tests.market.recorder.desk import START_MS

# Mid 100; bids reach 5 %, asks 2 %.
BOOK_OF_100 = {
    "symbol": "X/USDT:USDT",
    "timestamp": START_MS - 40,
    "bids": [[99.9, 1.0], [99.8, 2.0], [99.0, 4.0], [95.0, 8.0]],
    "asks": [[100.1, 1.5], [100.5, 2.5], [102.0, 3.0]],
}


def test_book_row_cumulates_both_sides_to_the_edge_of_each_band() -> None:
    row = book_row(BOOK_OF_100, START_MS)
    assert tuple(sorted(row)) == tuple(sorted(BOOK.columns))
    assert (row["time_ms"], row["known_ms"]) == (START_MS - 40, START_MS)
    assert (row["best_bid"], row["best_ask"]) == (99.9, 100.1)
    assert (row["best_bid_base"], row["best_ask_base"]) == (1.0, 1.5)
    assert [row[band_name("bid", band, "base")] for band in BANDS] == [3.0, 7.0, 7.0, 7.0, 7.0, 15.0]
    assert row["bid_quote_1"] == pytest.approx(99.9 + 2 * 99.8 + 4 * 99.0)
    assert [row[band_name("ask", band, "base")] for band in BANDS[:3]] == [1.5, 4.0, 7.0]


def test_book_row_of_a_book_cut_off_knows_nothing_beyond_it() -> None:
    for levels in (None, 3):
        row = book_row(BOOK_OF_100, START_MS, levels)
        assert all(math.isnan(row[band_name("ask", band, "base")]) for band in BANDS[3:])
        assert all(math.isnan(row[band_name("ask", band, "quote")]) for band in BANDS[3:])


def test_book_row_of_a_whole_book_knows_that_nothing_lies_beyond() -> None:
    row = book_row(BOOK_OF_100, START_MS, 1000)
    assert row["ask_base_5"] == 7.0


def test_book_row_without_a_timestamp_takes_the_time_of_receipt() -> None:
    row = book_row(BOOK_OF_100 | {"timestamp": None}, START_MS)
    assert (row["time_ms"], row["known_ms"]) == (START_MS, START_MS)


def test_book_row_from_a_clock_ahead_is_not_known_before_it_happened() -> None:
    assert book_row(BOOK_OF_100 | {"timestamp": START_MS + 5}, START_MS)["known_ms"] == START_MS + 5


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"bids": []}, "no bids"),
        ({"asks": None}, "no asks"),
        ({"bids": [[100.1, 1.0]]}, "crossed"),
        ({"asks": [[100.1, 1.0], [100.0, 1.0]]}, "not ordered"),
        ({"asks": [[100.1, -1.0]]}, "amount that is none"),
        ({"asks": [[100.1, math.nan]]}, "amount that is none"),
        ({"asks": [["x", 1.0]]}, "cannot be read"),
    ],
)
def test_book_row_of_an_unsound_book_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        book_row(BOOK_OF_100 | wrong, START_MS)


_STEPS = st.lists(st.tuples(st.floats(0.01, 2.0), st.floats(0.0, 1e6)), min_size=1, max_size=30)


@given(down=_STEPS, up=_STEPS)
def test_book_row_agrees_with_a_plain_loop(
    down: list[tuple[float, float]], up: list[tuple[float, float]]
) -> None:
    bids, asks, price = [], [], 100.0
    for step, amount in down:
        price -= step
        bids.append([price, amount])
    price = 100.0
    for step, amount in up:
        price += step
        asks.append([price, amount])
    mid = (bids[0][0] + asks[0][0]) / 2
    row = book_row({"bids": bids, "asks": asks}, START_MS, 1000)
    for band in BANDS:
        for side, levels in (("bid", bids), ("ask", asks)):
            near = [(p, a) for p, a in levels if abs(p / mid - 1) <= band + 5e-13]
            assert row[band_name(side, band, "base")] == pytest.approx(math.fsum(a for _, a in near))
            assert row[band_name(side, band, "quote")] == pytest.approx(math.fsum(p * a for p, a in near))


def test_metrics_row_takes_the_charged_rate_from_history_and_the_coming_one_from_funding() -> None:
    row = metrics_row(
        START_MS,
        funding={
            "fundingRate": 0.0001,
            "nextFundingRate": None,
            "fundingTimestamp": START_MS + 60_000,
            "markPrice": 50.0,
            "timestamp": START_MS - 7,
        },
        charged={"fundingRate": -0.0002},
        open_interest={"openInterestAmount": 10.0, "openInterestValue": None, "timestamp": START_MS - 9_000},
        ratios={"account_ratio": 1.5, "unheard_of": 1.0},
    )
    assert tuple(sorted(row)) == tuple(sorted(METRICS.columns))
    assert (row["time_ms"], row["known_ms"]) == (START_MS - 7, START_MS)
    assert (row["funding_rate"], row["predicted_funding_rate"]) == (-0.0002, 0.0001)
    assert (row["open_interest_base"], row["open_interest_quote"]) == (10.0, 500.0)
    assert row["next_funding_ms"] == START_MS + 60_000
    assert row["account_ratio"] == 1.5
    assert math.isnan(row["taker_ratio"])


def test_metrics_row_of_nothing_is_all_missing() -> None:
    row = metrics_row(START_MS, funding={"fundingRate": ""}, open_interest={"openInterestAmount": "no"})
    assert (row["time_ms"], row["known_ms"]) == (START_MS, START_MS)
    assert all(math.isnan(row[name]) for name in METRICS.values)


@pytest.mark.parametrize(("exchange", "longs_forced"), [("binance", "sell"), ("bybit", "Buy")])
def test_liquidation_rows_read_the_side_as_the_exchange_means_it(exchange: str, longs_forced: str) -> None:
    other = {"sell": "buy", "Buy": "Sell"}[longs_forced]
    orders = [
        {"price": 50.0, "contracts": 2.0, "baseValue": 2.0, "side": other, "timestamp": START_MS + 1},
        {"price": 51.0, "contracts": 3.0, "baseValue": None, "side": longs_forced, "timestamp": START_MS},
        {"price": None, "contracts": 3.0, "side": longs_forced, "timestamp": START_MS},
    ]
    rows = liquidation_rows(exchange, orders, START_MS + 5)
    assert [row["side"] for row in rows] == [1.0, -1.0]
    assert [row["quote"] for row in rows] == [153.0, 100.0]
    assert tuple(sorted(rows[0])) == tuple(sorted(LIQUIDATIONS.columns))
