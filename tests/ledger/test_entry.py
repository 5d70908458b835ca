"""One exit's figures, by hand, and its line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outrigger.errors import StateError
from outrigger.ledger.entry import ExitKind, loads
from tests.bot.trading import ms
from tests.ledger.entries import exit_order


def test_slippage_of_a_long_is_told_against_its_stop() -> None:
    """20 of 40,000 are 5 bp, half of them after the decision."""
    entry = exit_order()
    assert entry.slippage_bp == pytest.approx(5.0)
    assert entry.impact_bp == pytest.approx(2.5)
    assert (entry.delay_ms, entry.hour) == (500, 0)


def test_slippage_of_a_short_is_its_mirror() -> None:
    entry = exit_order(side=-1, quoted=40_010.0, price=40_020.0)
    assert entry.slippage_bp == pytest.approx(5.0)
    assert entry.impact_bp == pytest.approx(2.5)


def test_short_filled_at_its_stop_slipped_by_a_plain_zero() -> None:
    assert '"slippage_bp":0.0' in exit_order(side=-1, price=40_000.0).dumps()


def test_fill_better_than_the_stop_is_negative() -> None:
    assert exit_order(price=40_004.0).slippage_bp == pytest.approx(-1.0)


def test_what_is_not_known_has_no_figure() -> None:
    entry = exit_order(kind=ExitKind.OTHER, stop=None, quoted=None, decided_ms=None)
    assert (entry.slippage_bp, entry.impact_bp, entry.delay_ms) == (None, None, None)


@pytest.mark.parametrize(
    "changed", [{}, {"stop": None, "quoted": None, "decided_ms": None, "regime": None}, {"left": 0.05}]
)
def test_line_survives_being_written_and_read(changed: dict[str, Any]) -> None:
    entry = exit_order(**changed)
    assert "\n" not in entry.dumps()
    assert loads(entry.dumps()) == entry


def test_line_holds_its_figures_for_the_eye() -> None:
    body = json.loads(exit_order().dumps())
    assert (body["slippage_bp"], body["delay_ms"]) == (5.0, 500)


def changed(**values: Any) -> str:
    return json.dumps({**json.loads(exit_order().dumps()), **values})


BROKEN = {
    "cut": exit_order().dumps()[:-5],
    "newer": changed(version=2),
    "price in words": changed(price="39980"),
    "price true": changed(price=True),
    "no price": changed(price=0.0),
    "no amount": changed(amount=-0.1),
    "no side": changed(side=0),
    "unknown kind": changed(kind="whim"),
    "a number": "7",
}


@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN)
def test_line_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(StateError):
        loads(line)


def test_liquidation_is_no_stop_but_has_a_price_to_compare() -> None:
    entry = exit_order(kind=ExitKind.LIQUIDATION, reason="liquidation", decided_ms=None, filled_ms=ms(11))
    assert entry.slippage_bp == pytest.approx(5.0)
    assert entry.delay_ms is None
