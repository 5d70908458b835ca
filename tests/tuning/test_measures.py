"""Measures of tests laid end to end, worked out by hand."""

from __future__ import annotations

from math import isnan

import pytest

from outrigger.tuning.folds import Window
from outrigger.tuning.measures import daily, measured
from tests.review.ledger import HOUR_MS, START_MS, result, trade

DAY_MS = 24 * HOUR_MS


def test_measured_takes_slippage_off_stop_exits_and_adds_windows() -> None:
    # Notional 40,000: 10 bp are 40. Stopped at -440 becomes -480; +600 by signal stays.
    lost, won = trade(), trade(profit=600.0, exit_reason="exit_signal")
    found = measured([result(lost), result(won, lost)], slippage=0.001)
    assert found.trades == 3
    assert found.win_rate == pytest.approx(1 / 3)
    assert found.expectancy_bp == pytest.approx((-480 + 600 - 480) / 3 / 40_000 * 1e4)
    assert found.cvar95_bp == pytest.approx(480 / 40_000 * 1e4)
    assert found.profit == pytest.approx(-360 / 10_000)
    # 10,000 → 9,520 → 10,120 → 9,640: the second fall, 480 of 10,120, is not the deeper one.
    assert found.max_drawdown == pytest.approx(480 / 10_000)


def test_measured_without_trades_is_unknown_not_zero() -> None:
    found = measured([result()], slippage=0.001)
    assert (found.trades, found.profit, found.max_drawdown) == (0, 0.0, 0.0)
    assert isnan(found.expectancy_bp)
    assert isnan(measured([], 0.001).profit)


def test_daily_books_on_the_day_of_the_exit() -> None:
    window = Window(START_MS, START_MS + 5 * DAY_MS // 2)
    trades = [
        trade(closed_ms=START_MS + 23 * HOUR_MS),
        trade(profit=100.0, exit_reason="exit_signal", closed_ms=START_MS + 24 * HOUR_MS),
        trade(profit=50.0, exit_reason="force_exit", closed_ms=window.end_ms),
    ]
    shares = daily(result(*trades), window, slippage=0.001)
    assert shares == pytest.approx([-480 / 10_000, 100 / 10_000, 50 / 10_000])
    assert shares.sum() == pytest.approx(measured([result(*trades)], 0.001).profit)


def test_daily_without_trades_is_zero_on_every_day() -> None:
    assert daily(result(), Window(START_MS, START_MS + 3 * DAY_MS), 0.0).tolist() == [0.0, 0.0, 0.0]
