"""The shipped strategy under the trader's word, as a running bot has it; a backtest never hears one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.enums import RunMode
from freqtrade.persistence import Trade

from outrigger.override import file
from outrigger.override.word import Kind
from outrigger.stops.document import KEY, loads
from tests.bot.test_strategy import RISING, bot, stoploss
from tests.bot.trading import ENTRY, PAIR, START, moment, ms, stored_trade, track
from tests.override.words import word


def say(home: Path, kind: Kind, minute: float = 3, **changed: Any) -> None:
    file.update(file.path_in(home), lambda words: words.said(word(kind, said=minute, **changed)))


def live(home: Path, runmode: RunMode = RunMode.DRY_RUN) -> tuple[Any, list[str]]:
    strategy, told = bot(home, runmode), []
    strategy.dp.current_whitelist = lambda: [PAIR]
    strategy.dp.send_msg = lambda text, always_send: told.append(text)
    return strategy, told


def entered(strategy: Any, **changed: Any) -> Trade:
    """A trade filled in minute 2, whose stop the strategy has set."""
    made = stored_trade(**changed)
    stoploss(strategy, made, 2, ENTRY, filled=True)
    return made


def stake(strategy: Any, minute: float) -> float:
    leverage = strategy.leverage(PAIR, moment(minute), 125.0, None, "long")
    found = strategy.custom_stake_amount(PAIR, moment(minute), 5.0, 1e4, leverage, None, "long")
    return float(found)


def test_pause_keeps_entries_out_until_it_ends(
    database: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    strategy, told = live(tmp_path)
    say(tmp_path, Kind.PAUSE, until=20)
    with caplog.at_level("INFO"):
        strategy.bot_loop_start(moment(4))
        assert stake(strategy, 4) == 0.0
    assert "no entry: override 1: no entries on" in caplog.text
    assert "(news)" in told[0]
    strategy.bot_loop_start(moment(20))
    assert stake(strategy, 20) > 0.0


@pytest.mark.parametrize(("short", "price"), [(False, 39_500.0), (True, 40_500.0)])
def test_nearer_stop_stands_is_told_once_and_survives_a_kill(
    database: None, tmp_path: Path, short: bool, price: float
) -> None:
    strategy, told = live(tmp_path)
    strategy.keeper.set_track(PAIR, track([ENTRY] * 8))
    made = entered(strategy, is_short=short, stop_loss=41_200.0 if short else 38_800.0)
    say(tmp_path, Kind.STOP, price=price)
    for minute in (4, 5):
        strategy.bot_loop_start(moment(minute))
    assert strategy.keeper.state(made.id).stop == price
    # 1.25 % of price at 5x leverage.
    assert stoploss(strategy, made, 5, ENTRY) == pytest.approx(0.0625)
    assert [text for text in told if "drawn" in text] == [
        f"Outrigger: {PAIR}#1: override 1: stop of {PAIR} at {price:.10g} until 2025-05-05 04:00 UTC (news): "
        f"its stop is drawn from {41_200 if short else 38_800} to {price:.10g}"
    ]
    kept = loads(made.get_custom_data(KEY))
    assert kept.stop.stop == price
    assert "is drawn" in kept.size["override"][f"1@{ms(3)}"]
    # Killed and started again: the stop, the remark and the silence are still there.
    again, told_again = live(tmp_path)
    again.keeper.set_track(PAIR, track([ENTRY] * 8))
    again.bot_loop_start(moment(6))
    assert stoploss(again, made, 6, ENTRY) == pytest.approx(0.0625)
    assert told_again == []


def test_stop_is_drawn_after_a_restart_that_came_before_it_was_heard(database: None, tmp_path: Path) -> None:
    strategy, _ = live(tmp_path)
    strategy.keeper.set_track(PAIR, track([ENTRY] * 8))
    made = entered(strategy)
    say(tmp_path, Kind.STOP)
    again, told = live(tmp_path)
    again.keeper._tracks.clear()
    again.bot_loop_start(moment(4))  # before the first analysis
    again.keeper.set_track(PAIR, track([ENTRY] * 8))
    again.bot_loop_start(moment(5))
    assert again.keeper.state(made.id).stop == 39_500.0
    assert len([text for text in told if "drawn" in text]) == 1


@pytest.mark.parametrize(
    ("price", "why"), [(38_000.0, "nothing loosens it"), (395_000.0, "looks like a typing error")]
)
def test_stop_without_effect_is_said_so(database: None, tmp_path: Path, price: float, why: str) -> None:
    strategy, told = live(tmp_path)
    made = entered(strategy)
    say(tmp_path, Kind.STOP, price=price)
    strategy.bot_loop_start(moment(4))
    assert strategy.keeper.state(made.id).stop == pytest.approx(38_800.0)
    assert why in told[-1]


def test_typing_error_stays_one_when_the_price_comes_near_it(database: None, tmp_path: Path) -> None:
    strategy, told = live(tmp_path)
    strategy.keeper.set_track(PAIR, track([ENTRY] * 4 + [50_000.0] * 4))
    made = entered(strategy)
    say(tmp_path, Kind.STOP, price=51_000.0)
    for minute in (4, 8):
        strategy.bot_loop_start(moment(minute))
    assert strategy.keeper.state(made.id).stop == pytest.approx(48_500.0)
    assert len([text for text in told if "typing error" in text]) == 1


def test_stop_that_price_has_just_passed_is_an_exit(database: None, tmp_path: Path) -> None:
    strategy, _ = live(tmp_path)
    strategy.keeper.set_track(PAIR, track([ENTRY] * 8))
    made = entered(strategy)
    say(tmp_path, Kind.STOP, price=40_100.0)
    strategy.bot_loop_start(moment(4))
    assert stoploss(strategy, made, 4, ENTRY) is None
    assert strategy.custom_exit(PAIR, made, moment(4), ENTRY) == "stop_crossed"


def test_close_leaves_what_was_open_and_nothing_opened_since(database: None, tmp_path: Path) -> None:
    strategy, _ = live(tmp_path)
    made, later = entered(strategy), entered(strategy, open_date=moment(4))
    say(tmp_path, Kind.CLOSE, pair=None)
    assert strategy.custom_exit(PAIR, made, moment(4), ENTRY) is None
    strategy.bot_loop_start(moment(4))
    assert strategy.custom_exit(PAIR, made, moment(4), ENTRY) == "override_close"
    assert strategy.custom_exit(PAIR, later, moment(5), ENTRY) is None
    assert "closed" in loads(made.get_custom_data(KEY)).size["override"][f"1@{ms(3)}"]


def frame(rows: int) -> pd.DataFrame:
    made = pd.DataFrame({"date": pd.date_range(START, periods=rows, freq="1min", unit="ms")})
    made[["open", "high", "low", "close"]] = ENTRY
    made[["sigma", "protect_sigma", "candle_range", "atr"]] = 0.01
    return made


def analysed(strategy: Any, entry: list[int]) -> pd.DataFrame:
    decided = pd.DataFrame({"entry": entry, "side": entry, "confidence": 1.0, "tag": "long:1m+15m+4h"})
    strategy._signals = lambda _: decided
    found: pd.DataFrame = strategy.populate_entry_trend(frame(len(entry)), {"pair": PAIR})
    return found


def test_wider_trail_holds_from_now_on_and_never_before(database: None, tmp_path: Path) -> None:
    strategy, _ = live(tmp_path)
    say(tmp_path, Kind.WIDEN, until=5)
    strategy.bot_loop_start(moment(4))
    analysed(strategy, [0] * 7)
    trail = strategy.keeper.track(PAIR).widths.long.trail
    assert trail == pytest.approx(np.array([0.03, 0.03, 0.03, 0.06, 0.03, 0.03, 0.03]))


def test_forced_regime_acts_where_regimes_are_switched_off(database: None, tmp_path: Path) -> None:
    """A whipsaw that is certain keeps entries out; before the word was said nothing is known of a regime."""
    strategy, _ = live(tmp_path)
    assert not strategy.settings.regime.enabled
    say(tmp_path, Kind.REGIME)
    strategy.bot_loop_start(moment(4))
    found = analysed(strategy, [1, 1, 1, 1, 1])
    assert found["enter_long"].tolist() == [1, 1, 1, 0, 0]
    assert found["regime_whipsaw"].tolist()[3:] == [1.0, 1.0]
    assert strategy.ledger._regimes == {PAIR: "whipsaw"}


def test_fault_of_the_override_keeps_the_stop_and_the_loop(database: None, tmp_path: Path) -> None:
    strategy, _ = live(tmp_path)
    made = entered(strategy)
    say(tmp_path, Kind.STOP)
    strategy.overrides._watch._announce = None
    strategy.bot_loop_start(moment(4))
    assert {callback for callback, _, _ in strategy.faults.counts} == {"override"}
    assert strategy.keeper.state(made.id).stop == 39_500.0
    assert not strategy.breaker.blind


@pytest.mark.parametrize("runmode", [RunMode.BACKTEST, RunMode.HYPEROPT])
def test_backtest_hears_nothing(no_database: None, tmp_path: Path, runmode: RunMode) -> None:
    for kind in (Kind.PAUSE, Kind.REGIME, Kind.WIDEN, Kind.CLOSE):
        say(tmp_path, kind)
    before = sorted(tmp_path.rglob("*"))
    strategy = bot(tmp_path, runmode)
    strategy.bot_loop_start(moment(4))
    assert strategy.overrides.words == ()
    assert "regime_whipsaw" not in analysed(strategy, [1] * 7)
    strategy.keeper.set_track(PAIR, track(RISING))
    assert stake(strategy, 4) > 0.0
    assert sorted(tmp_path.rglob("*")) == before
