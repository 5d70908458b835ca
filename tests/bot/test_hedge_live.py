"""Legs in a running bot: what a restart, a kill or a lost document does to them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.enums import RunMode
from freqtrade.persistence import PairLocks, Trade

from outrigger.hedge.document import KEY, loads
from outrigger.hedge.life import Phase
from outrigger.hedge.runner import runner_track
from outrigger.settings.stop import StopSettings
from tests.bot.trading import moment, ms, stored_trade, track, wallets
from tests.conftest import REPOSITORY
from tests.engine.hedge_harness import BTC, ETH, hedge_track

FALLING = [2_000.0] * 20 + [1_990.0 - 2 * n for n in range(60)]
HEDGE = {"candidates": {BTC: [ETH]}}


def bot(home: Path, closes: list[float] | None = None) -> Any:
    from outrigger_strategy import Outrigger

    config = json.loads((REPOSITORY / "config.json").read_text())
    config |= {"runmode": RunMode.DRY_RUN, "user_data_dir": home, "outrigger": {"hedge": HEDGE}}
    strategy = Outrigger(config)
    strategy.max_open_trades = 6
    strategy.wallets = wallets(10_000.0)
    strategy.dp = SimpleNamespace(
        current_whitelist=lambda: [BTC, ETH], send_msg=lambda text, always_send: None
    )
    strategy.bot_start()
    if closes is not None:
        book, settings = strategy.hedge.book, StopSettings()
        for pair, prices in ((BTC, [20.0 * close for close in closes]), (ETH, closes)):
            made = track(prices, settings)
            strategy.keeper.set_track(pair, made)
            book._candles[pair] = made
        book._runners[ETH] = runner_track(made, "1m", settings, book.settings)
        book._tracks[BTC] = {ETH: hedge_track(200)}
    return strategy


def primary(**changed: Any) -> Trade:
    return stored_trade(pair=BTC, stop_loss=39_000.0, **changed)


def leg(tag: str, **changed: Any) -> Trade:
    known = {"open_rate": 2_000.0, "amount": 0.5, "stop_loss": 2_040.0, "is_short": True}
    return stored_trade(pair=ETH, enter_tag=tag, **known | changed)


def close(trade: Trade, minute: float, reason: str, profit: float) -> None:
    trade.is_open, trade.close_date = False, moment(minute)
    trade.exit_reason, trade.close_profit_abs = reason, profit
    Trade.commit()


def stop_of(strategy: Any, trade: Trade, minute: float, rate: float) -> float | None:
    found: float | None = strategy.custom_stoploss(ETH, trade, moment(minute), rate, False)
    return found


def test_runner_is_found_again_after_a_kill_and_ends_as_it_should(database: None, tmp_path: Path) -> None:
    strategy = bot(tmp_path, FALLING)
    main, short = primary(), leg("hedge:BTC#1")
    strategy.bot_loop_start(moment(30))
    assert strategy.custom_exit(ETH, short, moment(30), 1_970.0) is None
    close(main, 30, "stop_loss", -50.0)
    strategy.bot_loop_start(moment(30.5))
    assert strategy.hedge.legs.known(short.id).life.phase == Phase.PAIRED  # not in the candle of the stop
    strategy.bot_loop_start(moment(31.1))
    document = loads(short.get_custom_data(KEY))
    assert document.life.phase == Phase.RUNNER
    assert document.life.stop is not None
    stop = document.life.stop.stop
    assert stop < 2_040.0

    again = bot(tmp_path)  # no word is said before the bot goes: it was killed
    again.bot_loop_start(moment(32))
    assert loads(short.get_custom_data(KEY)) == document  # nothing is decided before the first analysis
    again = bot(tmp_path, FALLING)
    again.bot_loop_start(moment(50))
    found = again.keeper.state(short.id)
    assert found.stop < stop
    assert stop_of(again, short, 50, 1_931.0) is not None
    assert again.custom_exit(ETH, short, moment(50), 1_931.0) is None
    later = bot(tmp_path, FALLING)
    later.bot_loop_start(moment(31 + 240))
    assert later.custom_exit(ETH, short, moment(31 + 240), 1_870.0) == "hedge_runner_time"


@pytest.mark.parametrize(
    ("reason", "profit", "told"),
    [
        ("trailing_stop_loss", 50.0, "hedge_primary_profit"),
        ("force_exit", -50.0, "hedge_primary_by_hand"),
        ("exit_signal", -50.0, "hedge_primary_ended"),
    ],
)
def test_leg_of_a_primary_that_ended_while_the_bot_was_down(
    database: None, tmp_path: Path, reason: str, profit: float, told: str
) -> None:
    close(primary(), 10, reason, profit)
    short = leg("hedge:BTC#1")
    strategy = bot(tmp_path, FALLING)
    strategy.bot_loop_start(moment(30))
    assert strategy.custom_exit(ETH, short, moment(30), 1_970.0) == told


def test_leg_without_document_or_number_is_taken_up_by_its_coin(database: None, tmp_path: Path) -> None:
    """Killed between the order and its fill: the signal's tag is all there is."""
    main, short = primary(), leg("hedge:BTC")
    strategy = bot(tmp_path, FALLING)
    strategy.bot_loop_start(moment(30))
    assert strategy.hedge.legs.known(short.id).life.primary_id == main.id
    assert strategy.custom_exit(ETH, short, moment(30), 1_970.0) is None
    assert strategy.hedge.entries.wanted(ETH) is None


def test_orphan_is_closed(database: None, tmp_path: Path) -> None:
    short = leg("hedge:SOL")
    strategy = bot(tmp_path, FALLING)
    strategy.bot_loop_start(moment(30))
    assert strategy.custom_exit(ETH, short, moment(30), 1_970.0) == "hedge_orphan_primary_gone"


def test_leg_is_closed_where_the_correlation_has_broken(database: None, tmp_path: Path) -> None:
    primary()
    short = leg("hedge:BTC#1")
    strategy = bot(tmp_path, FALLING)
    strategy.hedge.book._tracks[BTC] = {ETH: hedge_track(200, correlation=0.1)}
    strategy.bot_loop_start(moment(30))
    assert strategy.custom_exit(ETH, short, moment(30), 1_970.0) == "hedge_orphan_correlation"


def test_leg_left_from_before_the_hedge_was_switched_off_lives_to_its_end(
    database: None, tmp_path: Path
) -> None:
    close(primary(), 10, "trailing_stop_loss", 50.0)
    short = leg("hedge:BTC#1")
    strategy = bot(tmp_path, FALLING)
    strategy.hedge.book.settings = strategy.hedge.book.settings.model_copy(update={"enabled": False})
    strategy.bot_loop_start(moment(30))
    assert strategy.custom_exit(ETH, short, moment(30), 1_970.0) == "hedge_primary_profit"


def exchange() -> Any:
    """One tier of ETH, and a smallest position of 20."""
    tier = {"minNotional": 0.0, "maxNotional": 1e9, "maintenanceMarginRate": 0.005, "maxLeverage": 50.0}
    return SimpleNamespace(
        _leverage_tiers={ETH: [tier]}, liquidation_buffer=0.05, get_min_pair_stake_amount=lambda *_: 20.0
    )


def test_leg_is_chosen_anew_once_another_trade_is_open(database: None, tmp_path: Path) -> None:
    """Within one moment: the candidate was free, and then took a position of its own."""
    strategy, _ = bot(tmp_path, FALLING), primary()
    strategy.dp._exchange = exchange()
    asked = (ETH, moment(20), 50.0, "hedge:BTC", "short")
    assert strategy.leverage(*asked) > 1.0
    assert strategy.leverage(*asked) > 1.0
    stored_trade(pair=ETH, open_rate=2_000.0, enter_tag="long:1m+15m")
    assert strategy.leverage(*asked) == 1.0
    assert strategy.hedge.entries.ticket(ETH) is None


def test_filled_leg_is_numbered_and_its_end_is_booked(database: None, tmp_path: Path) -> None:
    strategy, main = bot(tmp_path, FALLING), primary()
    strategy.dp._exchange = exchange()
    assert strategy.hedge.entries.wanted(ETH) == (-1, BTC)
    leverage = strategy.leverage(ETH, moment(20), 50.0, "hedge:BTC", "short")
    stake = strategy.custom_stake_amount(ETH, moment(20), 5.0, 9_000.0, leverage, "hedge:BTC", "short")
    # Ratio .5, beta .5, 0.1 BTC at 40,000.
    assert stake * leverage == pytest.approx(1_000.0)
    assert not strategy.confirm_trade_entry(ETH, "market", 0.51, 2_000.0, "hedge:BTC")
    assert strategy.confirm_trade_entry(ETH, "market", 0.5, 2_000.0, "hedge:BTC")
    for least, free in ((stake + 1, 9_000.0), (5.0, stake)):
        asked = (ETH, moment(20), least, free, leverage, "hedge:BTC", "short")
        assert strategy.custom_stake_amount(*asked) == 0.0
    short = leg("hedge:BTC", open_date=moment(20))
    entry = SimpleNamespace(ft_order_tag="hedge:BTC", ft_order_side="sell")
    strategy.order_filled(ETH, short, entry, moment(20))
    assert short.enter_tag == f"hedge:BTC#{main.id}"
    assert loads(short.get_custom_data(KEY)).decision["notional"] == pytest.approx(1_000.0)
    assert strategy.hedge.entries.wanted(ETH) is None
    close(short, 25, "stop_loss", -10.0)
    gone = SimpleNamespace(ft_order_tag="stop_loss", ft_order_side="buy", safe_filled=0.0)
    strategy.order_filled(ETH, short, gone, moment(25))
    assert short.exit_reason == "hedge_leg_ended"
    assert set(loads(short.get_custom_data(KEY)).decision["booked"]) == {"fees", "funding"}
    assert strategy.faults.total() == 0


@pytest.mark.parametrize(
    ("filled", "minute", "change"),
    [
        # At 37,480 and 1,874 the leg holds 468.50 against .25 of the primary's 3,748, an hour later.
        (0.1, 79, 937.0 - 468.5),
        (0.1, 40, None),
        # At 38,640 and 1,932 there are 483 where .25 × .02 × 38,640 = 193.20 should be: cut without waiting.
        (0.02, 50, 193.2 - 483.0),
    ],
    ids=["filled in a second part", "not within the hour", "closed in part"],
)
def test_leg_follows_a_primary_that_is_filled_or_closed_in_parts(
    database: None, tmp_path: Path, filled: float, minute: int, change: float | None
) -> None:
    strategy, main = bot(tmp_path, FALLING), primary(amount=0.05)
    short = leg("hedge:BTC#1", amount=0.25, stake_amount=100.0)
    strategy.bot_loop_start(moment(5))
    main.amount = filled
    Trade.commit()
    strategy.bot_loop_start(moment(minute))
    assert strategy.position_adjustment_enable == (change is not None)
    asked, reason = strategy.adjust_trade_position(short, moment(minute), 5.0, 9_000.0)
    if change is None:
        assert asked is None
    elif change > 0:
        # Margin to add at 5x.
        assert (asked, reason) == (pytest.approx(change / 5), "hedge_resized")
    else:
        # The same share of the margin as of the position.
        assert (asked, reason) == (pytest.approx(100.0 * change / 483.0), "hedge_resized")
    assert strategy.faults.total() == 0


def test_cooldown_after_a_leg_does_not_keep_a_primary_out(database: None, tmp_path: Path) -> None:
    PairLocks.use_db, PairLocks.timeframe = True, "1m"
    strategy, short = bot(tmp_path, FALLING), leg("hedge:BTC#1")
    for pair, reason in ((ETH, "Cooldown period for 60 min."), (BTC, "Cooldown period for 60 min.")):
        PairLocks.lock_pair(pair, moment(90), reason, now=moment(25))
    # As Freqtrade sets it itself at a live exit.
    PairLocks.lock_pair(ETH, moment(27), "Auto lock", now=moment(25), side="short")
    close(short, 25, "hedge_primary_profit", 1.0)
    strategy.order_filled(
        ETH, short, SimpleNamespace(ft_order_tag="hedge_primary_profit", ft_order_side="buy"), moment(25)
    )
    strategy.bot_loop_start(moment(26))
    assert not PairLocks.is_pair_locked(ETH, moment(26))
    assert PairLocks.is_pair_locked(BTC, moment(26))


def test_refusal_is_in_the_primarys_record(database: None, tmp_path: Path) -> None:
    strategy, main = bot(tmp_path, FALLING), primary()
    strategy.dp._exchange = SimpleNamespace(get_min_pair_stake_amount=lambda *_: 20.0)
    strategy.hedge.book._tracks[BTC] = {ETH: hedge_track(200, correlation=0.4)}
    strategy.records.opened(main, "volatility", {}, ms(20))
    assert strategy.leverage(ETH, moment(20), 50.0, "hedge:BTC", "short") == 1.0
    assert strategy.custom_stake_amount(ETH, moment(20), 5.0, 9e3, 1.0, "hedge:BTC", "short") == 0.0
    assert "below the floor of 0.60" in stored(main)


def stored(trade: Trade) -> str:
    return " ".join(str(row.value) for row in trade.get_all_custom_data())
