"""Equity at every close and buy-and-hold, by hand and against a slow oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.review.weekly.equity import hold_path, results_path
from outrigger.review.weekly.market import clock_over, on_clock
from tests.review.ledger import HOUR_MS, PAIR, START_MS
from tests.review.weekly.books import ETH, FIVE_MS, chart, small, stepped


def test_results_path_marks_while_open_and_books_at_the_end() -> None:
    clock = clock_over(START_MS, START_MS + 6 * HOUR_MS)
    closes, _ = on_clock(stepped(1, (2.5, 41_000.0), (4.0, 39_600.0)), clock, PAIR)
    path = results_path([small(1, 4)], clock, {PAIR: closes})
    hours = (clock - START_MS) / HOUR_MS
    assert path[hours <= 2.5] == pytest.approx(0.0)
    assert path[(hours > 2.5) & (hours < 4)] == pytest.approx(100.0)
    # 40 lost and 4 of fees, from the close at which it ended.
    assert path[hours >= 4] == pytest.approx(-44.0)


def test_results_path_of_a_pair_without_candles_moves_at_the_end_only() -> None:
    clock = clock_over(START_MS, START_MS + 6 * HOUR_MS)
    path = results_path([small(1, 4)], clock, {})
    assert np.unique(path).tolist() == [-44.0, 0.0]
    assert path[-1] == -44.0


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 80), st.booleans()), max_size=6))
def test_results_path_agrees_with_asking_each_close(spans: list[tuple[int, int, bool]]) -> None:
    rng = np.random.default_rng(4)
    frame = chart(1)
    frame["close"] = 40_000 * np.exp(np.cumsum(rng.normal(0, 1e-3, len(frame))))
    clock = clock_over(START_MS, START_MS + 24 * HOUR_MS)
    closes, _ = on_clock(frame, clock, PAIR)
    trades = [
        small(a / 12 + 0.01, (a + n) / 12 + 0.02, 40_400.0, side=-1 if short else 1) for a, n, short in spans
    ]
    slow = []
    for at, close in zip(clock, closes, strict=True):
        told = 0.0
        for one in trades:
            if at >= one.closed_ms:
                told += one.profit
            elif at > one.opened_ms and np.isfinite(close):
                told += one.side * 0.1 * (close - 40_000.0)
        slow.append(told)
    assert results_path(trades, clock, {PAIR: closes}) == pytest.approx(slow, abs=1e-9)


def test_hold_path_holds_equal_parts_and_names_what_it_leaves_out() -> None:
    closes = {PAIR: np.array([np.nan, 100.0, 110.0]), ETH: np.array([10.0, 20.0, 10.0])}
    path, without = hold_path((PAIR, ETH, "X"), closes, 1)
    # One goes up by 10 %, the other down by half: the mean is down 20 %.
    assert path == pytest.approx([1.0, 0.8])
    assert without == ["X"]


def test_hold_path_waits_a_day_for_a_first_candle() -> None:
    late, never = np.full(600, np.nan), np.full(600, np.nan)
    late[288:], never[289:] = 50.0, 50.0
    late[400:] = 100.0
    path, without = hold_path((PAIR, ETH), {PAIR: late, ETH: never}, 0)
    assert without == [ETH]
    assert (path[0], path[300], path[-1]) == (1.0, 1.0, 2.0)


def test_hold_path_without_any_price_is_unknown() -> None:
    path, without = hold_path((PAIR,), {PAIR: np.full(400, np.nan)}, 0)
    assert np.isnan(path).all()
    assert without == [PAIR]
    assert hold_path((PAIR,), {}, 0)[0].size == 0


def test_clock_covers_both_ends() -> None:
    clock = clock_over(START_MS + 60_000, START_MS + 2 * FIVE_MS + 1)
    assert clock.tolist() == [START_MS + n * FIVE_MS for n in range(4)]


def test_on_clock_carries_the_last_close_over_a_hole_and_tells_it() -> None:
    clock = clock_over(START_MS, START_MS + 4 * FIVE_MS)
    frame = chart(1, 5.0).iloc[:4].copy()
    frame["close"] = [1.0, 2.0, np.nan, 4.0]
    marks, there = on_clock(frame.drop(index=[3]), clock, PAIR)
    assert marks == pytest.approx([np.nan, 1.0, 2.0, 2.0, 2.0], nan_ok=True)
    assert there.tolist() == [False, True, True, False, False]
