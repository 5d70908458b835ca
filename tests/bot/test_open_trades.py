"""The open trades of a loop: Freqtrade's own objects, without reading twice what its session holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from freqtrade.persistence import LocalTrade, Trade
from sqlalchemy import event, text

from outrigger.bot.open_trades import open_trades
from tests.bot.trading import stored_trade, trade


@contextmanager
def statements() -> Iterator[list[str]]:
    engine, sent = Trade.session.get_bind(), list[str]()

    def take(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", take)
    yield sent
    event.remove(engine, "before_cursor_execute", take)


def test_open_trades_are_those_that_freqtrade_gives(database: None) -> None:
    made = [stored_trade(), stored_trade(is_open=False), stored_trade(pair="ETH/USDT:USDT")]
    assert open_trades() == Trade.get_open_trades() == [made[0], made[2]]


def test_trades_of_the_session_are_not_read_again(database: None) -> None:
    stored_trade()
    stored_trade()
    held = Trade.get_open_trades()
    with statements() as sent:
        assert open_trades() == held
    assert len(sent) == 1
    assert "orders" not in sent[0]


def test_trade_that_nobody_holds_is_read(database: None) -> None:
    number = stored_trade().id
    Trade.session.expunge_all()
    assert [found.id for found in open_trades()] == [number]


def test_trade_closed_by_another_is_no_longer_open(database: None) -> None:
    held = stored_trade()
    assert open_trades() == [held]
    Trade.session.execute(text("UPDATE trades SET is_open = 0"))
    assert open_trades() == []


def test_backtest_keeps_its_own_list(no_database: None) -> None:
    LocalTrade.reset_trades()
    made = trade()
    LocalTrade.add_bt_trade(made)
    assert open_trades() == [made]
    LocalTrade.reset_trades()
