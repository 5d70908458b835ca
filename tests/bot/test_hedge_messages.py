"""What a trader is told of legs: opened, refused, left to run, ended, each with its reason."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from outrigger.hedge.life import Phase
from tests.bot.test_hedge_live import BTC, ETH, FALLING, bot, close, exchange, hedge_track, leg, primary
from tests.bot.trading import moment, ms


def listening(home: Path) -> tuple[Any, list[str]]:
    strategy, told = bot(home, FALLING), []
    strategy.dp._exchange = exchange()
    strategy.dp.send_msg = lambda text, always_send: told.append(text)
    return strategy, told


def test_opened_and_ended_leg_is_told_with_its_reason(database: None, tmp_path: Path) -> None:
    (strategy, told), _ = listening(tmp_path), primary()
    leverage = strategy.leverage(ETH, moment(20), 50.0, "hedge:BTC", "short")
    strategy.custom_stake_amount(ETH, moment(20), 5.0, 9_000.0, leverage, "hedge:BTC", "short")
    short = leg("hedge:BTC", open_date=moment(20), stake_currency="USDT")
    entry = SimpleNamespace(ft_order_tag="hedge:BTC", ft_order_side="sell")
    for _ in range(2):  # a second part of the same entry is no second leg
        strategy.order_filled(ETH, short, entry, moment(20))
    close(short, 25, "stop_loss", -12.5)
    gone = SimpleNamespace(ft_order_tag="x", ft_order_side="buy", safe_filled=0.0)
    strategy.order_filled(ETH, short, gone, moment(25))
    opened, ended = told
    assert opened.startswith(f"Outrigger: {BTC}#1: leg #2 is open, leg on {ETH}: 1,000.00 at ratio 0.50")
    assert ended == (
        f"Outrigger: {ETH}#2 hedge:BTC#1 has ended: it ended before its primary; the primary stands alone; "
        "result -12.50 USDT, fees 0.00"
    )


def test_primary_without_a_leg_is_told_once(database: None, tmp_path: Path) -> None:
    (strategy, told), main = listening(tmp_path), primary()
    strategy.hedge.book._tracks[BTC] = {ETH: hedge_track(200, correlation=0.4)}
    strategy.records.opened(main, "volatility", {}, ms(20))
    for minute in (20, 21):
        strategy.leverage(ETH, moment(minute), 50.0, "hedge:BTC", "short")
    (text,) = told
    assert text.startswith(f"Outrigger: {BTC}#1 stands alone: no leg: {ETH} has a correlation of 0.40")


def test_runner_is_told(database: None, tmp_path: Path) -> None:
    (strategy, told), main, short = listening(tmp_path), primary(), leg("hedge:BTC#1")
    strategy.bot_loop_start(moment(30))
    close(main, 30, "stop_loss", -50.0)
    for minute in (31.1, 31.2):
        strategy.bot_loop_start(moment(minute))
    assert strategy.hedge.legs.known(short.id).life.phase == Phase.RUNNER
    assert told == [f"Outrigger: {ETH}#2 hedge:BTC#1 runs on by itself: its primary was stopped"]
