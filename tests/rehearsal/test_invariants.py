"""The watch over a bot calls what it should, once, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.persistence import Trade

from outrigger.rehearsal.invariants import Invariants

NOW = datetime(2025, 5, 5, tzinfo=UTC)


def trade(**changed: Any) -> SimpleNamespace:
    known = {
        "id": 1,
        "pair": "BTC/USDT:USDT",
        "is_short": False,
        "has_open_position": True,
        "stop_loss": 98.0,
        "liquidation_price": 82.0,
        "enter_tag": "long:all",
    }
    return SimpleNamespace(**known | changed)


def looked(
    monkeypatch: pytest.MonkeyPatch, *loops: list[SimpleNamespace], legs: tuple[int, ...] = ()
) -> Invariants:
    """Look at one loop after the other."""
    watch = Invariants()
    records = SimpleNamespace(known=lambda number: number if number in legs else None)
    bot = SimpleNamespace(strategy=SimpleNamespace(hedge=SimpleNamespace(legs=records)))
    for trades in loops:
        monkeypatch.setattr(Trade, "get_open_trades", lambda trades=trades: trades)
        watch(bot, NOW)
    return watch


def test_invariants_of_a_stop_that_rises_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = looked(monkeypatch, [trade()], [trade(stop_loss=99.0)], [trade(stop_loss=99.0)], [])
    assert (watch.broken, watch.loops, watch.positions) == ([], 4, 3)


@pytest.mark.parametrize(
    ("side", "stops"), [(False, (98.0, 97.999)), (True, (102.0, 102.001))], ids=["long", "short"]
)
def test_invariants_call_a_loosened_stop_once(
    monkeypatch: pytest.MonkeyPatch, side: bool, stops: tuple[float, float]
) -> None:
    far = 118.0 if side else 82.0
    moving = [[trade(is_short=side, stop_loss=stop, liquidation_price=far)] for stop in (*stops, *stops)]
    watch = looked(monkeypatch, *moving)
    assert len(watch.broken) == 1
    assert "stop from" in watch.broken[0]


@pytest.mark.parametrize("stop", [0.0, None])
def test_invariants_call_a_position_without_a_stop(
    monkeypatch: pytest.MonkeyPatch, stop: float | None
) -> None:
    assert "no stop" in looked(monkeypatch, [trade(stop_loss=stop)]).broken[0]


def test_invariants_call_a_stop_beyond_liquidation(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "beyond 99" in looked(monkeypatch, [trade(liquidation_price=99.0)]).broken[0]
    assert looked(monkeypatch, [trade(liquidation_price=None)]).broken == []


def test_invariants_call_a_leg_without_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    leg = trade(enter_tag="hedge:BTC#12")
    assert "no record" in looked(monkeypatch, [leg]).broken[0]
    assert looked(monkeypatch, [leg], legs=(1,)).broken == []


def test_invariants_let_an_order_that_is_not_filled_yet_be(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = looked(monkeypatch, [trade(has_open_position=False, stop_loss=0.0)])
    assert (watch.broken, watch.positions) == ([], 0)
