"""Freqtrade 2026.9 with stops on the exchange: what it leaves to the exchange, and what it forgets."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.enums import ExitType
from freqtrade.exceptions import RetryableOrderError
from freqtrade.exchange import Exchange
from freqtrade.strategy import IStrategy

NOW = datetime(2025, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("on_exchange", "dry_run", "leaves"),
    [(True, False, False), (True, True, True), (False, False, True), (False, True, True)],
    ids=["real, on the exchange", "dry, on the exchange", "real, in software", "dry, in software"],
)
def test_freqtrade_acts_on_no_stop_of_its_own_while_real_ones_are_on_the_exchange(
    on_exchange: bool, dry_run: bool, leaves: bool
) -> None:
    # Why Outrigger looks after a stop that is not there itself: `StopDesk.second_line`.
    strategy: Any = SimpleNamespace(
        order_types={"stoploss_on_exchange": on_exchange},
        config={"dry_run": dry_run},
        ft_stoploss_adjust=lambda *_, **__: None,
    )
    trade: Any = SimpleNamespace(
        is_short=False, stop_loss=98.0, liquidation_price=None, is_stop_loss_trailing=False
    )
    found = IStrategy.ft_stoploss_reached(strategy, 97.0, trade, NOW, -0.03, 0.0)
    assert (found.exit_type is ExitType.STOP_LOSS) == leaves


def test_freqtrade_makes_up_a_cancelled_stop_that_lacks_what_it_asks_for_next() -> None:
    # A stop that can neither be cancelled nor found again ends Freqtrade with a KeyError.
    made = Exchange.cancel_stoploss_order_with_result(_Amnesiac(), "7", "ETH/USDT:USDT", 1.0)
    assert made["status"] == "canceled"
    exchange: Any = SimpleNamespace(get_option=lambda *_: True)
    with pytest.raises(KeyError, match="type"):
        Exchange.get_order_id_conditional(exchange, made)


class _Amnesiac:
    """An exchange that cancels without a word and finds nothing afterwards."""

    def cancel_stoploss_order(self, *_: Any) -> dict[str, Any]:
        return {}

    def is_cancel_order_result_suitable(self, _: Any) -> bool:
        return False

    def fetch_stoploss_order(self, *_: Any) -> dict[str, Any]:
        raise RetryableOrderError("Order not found")
