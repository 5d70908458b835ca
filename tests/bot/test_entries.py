"""The account that entries are sized by: Freqtrade's figure and what open trades have made since."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.bot.test_strategy import RISING, bot
from tests.bot.trading import ENTRY, ms, trade


class Wallet:
    """An account of 10,000 whose free part moves; counts how often it is added up."""

    def __init__(self) -> None:
        self.free, self.tied, self.asked = 10_000.0, 0.0, 0

    def get_free(self, currency: str) -> float:
        assert currency == "USDT"
        return self.free

    def get_total_stake_amount(self) -> float:
        self.asked += 1
        return self.free + self.tied


@pytest.fixture
def strategy(tmp_path: Path) -> Any:
    made = bot(tmp_path)
    made.wallets = Wallet()
    return made


def equity(strategy: Any, *trades: Any, minute: float = 4) -> float:
    found: float = strategy.entries.equity(strategy, list(trades), ms(minute))
    return found


def test_equity_counts_open_trades_at_their_last_close(strategy: Any) -> None:
    assert RISING[4] == 42_000.0
    assert equity(strategy, trade(), minute=5) == pytest.approx(10_000 + 0.1 * (42_000 - ENTRY))
    assert equity(strategy, trade(is_short=True), minute=5) == pytest.approx(10_000 - 0.1 * 2_000)


def test_account_is_added_up_only_when_money_has_moved(strategy: Any) -> None:
    wallet, held = strategy.wallets, trade()
    for minute in range(2, 6):
        equity(strategy, held, minute=minute)
    assert wallet.asked == 1
    wallet.free, wallet.tied = 9_200.0, 800.0
    held.stake_amount = 800.0
    assert equity(strategy, held, minute=2) == 10_000.0
    assert wallet.asked == 2
    wallet.free, wallet.tied = 10_050.0, 0.0
    assert equity(strategy) == 10_050.0
    assert wallet.asked == 3


def test_account_that_cannot_be_added_up_is_asked_for_again(strategy: Any) -> None:
    known, strategy.wallets = strategy.wallets, SimpleNamespace(get_free=lambda _: 1.0)
    with pytest.raises(AttributeError):
        equity(strategy)
    strategy.wallets = known
    assert equity(strategy) == 10_000.0
