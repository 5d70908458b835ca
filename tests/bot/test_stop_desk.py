"""The second line: a stop that Freqtrade leaves to the exchange and that is not there is acted on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from outrigger.bot.stop_desk import CROSSED, StopDesk, is_unguarded, on_margin

STOP = 98.0


def order(price: float | None, asked: float | None = None) -> SimpleNamespace:
    return SimpleNamespace(stop_price=price, ft_price=asked)


def trade(*orders: SimpleNamespace, stop: float | None = STOP, is_short: bool = False) -> Any:
    return SimpleNamespace(id=1, is_short=is_short, stop_loss=stop, open_sl_orders=list(orders))


@pytest.mark.parametrize(
    ("held", "rate", "unguarded"),
    [
        (trade(), 98.1, False),
        (trade(), 98.0, True),
        (trade(), 97.0, True),
        (trade(order(98.0)), 97.0, False),
        (trade(order(98.01)), 97.0, False),
        (trade(order(95.0)), 97.0, True),
        (trade(order(95.0), order(98.0)), 97.0, False),
        (trade(order(None, 98.0)), 97.0, False),
        (trade(order(None, None)), 97.0, True),
        (trade(stop=None), 97.0, False),
        (trade(), 0.0, False),
        (trade(stop=102.0, is_short=True), 101.9, False),
        (trade(stop=102.0, is_short=True), 102.5, True),
        (trade(order(102.0), stop=102.0, is_short=True), 102.5, False),
        (trade(order(105.0), stop=102.0, is_short=True), 102.5, True),
    ],
)
def test_is_unguarded_where_price_has_passed_a_stop_that_does_not_stand_on_the_exchange(
    held: Any, rate: float, unguarded: bool
) -> None:
    assert is_unguarded(held, rate) is unguarded


@pytest.mark.parametrize(("second_line", "reason"), [(True, CROSSED), (False, None)])
def test_exit_reason_looks_after_the_stop_only_where_freqtrade_does_not(
    second_line: bool, reason: str | None
) -> None:
    silent = SimpleNamespace(exit_reason=lambda *_: None)
    keeper = SimpleNamespace(state=lambda _: None)
    unused: Any = None
    desk = StopDesk(keeper, unused, unused, silent, silent)  # type: ignore[arg-type]
    desk.second_line = second_line
    assert desk.exit_reason(trade(), 0, 97.0) == reason


def test_exit_reason_of_the_trader_comes_before_the_second_line() -> None:
    said = SimpleNamespace(exit_reason=lambda *_: "closed_by_word")
    silent = SimpleNamespace(exit_reason=lambda *_: None)
    unused: Any = None
    desk = StopDesk(unused, unused, unused, silent, said)  # type: ignore[arg-type]
    desk._keeper = SimpleNamespace(state=lambda _: None)  # type: ignore[assignment]
    desk.second_line = True
    assert desk.exit_reason(trade(), 0, 97.0) == "closed_by_word"


@pytest.mark.parametrize("is_short", [False, True])
def test_on_margin_of_a_price_of_zero_is_no_opinion(is_short: bool) -> None:
    held: Any = SimpleNamespace(leverage=5.0, is_short=is_short)
    assert on_margin(102.0 if is_short else 98.0, 0.0, held) is None
    assert on_margin(102.0 if is_short else 98.0, 100.0, held) == pytest.approx(0.1)
