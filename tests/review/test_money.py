"""Measures of an account over time against hand calculation and second implementations."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.review.money import (
    DAY_MS,
    MONDAY_MS,
    WEEK_MS,
    calmar,
    entry_candle_exits,
    geometry_null,
    margin_left,
    path_drawdown,
    period_returns,
    sharpe,
    slipped_expectancy,
    sortino,
    stop_slippage,
    time_in_market,
)
from tests.review.ledger import HOUR_MS, MINUTE_MS, START_MS, trade

DAILY = st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=40)
HOURS = np.arange(1, 61, dtype=np.int64) * HOUR_MS


def test_period_returns_of_two_days_and_a_half_by_hand() -> None:
    # 1000 to 1100 on the first day, to 990 on the second, to 1089 in the twelve hours of the third.
    equity = np.r_[np.full(23, 1000.0), 1100.0, np.full(23, 1050.0), 990.0, np.full(12, 1089.0)]
    assert period_returns(START_MS + HOURS, equity, 1000.0, DAY_MS) == pytest.approx([0.1, -0.1, 0.1])


def test_period_returns_of_weeks_break_on_monday() -> None:
    # 2026-03-04 is a Wednesday: five days are left of its week, then one whole week, then one day.
    days = START_MS + np.arange(1, 14, dtype=np.int64) * DAY_MS
    equity = np.r_[np.full(4, 1.0), 2.0, np.full(6, 1.5), 1.0, 4.0]
    assert period_returns(days, equity, 1.0, WEEK_MS, MONDAY_MS) == pytest.approx([1.0, -0.5, 3.0])


def test_period_returns_without_a_path_are_none() -> None:
    assert period_returns(np.empty(0, dtype=np.int64), [], 1000.0, DAY_MS).size == 0


@given(DAILY)
def test_period_returns_agree_with_pandas_resampling(changes: list[float]) -> None:
    equity = 1000 * np.cumprod(1 + np.array(changes))
    times = START_MS + np.arange(1, len(equity) + 1, dtype=np.int64) * 7 * HOUR_MS
    index = pd.to_datetime(times, unit="ms", utc=True)
    ends = pd.Series(equity, index=index).resample("1D", closed="right", label="right").last().dropna()
    before = np.r_[1000.0, ends.to_numpy()[:-1]]
    assert period_returns(times, equity, 1000.0, DAY_MS) == pytest.approx(ends.to_numpy() / before - 1)


def test_sharpe_and_sortino_by_hand() -> None:
    # Mean .01; deviations .01, -.03, .02: sum of squares .0014, over 2 .0007. One loss, .02: root of .0004/3.
    daily = [0.02, -0.02, 0.03]
    assert sharpe(daily) == pytest.approx(0.01 / math.sqrt(0.0007) * math.sqrt(365))
    assert sortino(daily) == pytest.approx(0.01 / math.sqrt(0.0004 / 3) * math.sqrt(365))


def test_ratios_of_too_little_are_unknown() -> None:
    assert math.isnan(sharpe([0.01]))
    assert math.isnan(sharpe([0.01, 0.01]))
    assert math.isnan(sortino([0.01]))
    assert math.isnan(sortino([0.0, 0.0]))
    assert sortino([0.01, 0.02]) == math.inf


@given(DAILY, st.floats(0.1, 10))
def test_sharpe_does_not_depend_on_how_much_is_staked(daily: list[float], scale: float) -> None:
    scaled = [scale * one for one in daily]
    if np.std(daily) > 1e-6:
        assert sharpe(scaled) == pytest.approx(sharpe(daily), rel=1e-6, abs=1e-9)


def test_path_drawdown_counts_the_opening() -> None:
    assert path_drawdown([900.0, 1200.0, 900.0, 1300.0], 1000.0) == pytest.approx(0.25)
    assert path_drawdown([800.0], 1000.0) == pytest.approx(0.2)
    assert path_drawdown([], 1000.0) == 0.0


def test_calmar_by_hand() -> None:
    # 10 % in 73 days is 1.1^5 - 1 = 61.051 % a year, over a drawdown of 20 %.
    assert calmar([1250.0, 1000.0, 1100.0], 1000.0, 73.0) == pytest.approx(0.61051 / 0.2)
    assert calmar([1100.0], 1000.0, 73.0) == math.inf
    assert math.isnan(calmar([], 1000.0, 73.0))
    assert math.isnan(calmar([1000.0], 1000.0, 73.0))


def test_time_in_market_counts_overlaps_once_and_cuts_at_the_period() -> None:
    def held(begin: int, end: int) -> object:
        return trade(opened_ms=START_MS + begin * HOUR_MS, closed_ms=START_MS + end * HOUR_MS)

    trades = [held(-5, 2), held(1, 3), held(6, 7), held(6, 7), held(9, 20)]
    # 0 to 3, 6 to 7 and 9 to 10 of ten hours.
    assert time_in_market(trades, START_MS, START_MS + 10 * HOUR_MS) == pytest.approx(0.5)
    assert time_in_market([], START_MS, START_MS + HOUR_MS) == 0.0
    assert math.isnan(time_in_market(trades, START_MS, START_MS))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), max_size=12))
def test_time_in_market_agrees_with_marking_every_minute(spans: list[tuple[int, int]]) -> None:
    trades = [
        trade(opened_ms=START_MS + a * MINUTE_MS, closed_ms=START_MS + (a + n) * MINUTE_MS) for a, n in spans
    ]
    marked = np.zeros(40, dtype=bool)
    for begin, length in spans:
        marked[begin : begin + length] = True
    assert time_in_market(trades, START_MS, START_MS + 40 * MINUTE_MS) == pytest.approx(marked.mean())


def test_entry_candle_exits_counts_closed_trades_within_one_candle() -> None:
    within, later = (trade(closed_ms=START_MS + ms) for ms in (59_999, 60_000))
    assert entry_candle_exits([within, later, replace(within, is_open=True)], MINUTE_MS) == 1


def test_slipped_expectancy_falls_on_stop_exits_alone() -> None:
    # -1.1 % by a stop, +2 % by hand: mean .45 %; 10 bp on one of two is 5 bp of the mean.
    stopped, by_hand = trade(), trade(profit=800.0, exit_reason="force_exit")
    found = slipped_expectancy([stopped, by_hand])
    assert list(found) == [0, 5, 10, 20]
    assert found[0] == pytest.approx(0.0045)
    assert found[10] == pytest.approx(0.0040)
    assert found[20] == pytest.approx(0.0035)
    assert math.isnan(slipped_expectancy([])[0])


def test_stop_slippage_is_positive_for_a_worse_fill_on_either_side() -> None:
    assert stop_slippage(trade(stop=40_000.0, close_rate=39_960.0)) == pytest.approx(0.001)
    assert stop_slippage(trade(stop=40_000.0, close_rate=40_040.0, side=-1)) == pytest.approx(0.001)
    assert stop_slippage(trade(stop=40_000.0, close_rate=40_040.0)) == pytest.approx(-0.001)
    assert math.isnan(stop_slippage(trade(exit_reason="force_exit")))
    assert math.isnan(stop_slippage(trade(is_open=True)))
    assert math.isnan(stop_slippage(trade(stop=0.0)))


def test_margin_left_by_hand() -> None:
    # A long from 40,000 with liquidation at 32,000: at 38,000 three quarters of the way are left.
    long = trade()
    assert margin_left(long, 32_000.0, 38_000.0) == pytest.approx(0.75)
    assert margin_left(long, 32_000.0, 40_500.0) == 1.0
    assert margin_left(long, 32_000.0, 31_200.0) == pytest.approx(-0.1)
    assert margin_left(trade(side=-1), 48_000.0, 44_000.0) == pytest.approx(0.5)
    assert math.isnan(margin_left(long, 41_000.0, 39_000.0))


def test_geometry_null_of_the_textbook_case() -> None:
    # A stop at 3 % and an exit at 1.5 % win two times in three; equal distances win every other time.
    assert geometry_null([0.03], [0.015]) == pytest.approx(2 / 3)
    assert geometry_null([0.03, 0.02], [0.015, 0.02]) == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert math.isnan(geometry_null([], []))


def test_geometry_null_agrees_with_random_walks() -> None:
    rng = np.random.default_rng(11)
    paths = np.cumsum(rng.choice((-1, 1), size=(4000, 400)), axis=1)
    up, down = (paths >= 5).argmax(axis=1), (paths <= -10).argmax(axis=1)
    reached_up, reached_down = (paths >= 5).any(axis=1), (paths <= -10).any(axis=1)
    wins = reached_up & (~reached_down | (up < down))
    decided = reached_up | reached_down
    assert wins[decided].mean() == pytest.approx(geometry_null([0.10], [0.05]), abs=0.02)
