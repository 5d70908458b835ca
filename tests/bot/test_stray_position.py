"""A position that no trade knows: no order is added to it, and the trader is told once."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.persistence import Trade
from freqtrade.wallets import PositionWallet

from outrigger.bot.entries import Entries

ETH, BTC = "ETH/USDT:USDT", "BTC/USDT:USDT"
ASKED = ("short", "hedge:BTC#1", 0, 5.0, 0.0, 100.0)


@pytest.fixture
def strategy() -> Any:
    told: list[str] = []
    positions: dict[str, PositionWallet] = {}
    return SimpleNamespace(
        told=told,
        positions=positions,
        wallets=SimpleNamespace(get_all_positions=lambda: positions),
        messages=SimpleNamespace(urge=told.append),
    )


@pytest.fixture
def trades(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    open_trades: list[Any] = []
    monkeypatch.setattr(
        Trade, "get_trades_proxy", lambda pair, is_open: [t for t in open_trades if t.pair == pair]
    )
    return open_trades


def entries(*, live: bool = True) -> Entries:
    """Entries that would give every leg a stake of 10."""
    hedge: Any = SimpleNamespace(entries=SimpleNamespace(ticket=lambda _: None, stake=lambda *_: 10.0))
    overrides: Any = SimpleNamespace(leg_refusal=lambda *_: None)
    unused: Any = None
    return Entries(unused, unused, hedge, unused, overrides, live=live)


def test_stake_is_refused_where_a_position_is_known_to_no_trade(
    strategy: Any, trades: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    strategy.positions[ETH] = PositionWallet(ETH, position=0.228, side="short")
    asked = entries()
    with caplog.at_level(logging.INFO):
        assert [asked.stake(strategy, ETH, *ASKED) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert len(strategy.told) == 1
    assert "short position of 0.228 that no trade knows" in strategy.told[0]
    assert "no entry: the exchange holds" in caplog.text
    assert asked.stake(strategy, BTC, *ASKED) == 10.0


def test_stake_is_given_again_once_the_position_is_gone_and_the_next_one_is_told(
    strategy: Any, trades: list[Any]
) -> None:
    asked = entries()
    for _ in range(2):
        strategy.positions[ETH] = PositionWallet(ETH, position=1.0, side="long")
        assert asked.stake(strategy, ETH, *ASKED) == 0.0
        strategy.positions.clear()
        assert asked.stake(strategy, ETH, *ASKED) == 10.0
    assert len(strategy.told) == 2


def test_stake_is_given_where_the_position_is_a_trades_own_or_nobody_runs(
    strategy: Any, trades: list[Any]
) -> None:
    strategy.positions[ETH] = PositionWallet(ETH, position=1.0)
    assert entries(live=False).stake(strategy, ETH, *ASKED) == 10.0
    trades.append(SimpleNamespace(pair=ETH))
    assert entries().stake(strategy, ETH, *ASKED) == 10.0
    assert strategy.told == []
