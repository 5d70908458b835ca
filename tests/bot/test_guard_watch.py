"""The cascade guard's beginning and end are told once each, for open trades only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from outrigger.bot.guard_watch import GuardWatch
from outrigger.stops.keeper import StopKeeper
from tests.bot.trading import ENTRY, PAIR, keeper, ms, trade

NAN = np.nan


def guarded(prices: list[float], early: list[float] | None = None) -> StopKeeper:
    """A keeper whose long side has these guards, one a minute, and one open long."""
    kept = keeper([ENTRY] * len(prices))
    track = kept.track(PAIR)
    assert track is not None
    long = replace(
        track.widths.long,
        guard=np.asarray(prices),
        early_guard=None if early is None else np.asarray(early),
    )
    kept.set_track(PAIR, replace(track, widths=replace(track.widths, long=long)))
    kept.open(1, PAIR, 1, ENTRY, ms(1))
    state = kept.state(1)
    assert state is not None
    kept.put(1, replace(state, armed=early is None))
    return kept


def told(kept: StopKeeper, made: Any, minutes: range) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    now = 0
    watch = GuardWatch(kept, lambda text, key: found.append((now, key)))
    for now in minutes:
        watch.look([made], ms(now))
    return found


@pytest.mark.parametrize("early", [None, [NAN, NAN, 39_500.0, 39_600.0, NAN, NAN]])
def test_guard_is_told_when_it_begins_and_when_it_ends(early: list[float] | None) -> None:
    kept = guarded([NAN, NAN, 39_500.0, 39_600.0, NAN, NAN], early)
    # Minute 3 is the close of the third candle.
    assert told(kept, trade(), range(1, 7)) == [
        (3, f"guard drawn {PAIR}#1"),
        (5, f"guard released {PAIR}#1"),
    ]


def test_guard_of_an_unarmed_trade_is_silent_unless_it_draws_early() -> None:
    kept = guarded([39_500.0] * 6, [NAN] * 6)
    assert told(kept, trade(), range(1, 7)) == []


@pytest.mark.parametrize("changed", [{"enter_tag": "hedge:ETH#4"}, {"amount": 0.0}, {"is_short": True}])
def test_legs_unfilled_trades_and_the_other_side_are_left_alone(changed: dict[str, Any]) -> None:
    assert told(guarded([39_500.0] * 6), trade(**changed), range(1, 7)) == []


def test_words_name_both_prices_and_a_closed_trade_is_forgotten() -> None:
    texts: list[str] = []
    watch = GuardWatch(guarded([39_500.0] * 6), lambda text, key: texts.append(text))
    watch.look([trade()], ms(3))
    assert "39500 (it stood at 38800)" in texts[0]
    watch.look([], ms(4))
    assert watch._drawn == set()
