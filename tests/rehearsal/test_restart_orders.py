"""What Freqtrade 2026.9 makes of an open order that cannot be found when a bot starts.

It means to take one that is older than five days for cancelled, and compares the wrong way round. If this
test fails, Freqtrade has mended that, and the README has to lose its warning.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.exceptions import InvalidOrderException
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Order


@pytest.mark.parametrize("age", [timedelta(minutes=1), timedelta(days=4), timedelta(days=6)], ids=str)
def test_order_that_is_not_found_at_a_start_is_taken_for_cancelled_whatever_its_age(
    age: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_found(*_: Any) -> None:
        raise InvalidOrderException("Order does not exist.")

    placed = datetime.now(UTC) - age
    order = Order(order_id="1", ft_pair="ETH/USDT:USDT", ft_order_side="stoploss", ft_is_open=True)
    order.order_date, order.side, order.ft_amount, order.ft_price = placed, "buy", 1.0, 2_500.0
    cancelled: list[Any] = []
    bot = SimpleNamespace(
        config={"dry_run": False, "exchange": {}},
        exchange=SimpleNamespace(fetch_order_or_stoploss_order=not_found),
        handle_cancel_order=lambda told, *_: cancelled.append(told["status"]),
    )
    monkeypatch.setattr(Order, "get_open_orders", lambda: [order])
    FreqtradeBot.startup_update_open_orders(bot)
    assert cancelled == ["canceled"]
