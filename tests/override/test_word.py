"""What can be said, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from outrigger.errors import SettingsError
from outrigger.override.word import DEFAULT_MS, HOUR_MS, Kind
from tests.bot.trading import PAIR, ms
from tests.override.words import ETH, word

REFUSED: dict[str, tuple[Kind, dict[str, Any], str]] = {
    "stop without a price": (Kind.STOP, {"price": None}, "price"),
    "stop of all pairs": (Kind.STOP, {"pair": None}, "one pair"),
    "stop at zero": (Kind.STOP, {"price": 0.0}, "price"),
    "stop at nothing": (Kind.STOP, {"price": float("nan")}, "price"),
    "pause with a price": (Kind.PAUSE, {"price": 1.0}, "takes a price"),
    "narrower": (Kind.WIDEN, {"factor": 0.9}, "from 1"),
    "much wider": (Kind.WIDEN, {"factor": 6.0}, "to 5"),
    "unknown regime": (Kind.REGIME, {"regime": "sideways"}, "calm, trending"),
    "spot pair": (Kind.PAUSE, {"pair": "BTC/USDT"}, "BTC/USDT:USDT"),
    "no reason": (Kind.PAUSE, {"reason": "  "}, "reason"),
    "half a year": (Kind.PAUSE, {"until": 180 * 24 * 60}, "90 days"),
    "over before it begins": (Kind.PAUSE, {"until": 2}, "after now"),
    "legs of a pause": (Kind.PAUSE, {"legs": True}, "no-hedge"),
}


@pytest.mark.parametrize(("kind", "changed", "told"), REFUSED.values(), ids=REFUSED)
def test_word_that_cannot_be_acted_on_is_refused(kind: Kind, changed: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        word(kind, **changed)


@pytest.mark.parametrize("kind", Kind)
def test_word_stands_from_its_first_moment_to_before_its_last(kind: Kind) -> None:
    said = word(kind)
    moments = {2.99: False, 3: True, 239.99: True, 240: False}
    assert {minute: said.in_force(ms(minute)) for minute in moments} == moments


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.STOP])
def test_word_of_all_pairs_concerns_each(kind: Kind) -> None:
    assert word(kind, pair=None).concerns(ETH)
    assert word(kind, pair=PAIR).concerns(PAIR)
    assert not word(kind, pair=PAIR).concerns(ETH)


@pytest.mark.parametrize("kind", Kind)
def test_description_says_what_until_when_and_why(kind: Kind) -> None:
    told = word(kind).describe()
    assert told.startswith("override 1: ")
    assert PAIR in told
    assert told.endswith("until 2025-05-05 04:00 UTC (news)")


def test_closing_stands_for_an_hour_and_everything_else_for_a_day() -> None:
    assert {kind: DEFAULT_MS[kind] // HOUR_MS for kind in Kind} == {**dict.fromkeys(Kind, 24), Kind.CLOSE: 1}
