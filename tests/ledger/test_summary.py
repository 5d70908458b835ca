"""Percentiles against numbers that can be worked out in the head."""

from __future__ import annotations

import json

import pytest

from outrigger.ledger.entry import ExitKind, Keeper
from outrigger.ledger.summary import band, summarise
from tests.bot.trading import HOUR, ms
from tests.ledger.entries import exit_order

# 1, 2, 3, 4 and 20 bp worse than the stop.
FIVE = [exit_order(n, price=40_000.0 - 4 * bp) for n, bp in enumerate((1, 2, 3, 4, 20), start=1)]


def test_percentiles_of_five_orders() -> None:
    """Linear between order statistics: p95 lies at position 3.8, four fifths of the way from 4 to 20."""
    (all_stops, *_) = summarise(FIVE, 10.0, dry=True).costs
    assert (all_stops.group, all_stops.name, all_stops.orders) == ("all", "stops", 5)
    assert all_stops.bp_p50 == pytest.approx(3.0)
    assert all_stops.bp_p95 == pytest.approx(4 + 0.8 * 16)
    assert all_stops.beyond == pytest.approx(0.2)
    assert (all_stops.ms_p50, all_stops.ms_p95) == (500.0, 500.0)


def test_mean_is_weighted_by_what_was_traded() -> None:
    small, large = exit_order(1, amount=0.1), exit_order(2, amount=0.3, price=39_960.0)
    mean = summarise([small, large], 10.0, dry=True).costs[0].bp_mean
    assert mean == pytest.approx((0.1 * 39_980 * 5 + 0.3 * 39_960 * 10) / (0.1 * 39_980 + 0.3 * 39_960))


def test_groups_are_exchange_keeper_hours_and_regime() -> None:
    night = exit_order(1)
    noon = exit_order(2, exchange="bybit", filled_ms=ms(0) + 12 * HOUR, regime=None, kept_by=Keeper.EXCHANGE)
    costs = summarise([night, noon], 10.0, dry=True).costs
    assert [(cost.group, cost.name) for cost in costs] == [
        ("all", "stops"),
        ("exchange", "binance"),
        ("exchange", "bybit"),
        ("kept by", "exchange"),
        ("kept by", "software"),
        ("hour (UTC)", "00-08"),
        ("hour (UTC)", "08-16"),
        ("regime", "calm"),
        ("regime", "not known"),
    ]


def test_dry_runs_and_money_are_never_mixed() -> None:
    entries = [exit_order(1), exit_order(2, dry=False, price=39_000.0)]
    assert summarise(entries, 10.0, dry=True).costs[0].bp_p95 == pytest.approx(5.0)
    assert summarise(entries, 10.0, dry=False).costs[0].bp_p95 == pytest.approx(250.0)


def test_other_exits_are_counted_and_cost_nothing() -> None:
    close = exit_order(2, kind=ExitKind.OTHER, reason="override_close", stop=None)
    panic = exit_order(3, kind=ExitKind.EMERGENCY, reason="emergency_exit", stop=None)
    summary = summarise([exit_order(1), close, panic], 10.0, dry=True)
    assert summary.costs[0].orders == 1
    assert summary.others == {"emergency_exit": 1, "override_close": 1}


def test_stop_kept_by_the_exchange_has_no_delay() -> None:
    entry = exit_order(1, kept_by=Keeper.EXCHANGE, quoted=None, decided_ms=None)
    cost = summarise([entry], 10.0, dry=True).costs[0]
    assert (cost.impact_p50, cost.ms_p50, cost.ms_p95) == (None, None, None)


@pytest.mark.parametrize(("assumed", "told"), [(10.0, "that holds"), (4.0, "backtests are too kind")])
def test_verdict_compares_what_was_paid_with_what_was_assumed(assumed: float, told: str) -> None:
    assert summarise([exit_order()], assumed, dry=True).verdict.endswith(told)


def test_empty_ledger_says_so_and_is_json() -> None:
    summary = summarise([], 10.0, dry=True)
    assert "no stop exit" in summary.verdict
    assert json.loads(json.dumps(summary.to_dict(), allow_nan=False))["costs"] == []


def test_bands_are_the_hours_between_funding_events() -> None:
    assert [band(hour) for hour in (0, 7, 8, 15, 16, 23)] == ["00-08"] * 2 + ["08-16"] * 2 + ["16-24"] * 2
