"""A fault inside any callback: said once, no entry made of it, and every open position keeps its stop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.harness import PAIR, Engine
from tests.engine.test_stop_in_engine import ENTRY, VOLATILITY, every_side, level, path, still, to

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]

# Forecast 1 %: armed at 2 %, trail .75 %: the stop of a trade whose best close was 2 %.
BEST, TRAIL = 0.02, 0.0075
UP_AND_BACK = [*still(4), to(0, BEST), *still(4, BEST), to(BEST, 0.0), *still(2)]


def trailed(side: int) -> float:
    return ENTRY * (1 + side * BEST) * (1 - side * TRAIL)


def always(*_: Any, **__: Any) -> Any:
    raise RuntimeError("planted fault")


def from_call(number: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as it is, and from its n-th call on a fault."""
    calls = 0

    def faulty(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls >= number:
            raise RuntimeError("planted fault")
        return function(*args, **kwargs)

    return faulty


@every_side
def test_fault_in_the_stop_keeps_the_stop_that_stands(
    engine: Engine, side: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The stop moves up with a first rise; then the law breaks, and a second rise no longer moves it."""
    from outrigger.stops.keeper import StopKeeper

    monkeypatch.setattr(StopKeeper, "update", from_call(6, StopKeeper.update))
    moves = [*still(4), to(0, BEST), *still(3, BEST), to(BEST, 0.06), to(0.06, 0.0), *still(2)]
    with caplog.at_level(logging.ERROR, logger="outrigger"):
        found = engine.run(path(side, *moves), [(2, side)], outrigger=VOLATILITY, leverage=5)
    assert found.trade.close_rate == pytest.approx(trailed(side), abs=0.2)
    told = [r.getMessage() for r in caplog.records if "planted fault" in r.getMessage()]
    assert len(told) == 1
    assert "custom_stoploss failed for BTC/USDT:USDT" in told[0]
    assert "the stop stays where it is" in told[0]


@every_side
def test_fault_in_custom_exit_keeps_the_stop(
    engine: Engine, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spike whose stop lies beyond the close: no exit by `stop_crossed`, but the old stop still stands."""
    monkeypatch.setattr("outrigger.bot.stop_desk.is_crossed", always)
    spike = (0.0, 0.03, -0.005, -0.005)
    moves = [*still(4), spike, *still(3, -0.005), to(-0.005, -0.03), *still(2, -0.03)]
    found = engine.run(path(side, *moves), [(2, side)], outrigger=VOLATILITY, leverage=5)
    assert found.trade.close_rate == pytest.approx(level(side, -0.02), abs=0.2)
    assert ("custom_exit", PAIR, "RuntimeError") in found.strategy.faults.counts


@every_side
def test_fault_in_the_stake_opens_nothing_and_keeps_what_is_open(
    engine: Engine, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Freqtrade would fall back on its own proposal, the whole account; the second entry is refused."""
    from outrigger.bot import sizing

    monkeypatch.setattr(sizing, "account_of", from_call(2, sizing.account_of))
    moves = [*UP_AND_BACK, *still(6)]
    found = engine.run(path(side, *moves), [(2, side), (14, side)], outrigger=VOLATILITY, leverage=5)
    assert found.trade.close_rate == pytest.approx(trailed(side), abs=0.2)
    assert found.strategy.faults.counts["custom_stake_amount", PAIR, "RuntimeError"] >= 1


@every_side
def test_fault_in_the_leverage_opens_nothing(
    engine: Engine, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outrigger.bot.entries.confidence_of", always)
    found = engine.run(path(side, *UP_AND_BACK), [(2, side)], outrigger=VOLATILITY)
    assert found.trades == []
    assert found.strategy.faults.counts["leverage", PAIR, "RuntimeError"] >= 1


@every_side
def test_fault_between_two_leverages_does_not_reuse_the_first(
    engine: Engine, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was decided for an earlier entry is no answer for a later one."""
    from outrigger.signals.confidence import confidence_of

    monkeypatch.setattr("outrigger.bot.entries.confidence_of", from_call(2, confidence_of))
    moves = [*UP_AND_BACK, *still(6)]
    found = engine.run(path(side, *moves), [(2, side), (14, side)], outrigger=VOLATILITY)
    assert len(found.trades) == 1


@every_side
def test_fault_in_the_loop_keeps_the_stop(engine: Engine, side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from outrigger.risk import breaker

    monkeypatch.setattr(breaker, "advance", from_call(4, breaker.advance))
    found = engine.run(path(side, *UP_AND_BACK), [(2, side)], outrigger=VOLATILITY, leverage=5)
    assert found.trade.close_rate == pytest.approx(trailed(side), abs=0.2)
    with pytest.raises(RuntimeError, match="planted fault"):
        breaker.advance(found.strategy.breaker.state, 1.0, 0, found.strategy.settings.risk)
