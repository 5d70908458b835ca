"""The stopwatch counts what Outrigger's callbacks take, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade import freqtradebot
from freqtrade.strategy import interface

from outrigger.errors import ReplayError
from outrigger.rehearsal import our_share as module
from outrigger.rehearsal.our_share import Stopwatch

NOW = datetime(2025, 6, 2, tzinfo=UTC)


class Strategy:
    """Has the callbacks; each takes a known time."""

    def __init__(self, clock: SimpleNamespace) -> None:
        self.clock = clock

    def _spend(self, milliseconds: int) -> None:
        self.clock.now += milliseconds * 1_000_000

    def populate_indicators(self) -> None:
        self._spend(7)

    populate_entry_trend = populate_exit_trend = informative_pairs = populate_indicators

    def analyze_ticker(self) -> None:
        self._spend(100)  # Freqtrade's own work around ours
        self.populate_indicators()

    def bot_loop_start(self) -> None:
        self._spend(2)

    def custom_stoploss(self, trade: Any) -> None:
        self._spend(1)


class SlowToCopy:
    def __init__(self, clock: SimpleNamespace) -> None:
        self.clock = clock

    def __deepcopy__(self, _: Any) -> SlowToCopy:
        self.clock.now += 3_000_000
        return self


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=0)
    monkeypatch.setattr(module.time, "perf_counter_ns", lambda: clock.now)
    return clock


def test_stopwatch_counts_ours_with_the_copy_and_not_freqtrades(
    clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Strategy(clock)
    monkeypatch.setattr(freqtradebot.StrategyResolver, "load_strategy", lambda _: made)
    watch = Stopwatch()
    with watch.watching():
        strategy = freqtradebot.StrategyResolver.load_strategy({})
        freqtradebot.strategy_safe_wrapper(strategy.bot_loop_start)()
        interface.strategy_safe_wrapper(strategy.analyze_ticker)()
        watch.loop_over(None, NOW)
        freqtradebot.strategy_safe_wrapper(strategy.bot_loop_start)()
        interface.strategy_safe_wrapper(strategy.custom_stoploss)(trade=SlowToCopy(clock))
        watch.loop_over(None, NOW)
    share = watch.share()
    assert (share.new_candle.count, share.new_candle.p95) == (1, 2 + 7)
    assert (share.otherwise.count, share.otherwise.p95) == (1, 2 + 3 + 1)
    assert (share.stop.count, share.stop.p99) == (1, 3 + 1)
    assert share.by_callback_ms == {"bot_loop_start": 4, "custom_stoploss": 4, "populate_indicators": 7}


def test_stopwatch_after_watching_times_nothing_more(clock: SimpleNamespace) -> None:
    watch = Stopwatch()
    with watch.watching():
        pass
    interface.strategy_safe_wrapper(Strategy(clock).bot_loop_start)()
    assert not watch.calls


def test_share_without_a_position_says_so(clock: SimpleNamespace) -> None:
    watch = Stopwatch()
    watch.loop_over(None, NOW)
    with pytest.raises(ReplayError, match="no candle or no position"):
        watch.share()
