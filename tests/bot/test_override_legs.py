"""The trader's word about hedges: no new legs, open ones closed, a leg's stop drawn nearer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from outrigger.hedge.document import KEY, loads
from outrigger.override.word import Kind
from tests.bot.test_hedge_live import FALLING, bot, leg, primary, stop_of
from tests.bot.test_override_live import say
from tests.bot.trading import moment, ms
from tests.engine.hedge_harness import BTC, ETH

TIERS = [{"minNotional": 0.0, "maxNotional": 1e9, "maintenanceMarginRate": 0.005, "maxLeverage": 50.0}]


def live(home: Path) -> tuple[Any, list[str]]:
    strategy, told = bot(home, FALLING), []
    strategy.dp.send_msg = lambda text, always_send: told.append(text)
    strategy.dp._exchange = SimpleNamespace(
        _leverage_tiers={ETH: TIERS},
        liquidation_buffer=0.05,
        get_min_pair_stake_amount=lambda *_: 20.0,
    )
    return strategy, told


@pytest.mark.parametrize(("pair", "refused"), [(BTC, True), (ETH, True), ("SOL/USDT:USDT", False)])
def test_no_hedge_refuses_the_leg_of_a_pair_and_the_leg_on_it(
    database: None, tmp_path: Path, caplog: pytest.LogCaptureFixture, pair: str, refused: bool
) -> None:
    strategy, _ = live(tmp_path)
    primary()
    say(tmp_path, Kind.NO_HEDGE, minute=19, pair=pair)
    strategy.bot_loop_start(moment(20))
    leverage = strategy.leverage(ETH, moment(20), 50.0, "hedge:BTC", "short")
    with caplog.at_level("INFO"):
        stake = strategy.custom_stake_amount(ETH, moment(20), 5.0, 9_000.0, leverage, "hedge:BTC", "short")
    assert (stake == 0.0) is refused
    assert ("no entry: override 1: no new legs for" in caplog.text) is refused


def test_pause_is_no_word_about_legs(database: None, tmp_path: Path) -> None:
    """A leg takes risk away that is there already."""
    strategy, _ = live(tmp_path)
    primary()
    say(tmp_path, Kind.PAUSE, minute=19, pair=None)
    strategy.bot_loop_start(moment(20))
    leverage = strategy.leverage(ETH, moment(20), 50.0, "hedge:BTC", "short")
    assert strategy.custom_stake_amount(ETH, moment(20), 5.0, 9e3, leverage, "hedge:BTC", "short") > 0.0


@pytest.mark.parametrize("legs", [True, False])
def test_open_legs_are_closed_only_where_that_is_asked(database: None, tmp_path: Path, legs: bool) -> None:
    strategy, _ = live(tmp_path)
    main, short = primary(), leg("hedge:BTC#1")
    say(tmp_path, Kind.NO_HEDGE, minute=19, pair=None, legs=legs)
    strategy.bot_loop_start(moment(20))
    assert strategy.custom_exit(ETH, short, moment(20), 2_000.0) == ("override_close" if legs else None)
    assert strategy.custom_exit(BTC, main, moment(20), 40_000.0) is None
    document = strategy.hedge.legs.of(short)
    assert list(document.decision.get("override", {})) == ([f"1@{ms(19)}"] if legs else [])
    assert not legs or loads(short.get_custom_data(KEY)) == document


def test_nearer_stop_of_a_leg_stands_and_survives_a_kill(database: None, tmp_path: Path) -> None:
    strategy, told = live(tmp_path)
    primary()
    short = leg("hedge:BTC#1")
    strategy.bot_loop_start(moment(18))
    say(tmp_path, Kind.STOP, minute=19, pair=ETH, price=2_020.0)
    strategy.bot_loop_start(moment(20))
    # 1 % of price at 5x leverage; Freqtrade then holds it, and a restart takes it from there.
    assert stop_of(strategy, short, 20, 2_000.0) == pytest.approx(0.05)
    assert "drawn from 2040 to 2020" in told[-1]
    short.stop_loss = 2_020.0
    again, told_again = live(tmp_path)
    again.bot_loop_start(moment(21))
    again.bot_loop_start(moment(22))
    assert again.keeper.state(short.id).stop == 2_020.0
    assert told_again == []
