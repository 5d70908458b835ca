"""The shipped strategy as a running bot has it: what a broken disk, a restart or a strange mode do to it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from freqtrade.enums import RunMode
from freqtrade.exceptions import OperationalException, StrategyError
from freqtrade.persistence import Order, Trade
from freqtrade.strategy.strategy_wrapper import strategy_safe_wrapper

from outrigger import __version__
from outrigger.bot import breaker_file, outbox, plots
from outrigger.errors import SettingsError
from outrigger.ledger.book import directory_in, read_ledger
from outrigger.risk.breaker import BreakerState
from outrigger.stops.document import KEY, loads
from tests.bot.trading import (
    ENTRY,
    HOUR,
    PAIR,
    START,
    START_MS,
    exchange,
    moment,
    ms,
    stored_trade,
    track,
    wallets,
)  # fmt: skip
from tests.conftest import REPOSITORY

OUTRIGGER = {"stop": {"policy": "trailing", "trailing_width": 0.03}, "risk": {"breaker_drawdown": 0.06}}
RISING = [ENTRY] * 4 + [42_000.0, 41_500.0, 41_500.0]


def bot(home: Path, runmode: RunMode = RunMode.DRY_RUN, equity: float = 10_000.0) -> Any:
    from outrigger_strategy import Outrigger

    config = json.loads((REPOSITORY / "config.json").read_text())
    config |= {"runmode": runmode, "user_data_dir": home, "outrigger": OUTRIGGER}
    strategy = Outrigger(config)
    strategy.wallets = wallets(equity)
    strategy.dp = SimpleNamespace(
        _exchange=exchange(), current_whitelist=lambda: [PAIR], send_msg=lambda text, always_send: None
    )
    strategy.bot_start()
    strategy.keeper.set_track(PAIR, track(RISING))
    return strategy


def stoploss(strategy: Any, made: Any, minute: float, rate: float, *, filled: bool = False) -> float | None:
    found: float | None = strategy.custom_stoploss(
        pair=PAIR,
        trade=made,
        current_time=moment(minute),
        current_rate=rate,
        current_profit=0.0,
        after_fill=filled,
    )
    return found


def test_version_is_the_packages(tmp_path: Path) -> None:
    assert bot(tmp_path).version() == __version__


def test_breaker_is_remembered_across_a_restart(database: None, tmp_path: Path) -> None:
    bot(tmp_path).bot_loop_start(moment(0))
    again = bot(tmp_path, equity=9_300.0)
    again.bot_loop_start(moment(5))
    assert again.breaker.state.tripped_until_ms == ms(5) + 24 * HOUR
    stake = again.custom_stake_amount(PAIR, moment(5), 5.0, 10_000.0, 5.0, None, "long")
    assert stake == 0.0


def test_disk_that_cannot_be_written_is_told_once_and_the_bot_goes_on(
    database: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "outrigger").write_text("a file where the folder belongs")
    strategy, made = bot(tmp_path), stored_trade()
    stoploss(strategy, made, 2, ENTRY, filled=True)
    made.is_open = False
    Trade.commit()
    with caplog.at_level(logging.ERROR):
        for minute in (0, 61, 122):
            strategy.bot_loop_start(moment(minute))
    assert caplog.text.count("a restart forgets the peak") == 1
    assert strategy.faults.total() == 3
    assert strategy.breaker.state.peak == 10_000.0
    assert strategy.keeper.state(made.id) is None


def test_backtest_leaves_the_disk_alone(no_database: None, tmp_path: Path) -> None:
    breaker_file.save(breaker_file.path_in(tmp_path, ""), BreakerState(((START_MS // HOUR, 1e9),), START_MS))
    strategy = bot(tmp_path, RunMode.BACKTEST)
    strategy.bot_loop_start(moment(1))
    assert strategy.breaker.state.peak == 10_000.0
    assert breaker_file.load(breaker_file.path_in(tmp_path, "")).peak == 1e9


@pytest.mark.parametrize("runmode", [RunMode.PLOT, RunMode.WEBSERVER, RunMode.UTIL_EXCHANGE])
def test_modes_without_a_trades_database_ask_it_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runmode: RunMode
) -> None:
    def refuse(**_: Any) -> None:
        raise AttributeError("type object 'Trade' has no attribute 'session'")

    monkeypatch.setattr(Trade, "get_trades_proxy", refuse)
    strategy = bot(tmp_path, runmode)
    strategy.bot_loop_start(moment(0))
    assert strategy.plot_annotations(PAIR, moment(0), moment(7), None) == []
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("short", "stop"), [(False, 38_800.0), (True, 41_200.0)])
def test_first_fill_sets_the_protective_stop_whatever_the_leverage(
    database: None, tmp_path: Path, short: bool, stop: float
) -> None:
    """A distance on margin: 5x leverage makes 3 % of price 15 %."""
    strategy, made = bot(tmp_path), stored_trade(is_short=short)
    assert stoploss(strategy, made, 2, ENTRY, filled=True) == pytest.approx(0.15)
    assert loads(made.get_custom_data(KEY)).stop.stop == pytest.approx(stop)


def test_stop_that_freqtrade_already_has_is_not_sent_again(database: None, tmp_path: Path) -> None:
    strategy, made = bot(tmp_path), stored_trade()
    stoploss(strategy, made, 2, ENTRY, filled=True)
    made.stop_loss = 38_800.0
    assert stoploss(strategy, made, 3, ENTRY) is None
    # 42,000 closed in minute 5: 40,740 is news, 3 % of 42,000 on margin.
    assert stoploss(strategy, made, 5, 42_000.0) == pytest.approx(0.15)


def test_restart_restores_the_stop_of_an_open_trade(database: None, tmp_path: Path) -> None:
    made = stored_trade(stop_loss=38_000.0)
    stoploss(bot(tmp_path), made, 2, ENTRY, filled=True)
    assert stoploss(bot(tmp_path), made, 5, 42_000.0) == pytest.approx(0.15)


def test_fault_in_a_callback_keeps_the_stop_and_opens_nothing(
    database: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    strategy, made = bot(tmp_path), stored_trade()
    strategy.dp = SimpleNamespace(_exchange=exchange({}))
    broken: Any = SimpleNamespace()
    with caplog.at_level(logging.ERROR):
        assert stoploss(strategy, broken, 3, ENTRY) is None
        assert strategy.leverage(PAIR, moment(3), 125.0, None, "long") == 1.0
        assert strategy.custom_stake_amount(PAIR, moment(3), 1.0, 1e4, 1.0, None, "long") == 0.0
    told = {callback for callback, _, _ in strategy.faults.counts}
    assert told == {"custom_stoploss", "leverage", "custom_stake_amount"}
    assert made.is_open


def test_entry_is_sized_and_its_reasons_are_kept_with_the_trade(database: None, tmp_path: Path) -> None:
    strategy = bot(tmp_path)
    leverage = strategy.leverage(PAIR, moment(2), 125.0, "long:1m+15m", "long")
    stake = strategy.custom_stake_amount(PAIR, moment(2), 5.0, 10_000.0, leverage, "long:1m+15m", "long")
    settings = strategy.settings
    loss = 0.03 + settings.risk.round_trip_cost
    risked = settings.risk.risk_per_trade * settings.signals.partial_confidence * 10_000
    assert stake * leverage == pytest.approx(risked / loss)
    made = stored_trade(leverage=leverage)
    stoploss(strategy, made, 2, ENTRY, filled=True)
    kept = loads(made.get_custom_data(KEY))
    assert kept.size["confidence"] == settings.signals.partial_confidence
    assert kept.size["size"]["notional"] == pytest.approx(risked / loss)


def test_annotations_pass_freqtrades_own_check(database: None, tmp_path: Path) -> None:
    strategy = bot(tmp_path)
    stored_trade()
    opens = strategy.keeper.track(PAIR).closed_at_ms - 60_000
    candles = pd.DataFrame({"date": pd.to_datetime(opens, unit="ms", utc=True)})
    drawn = strategy.ft_plot_annotations(PAIR, candles)
    assert [one["y_start"] for one in drawn] == pytest.approx([38_800.0, 40_740.0])
    assert {one["color"] for one in drawn} == {plots.ARMED}


def test_unknown_equity_opens_nothing_until_it_is_known_again(database: None, tmp_path: Path) -> None:
    strategy = bot(tmp_path)

    def stake() -> float:
        leverage = strategy.leverage(PAIR, moment(3), 125.0, None, "long")
        found = strategy.custom_stake_amount(PAIR, moment(3), 5.0, 1e4, leverage, None, "long")
        return float(found)

    known, strategy.wallets = strategy.wallets, SimpleNamespace(get_all_positions=dict)
    strategy.bot_loop_start(moment(2))
    strategy.wallets = known
    assert stake() == 0.0
    strategy.bot_loop_start(moment(3))
    assert stake() > 0.0


def test_candles_that_cannot_be_used_are_one_line_in_the_log_of_a_running_bot(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A record with a traceback would keep its candles alive for as long as Freqtrade keeps records."""
    strategy = bot(tmp_path)
    strategy.dp.runmode, strategy.dp.get_pair_dataframe = RunMode.DRY_RUN, lambda *_: pd.DataFrame()
    candles = pd.DataFrame({"date": pd.date_range(START, periods=3, freq="1min", unit="ms", tz="UTC")})
    candles[["open", "high", "low", "close", "volume"]] = 1.0
    with pytest.raises(OperationalException, match="no 5m candles of BTC"):
        strategy.populate_indicators(candles, {"pair": PAIR})
    caplog.clear()
    with pytest.raises(StrategyError, match="no 5m candles of BTC"):
        strategy_safe_wrapper(strategy.populate_indicators)(candles, {"pair": PAIR})
    assert [(one.levelname, one.exc_info) for one in caplog.records] == [("WARNING", None)]


def test_entry_signals_carry_the_columns_of_the_plot(tmp_path: Path) -> None:
    strategy = bot(tmp_path)
    rows = len(RISING)
    frame = pd.DataFrame({"date": pd.date_range(START, periods=rows, freq="1min", unit="ms")})
    frame[["open", "high", "low", "close"]] = ENTRY
    frame[["sigma", "protect_sigma", "candle_range", "atr"]] = 0.01
    entry = [0, 1, 0, -1, 0, 0, 0]
    decided = pd.DataFrame({"entry": entry, "side": entry, "confidence": 1.0, "tag": "long:1m+15m+4h"})
    strategy._signals = lambda _: decided
    found = strategy.populate_entry_trend(frame, {"pair": PAIR})
    assert found["enter_long"].tolist() == [0, 1, 0, 0, 0, 0, 0]
    assert found["enter_short"].tolist() == [0, 0, 0, 1, 0, 0, 0]
    assert found["enter_tag"].notna().tolist() == [False, True, False, True, False, False, False]
    assert {"stop_of_a_long", "stop_of_a_short", "trail_of_a_long", "agreement"} <= set(found.columns)
    assert strategy.populate_exit_trend(found, {"pair": PAIR})[["exit_long", "exit_short"]].sum().sum() == 0


@pytest.mark.parametrize("runmode", [RunMode.BACKTEST, RunMode.DRY_RUN])
def test_contradicting_parameters_stop_all_but_hyperopt(tmp_path: Path, runmode: RunMode) -> None:
    strategy = bot(tmp_path, runmode)
    strategy.stop_trail_sigma.value, strategy.stop_activation_sigma.value = 1.2, 1.0
    frame = pd.DataFrame({"close": [ENTRY]})
    with pytest.raises(SettingsError, match="activation_sigma"):
        strategy.populate_entry_trend(frame, {"pair": PAIR})
    trying = bot(tmp_path, RunMode.HYPEROPT)
    trying.stop_trail_sigma.value, trying.stop_activation_sigma.value = 1.2, 1.0
    found = trying.populate_entry_trend(frame, {"pair": PAIR})
    assert found[["enter_long", "enter_short"]].to_numpy().sum() == 0
    assert trying.faults.total() == 1


@pytest.mark.parametrize("wanted", [True, False])
def test_protections_follow_the_setting(tmp_path: Path, wanted: bool) -> None:
    strategy = bot(tmp_path)
    risk = strategy.settings.risk.model_copy(update={"protections": wanted})
    strategy.settings = strategy.settings.model_copy(update={"risk": risk})
    assert bool(strategy.protections) is wanted


def test_text_in_the_outbox_is_sent_once_and_only_by_a_running_bot(database: None, tmp_path: Path) -> None:
    sent: list[tuple[str, bool]] = []
    outbox.put(tmp_path, "the week's review")
    for runmode in (RunMode.BACKTEST, RunMode.DRY_RUN, RunMode.DRY_RUN):
        strategy = bot(tmp_path, runmode)
        strategy.dp.send_msg = lambda text, always_send: sent.append((text, always_send))
        strategy.bot_loop_start(moment(0))
        assert len(sent) == (runmode is not RunMode.BACKTEST)
    assert sent == [("the week's review", True)]


@pytest.mark.parametrize(
    ("rate", "reason", "confirmed"),
    [
        (0.0, "stop_loss", False),
        (float("nan"), "stop_crossed", False),
        (-1.0, "trailing_stop_loss", False),
        (38_790.0, "stop_loss", True),
        (0.0, "force_exit", True),
        (0.0, "emergency_exit", True),
    ],
)
def test_exit_at_a_price_that_is_none_waits_unless_it_is_forced(
    database: None, tmp_path: Path, rate: float, reason: str, confirmed: bool
) -> None:
    strategy, made, sent = bot(tmp_path), stored_trade(stop_loss=38_800.0), list[str]()
    strategy.dp.send_msg = lambda text, always_send: sent.append(text)
    strategy.bot_loop_start(moment(9))
    for _ in range(2):
        found = strategy.confirm_trade_exit(
            PAIR,
            made,
            order_type="market",
            amount=0.1,
            rate=rate,
            time_in_force="GTC",
            exit_reason=reason,
            current_time=moment(10),
        )
        assert found is confirmed
    assert len(sent) == (not confirmed)


def test_exit_that_is_confirmed_has_its_time_of_decision_in_the_ledger(
    database: None, tmp_path: Path
) -> None:
    strategy, made = bot(tmp_path), stored_trade(stop_loss=38_800.0)
    asked = ("market", 0.1, 38_790.0, "GTC", "stop_loss", moment(10))
    names = ("order_type", "amount", "rate", "time_in_force", "exit_reason", "current_time")
    assert strategy.confirm_trade_exit(PAIR, made, **dict(zip(names, asked, strict=True)))
    made.is_open = False
    filled = Order(
        ft_order_side="sell",
        ft_pair=PAIR,
        ft_amount=0.1,
        ft_price=38_790.0,
        ft_order_tag="stop_loss",
        order_id="1",
        filled=0.1,
        average=38_780.0,
        order_date=moment(10),
        order_filled_date=moment(10.01),
    )
    strategy.order_filled(PAIR, made, filled, moment(10.01))
    (entry,) = read_ledger(directory_in(tmp_path))
    assert (entry.stop, entry.quoted, entry.price, entry.delay_ms) == (38_800.0, 38_790.0, 38_780.0, 600)
    assert strategy.faults.total() == 0
