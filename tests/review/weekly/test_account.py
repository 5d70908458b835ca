"""Accounts of databases and backtests: what is open, what a past week knew, what an open trade is worth."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from outrigger.review.database import DatabaseTrades
from outrigger.review.trade import Fill
from outrigger.review.weekly.account import (
    cut,
    legs,
    of_backtest,
    of_database,
    primaries,
    valued,
)
from tests.review.ledger import HOUR_MS, START_MS, result, trade
from tests.review.weekly.books import DAY_MS, account, small


def test_of_backtest_counts_trades_that_the_data_ended_as_open() -> None:
    forced = trade(exit_reason="force_exit", closed_ms=START_MS + 24 * HOUR_MS)
    found = of_backtest(result(forced, trade()), "export.zip")
    assert [one.is_open for one in found.trades] == [False, True]
    assert (found.start_ms, found.as_of_ms, found.balance) == (START_MS, START_MS + 24 * HOUR_MS, 10_000.0)


def test_of_database_begins_with_the_bot_or_an_earlier_trade() -> None:
    found = DatabaseTrades("db", "Outrigger", "USDT", (small(5, 6),), started_ms=START_MS + 8 * HOUR_MS)
    assert of_database(found, START_MS + DAY_MS, (), "5m", "", None).start_ms == START_MS + 5 * HOUR_MS
    early = replace(found, started_ms=START_MS)
    assert of_database(early, START_MS + DAY_MS, (), "5m", "", None).start_ms == START_MS


def test_of_database_takes_the_balance_from_the_wallet_less_what_was_earned_before() -> None:
    before, after = small(1, 2), small(30, 31)
    found = DatabaseTrades("db", "Outrigger", "USDT", (before, after), wallet=(START_MS + DAY_MS, 9_956.0))
    told = of_database(found, START_MS + 2 * DAY_MS, (), "5m", "USDT", None)
    assert told.balance == pytest.approx(10_000.0)  # the first lost 40 and 4 of fees
    assert of_database(found, START_MS + 2 * DAY_MS, (), "5m", "USDT", 500.0).balance == 500.0
    assert math.isnan(of_database(replace(found, wallet=None), START_MS, (), "5m", "", None).balance)


def test_of_database_tells_what_was_left_out() -> None:
    found = DatabaseTrades("db", "Outrigger", "USDT", (), {"A": 1, "B": 2}, ("trade 3: odd",))
    assert of_database(found, START_MS, (), "5m", "USDT", 1.0).notes == (
        "1 trade of strategy A left out",
        "2 trades of strategy B left out",
        "left out, cannot be read: trade 3: odd",
    )


def test_legs_are_told_by_their_tag() -> None:
    leg, own = small(1, 2, enter_tag="hedge:BTC#1"), small(1, 2)
    assert legs((leg, own)) == (leg,)
    assert primaries((leg, own)) == (own,)


def test_cut_of_a_past_week_knows_nothing_of_what_came_after() -> None:
    done, later, beyond = small(1, 2), small(3, 60), small(50, 55)
    seen = cut(account(done, later, beyond), None, START_MS + DAY_MS)
    assert [(one.opened_ms, one.is_open) for one in seen.trades] == [
        (done.opened_ms, False),
        (later.opened_ms, True),
    ]
    assert seen.as_of_ms == START_MS + DAY_MS
    assert seen.known_ms == START_MS + 5 * DAY_MS


def test_cut_through_a_trade_forgets_its_later_stop_worst_price_and_funding() -> None:
    through = small(6, 54, funding=-4.8, worst=30_000.0)
    (seen,) = cut(account(through), None, START_MS + 18 * HOUR_MS).trades
    assert (seen.is_open, seen.stop, seen.worst, seen.exit_reason) == (True, 0.0, None, "")
    assert seen.funding == pytest.approx(-1.2)  # 12 of its 48 hours
    now = replace(through, is_open=True, closed_ms=START_MS + 5 * DAY_MS, stop=39_000.0)
    assert cut(account(now), None, None).trades == (now,)


def test_cut_of_a_later_start_puts_earlier_results_into_the_balance() -> None:
    seen = cut(account(small(1, 2), small(3, 60)), START_MS + DAY_MS, None)
    assert [one.closed_ms for one in seen.trades] == [START_MS + 60 * HOUR_MS]
    assert seen.balance == pytest.approx(10_000.0 - 44.0)


def test_valued_open_trade_pays_for_its_exit() -> None:
    # A tenth from 40,000 at 5 bp a side: entry fee 2, at 41,000 it gains 100 and the exit costs 2.05.
    held = small(1, 90, is_open=True, fees=2.0, fills=(Fill(START_MS, 40_000.0, 0.1, entry=True),))
    found = valued(held, 41_000.0, START_MS + DAY_MS)
    assert found.profit == pytest.approx(100 - 2 - 2.05)
    assert (found.close_rate, found.closed_ms, found.is_open) == (41_000.0, START_MS + DAY_MS, True)


def test_valued_trade_that_was_partly_closed_keeps_what_it_earned() -> None:
    fills = (
        Fill(START_MS, 40_000.0, 0.1, entry=True),
        Fill(START_MS + HOUR_MS, 42_000.0, 0.05, entry=False),
    )
    # Fees at 5 bp: 2 and 1.05. Half earned 100, the other half is 50 under water; leaving it costs .975.
    held = small(1, 90, is_open=True, fees=3.05, fills=fills, funding=-0.5)
    found = valued(held, 39_000.0, START_MS + DAY_MS)
    assert found.profit == pytest.approx(100 - 50 - 3.05 - 0.975 - 0.5)


def test_valued_trade_that_ended_later_forgets_its_end() -> None:
    later = replace(small(1, 60, 44_000.0), is_open=True)
    found = valued(later, 40_000.0, START_MS + DAY_MS)
    # The entry and an exit at the same price, at 4 USDT for 8,400 turned over.
    assert found.profit == pytest.approx(-4.0 * 8_000 / 8_400)


def test_valued_short_gains_when_the_price_falls_and_without_fills_is_whole() -> None:
    held = small(1, 90, 40_000.0, side=-1, is_open=True, fees=2.0, fills=())
    found = valued(held, 38_000.0, START_MS + DAY_MS)
    assert found.profit == pytest.approx(200 - 2 - 1.9)
