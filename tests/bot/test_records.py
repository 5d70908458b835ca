"""A trade's stop survives restarts, damaged documents and newer versions; a backtest stores nothing."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from freqtrade.persistence import CustomDataWrapper, LocalTrade, Trade

from outrigger.bot.faults import FaultLog
from outrigger.bot.records import TradeRecords, side_of
from outrigger.market.moment import to_ms
from outrigger.stops.document import KEY, VERSION, loads
from outrigger.stops.keeper import StopKeeper
from tests.bot.trading import ENTRY, PAIR, START_MS, VOLATILITY, keeper, moment, ms, stored_trade, trade

RISING = [ENTRY] * 4 + [42_000.0, 41_500.0]


def records(kept: StopKeeper, *, stored: bool = True) -> tuple[TradeRecords, FaultLog]:
    faults = FaultLog()
    return TradeRecords(kept, faults, stored=stored), faults


def document(made: Trade) -> Any:
    return loads(made.get_custom_data(KEY))


def test_to_ms_counts_from_the_epoch() -> None:
    assert to_ms(moment(0)) == START_MS == 1_746_403_200_000


@pytest.mark.parametrize(("short", "side"), [(False, 1), (True, -1)])
def test_side_of_trade(short: bool, side: int) -> None:
    assert side_of(trade(is_short=short)) == side


@pytest.mark.parametrize(("short", "stop"), [(False, 38_800.0), (True, 41_200.0)])
def test_opened_stores_stop_policy_and_size(database: None, short: bool, stop: float) -> None:
    made = stored_trade(is_short=short)
    told, faults = records(keeper(RISING))
    state = told.opened(made, "trailing", {"confidence": 0.5}, ms(2))
    assert state is not None
    assert state.stop == pytest.approx(stop)
    kept = document(made)
    assert (kept.stop, kept.policy, kept.size) == (state, "trailing", {"confidence": 0.5})
    assert faults.total() == 0


def test_opened_without_a_forecast_stores_nothing(database: None) -> None:
    made = stored_trade()
    told, _ = records(keeper(RISING, VOLATILITY, sigma=float("nan")))
    assert told.opened(made, "volatility", {}, ms(2)) is None
    assert made.get_custom_data(KEY) is None


def test_advanced_ratchets_and_stores_each_move(database: None) -> None:
    """The acceptance example: 38,800, then 3 % below 42,000, and there it stays at 41,500."""
    made = stored_trade()
    told, _ = records(keeper(RISING))
    told.opened(made, "trailing", {}, ms(2))
    for minute, stop in ((4, 38_800.0), (5, 40_740.0), (6, 40_740.0)):
        state = told.advanced(made, "trailing", ms(minute))
        assert state is not None
        assert state.stop == pytest.approx(stop)
        assert document(made).stop.stop == state.stop


def test_restart_goes_on_from_the_document_with_older_candles_gone(database: None) -> None:
    made = stored_trade()
    told, _ = records(keeper(RISING))
    told.opened(made, "trailing", {"confidence": 1.0}, ms(2))
    before = told.advanced(made, "trailing", ms(6))
    # The candle of the high is no longer in sight: only the document knows it.
    again, faults = records(keeper([41_500.0] * 8))
    after = again.advanced(made, "trailing", ms(8))
    assert before is not None
    assert after is not None
    assert (after.stop, after.best) == (before.stop, 42_000.0)
    assert document(made).size == {"confidence": 1.0}
    assert faults.total() == 0


def test_lost_document_is_rebuilt_from_the_candles(database: None) -> None:
    made = stored_trade(stop_loss=38_000.0)
    told, faults = records(keeper(RISING))
    state = told.advanced(made, "trailing", ms(6))
    assert state is not None
    assert state.stop == pytest.approx(40_740.0)
    assert document(made).stop == state
    assert faults.total() == 0


def test_rebuilt_stop_is_never_below_freqtrades_own(database: None) -> None:
    made = stored_trade(stop_loss=40_900.0)
    told, _ = records(keeper(RISING))
    state = told.advanced(made, "trailing", ms(6))
    assert state is not None
    assert state.stop == 40_900.0


def test_rebuilt_short_keeps_freqtrades_nearer_stop(database: None) -> None:
    made = stored_trade(is_short=True, stop_loss=40_400.0)
    told, _ = records(keeper([ENTRY] * 6))
    state = told.advanced(made, "trailing", ms(6))
    assert state is not None
    assert state.stop == 40_400.0


DAMAGED = {
    "no JSON": "{",
    "no object": "[]",
    "a number is missing": '{"version": 1, "policy": "trailing", "size": {}, "stop": {"side": 1}}',
    "newer": json.dumps({"version": VERSION + 1, "policy": "trailing", "size": {}, "stop": {}}),
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_unreadable_document_is_told_and_rebuilt_from_floor_and_candles(
    database: None, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    made = stored_trade(stop_loss=38_000.0)
    made.set_custom_data(KEY, text)
    told, faults = records(keeper(RISING))
    with caplog.at_level(logging.ERROR):
        states = [told.advanced(made, "trailing", ms(6)) for _ in range(3)]
    assert {state.stop for state in states if state} == {40_740.0}
    assert faults.total() == 1
    assert "the stop is rebuilt from the candles" in caplog.text
    assert PAIR in caplog.text
    assert document(made).stop == states[-1]


def test_advanced_before_the_first_analysis_has_no_opinion(database: None) -> None:
    told, _ = records(StopKeeper(0.0005))
    assert told.advanced(stored_trade(stop_loss=38_000.0), "trailing", ms(6)) is None


def writes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    stored = LocalTrade.set_custom_data

    def watch(self: Any, key: str, value: Any) -> None:
        seen.append(value)
        stored(self, key, value)

    monkeypatch.setattr(LocalTrade, "set_custom_data", watch)
    return seen


def test_still_stop_is_written_once_an_hour(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made = stored_trade()
    told, _ = records(keeper([ENTRY] * 190))
    seen = writes(monkeypatch)
    told.opened(made, "trailing", {}, ms(2))
    for minute in range(3, 190):
        told.advanced(made, "trailing", ms(minute))
    # The entry's candle ends in minute 3; the hours since are over in minutes 63, 123 and 183.
    assert [(loads(text).stop.as_of_ms - START_MS) // 60_000 for text in seen] == [3, 63, 123, 183]


def test_backtest_stores_nothing(no_database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    CustomDataWrapper.reset_custom_data()
    made, seen = trade(), writes(monkeypatch)
    told, _ = records(keeper(RISING), stored=False)
    told.opened(made, "trailing", {}, ms(2))
    state = told.advanced(made, "trailing", ms(6))
    assert state is not None
    assert state.stop == pytest.approx(40_740.0)
    assert seen == []
    assert made.get_all_custom_data() == []


def test_failing_database_delays_a_document_and_loses_no_stop(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stored_trade()
    kept = keeper(RISING)
    told, _ = records(kept)
    told.opened(made, "trailing", {}, ms(2))
    with monkeypatch.context() as broken:

        def refuse(*_: Any) -> None:
            raise RuntimeError("database is locked")

        broken.setattr(LocalTrade, "set_custom_data", refuse)
        with pytest.raises(RuntimeError):
            told.advanced(made, "trailing", ms(6))
    state = told.advanced(made, "trailing", ms(6))
    assert state is not None
    assert state.stop == pytest.approx(40_740.0)


def test_forget_drops_closed_trades_only(database: None) -> None:
    first, second = stored_trade(), stored_trade()
    kept = keeper(RISING)
    told, _ = records(kept)
    for made in (first, second):
        told.opened(made, "trailing", {}, ms(2))
    told.forget({second.id})
    assert kept.state(first.id) is None
    assert kept.state(second.id) is not None
    # What is asked for again comes back from its document.
    again = told.advanced(first, "trailing", ms(3))
    assert again == document(first).stop


def test_state_left_over_under_the_same_key_is_replaced(no_database: None) -> None:
    """Hyperopt counts its trades from 1 in every epoch."""
    kept = keeper(RISING)
    told, _ = records(kept, stored=False)
    told.opened(trade(), "trailing", {}, ms(2))
    told.advanced(trade(), "trailing", ms(6))
    state = told.opened(trade(is_short=True), "trailing", {}, ms(2))
    assert state is not None
    assert (state.side, state.stop) == (-1, pytest.approx(41_200.0))
