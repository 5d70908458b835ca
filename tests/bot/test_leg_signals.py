"""Marks of legs in the frames of candidates: when, which side, and never in the way of an own entry."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outrigger.bot.leg_signals import LegSignals
from outrigger.settings.hedge import HedgeSettings
from tests.bot.trading import START

BTC, SOL, ETH = (f"{coin}/USDT:USDT" for coin in ("BTC", "SOL", "ETH"))
SETTINGS = HedgeSettings(candidates={BTC: [ETH], SOL: [ETH]}, entry_minutes=5.0)
COUNT = 30


def frame(entries: dict[int, int] | None = None, count: int = COUNT) -> pd.DataFrame:
    side = np.zeros(count, dtype=int)
    for row, way in (entries or {}).items():
        side[row] = way
    made = pd.DataFrame({"date": pd.date_range(START, periods=count, freq="1min", unit="ms")})
    made["enter_long"], made["enter_short"] = (side > 0).astype(int), (side < 0).astype(int)
    made["enter_tag"] = np.where(side != 0, "own", None)
    return made


def marked(
    events: dict[str, dict[int, int]], own: dict[int, int] | None = None, count: int = COUNT
) -> pd.DataFrame:
    signals = LegSignals(SETTINGS, "1m")
    for pair, entries in events.items():
        signals.note(pair, frame({row: way for row, way in entries.items() if row < count}, count))
    made = frame({row: way for row, way in (own or {}).items() if row < count}, count)
    signals.mark(made, ETH)
    return made


def sides(made: pd.DataFrame) -> list[int]:
    return list(made["enter_long"] - made["enter_short"])


def test_candidate_is_marked_against_its_primary_for_as_long_as_a_leg_may_be_opened() -> None:
    made = marked({BTC: {10: 1}})
    assert sides(made) == [0] * 10 + [-1] * 5 + [0] * 15
    assert set(made["enter_tag"].iloc[10:15]) == {"hedge:BTC"}


def test_later_event_has_the_candles_and_an_own_entry_comes_first() -> None:
    made = marked({BTC: {10: 1}, SOL: {12: -1}}, {13: -1})
    assert sides(made)[10:18] == [-1, -1, 1, -1, 1, 1, 1, 0]
    assert list(made["enter_tag"].iloc[11:15]) == ["hedge:BTC", "hedge:SOL", "own", "hedge:SOL"]
    # Both directions in one candle would enter neither.
    assert not ((made["enter_long"] == 1) & (made["enter_short"] == 1)).any()


def test_marks_of_a_shorter_history_are_the_same() -> None:
    events, own = {BTC: {3: 1, 14: -1, 20: 1}, SOL: {5: 1, 22: -1}}, {4: 1, 21: -1}
    whole = marked(events, own)
    for count in range(4, COUNT):
        pd.testing.assert_frame_equal(marked(events, own, count), whole.iloc[:count])


def test_leg_that_an_open_primary_wants_is_marked_at_the_last_candle_only() -> None:
    signals, made = LegSignals(SETTINGS, "1m"), frame()
    signals.mark(made, ETH, (1, SOL))
    assert sides(made) == [0] * (COUNT - 1) + [1]
    assert made["enter_tag"].iloc[-1] == "hedge:SOL"


@pytest.mark.parametrize("pair", [BTC, "XRP/USDT:USDT"])
def test_pair_that_carries_no_legs_is_left_alone(pair: str) -> None:
    signals, made = LegSignals(SETTINGS, "1m"), frame({3: 1})
    signals.note(BTC, frame({5: 1}))
    signals.mark(made, pair)
    pd.testing.assert_frame_equal(made, frame({3: 1}))


def test_primary_after_its_candidate_is_foreseen_and_one_before_it_is_not_kept() -> None:
    for order, known in (((ETH, BTC), True), ((BTC, ETH), False)):
        signals, made = LegSignals(SETTINGS, "1m"), frame()
        signals.keep(BTC, frame({10: 1}), order)
        signals.foresee(ETH, lambda measures: None)
        signals.mark(made, ETH)
        assert any(sides(made)) == known
