"""A running bot's health line and heartbeat: what they say, when, and that they never cost a loop."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.enums import RunMode

from outrigger.bot import heartbeat
from outrigger.bot.health import BEAT_MS
from outrigger.bot.memory import resident_mb
from outrigger.bot.vitals import Vitals, Worst
from outrigger.settings.messages import MessageSettings
from tests.bot.test_strategy import bot, stoploss
from tests.bot.trading import ENTRY, PAIR, moment, ms, stored_trade


def document(home: Path) -> dict[str, Any]:
    (path,) = heartbeat.paths_in(home)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.message.startswith("health:")]


def test_vitals_are_those_of_a_hand_computation(database: None, tmp_path: Path) -> None:
    """Long at 40,000 with a stop at 38,800 and 5x; last close 41,500 after a high of 42,000."""
    strategy, made = bot(tmp_path), stored_trade(liquidation_price=33_200.0)
    stoploss(strategy, made, 2, ENTRY, filled=True)
    strategy.bot_loop_start(moment(3))
    told = document(tmp_path)["vitals"]
    assert (told["positions"], told["without_stop"], told["breaker"]) == (1, 0, "breaker ready")
    assert told["to_stop"] == {"name": f"{PAIR}#1", "value": pytest.approx(0.03)}
    assert told["to_liquidation"] == {"name": f"{PAIR}#1", "value": pytest.approx(0.17)}
    # 0.1 × 40,000 × (3 % + both fees + slippage), of 10,000.
    risk = strategy.settings.risk
    assert told["open_risk"] == pytest.approx(0.4 * (0.03 + risk.round_trip_cost), rel=1e-6)
    assert told["max_open_risk"] == risk.max_open_risk
    assert told["unseen"] == []
    assert told["gaps"] is None
    assert told["memory_mb"] > 10


def test_oldest_candle_and_pairs_that_were_never_analysed_are_named(database: None, tmp_path: Path) -> None:
    strategy = bot(tmp_path)
    strategy.dp.current_whitelist = lambda: [PAIR, "ETH/USDT:USDT"]
    strategy.bot_loop_start(moment(10))
    told = document(tmp_path)["vitals"]
    # Seven candles: the last one closed in minute 7.
    assert told["oldest_candle"] == {"name": PAIR, "value": 180.0}
    assert told["unseen"] == ["ETH/USDT:USDT"]


def test_line_comes_once_an_hour_and_counts_what_was_since(
    database: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    strategy = bot(tmp_path)
    with caplog.at_level(logging.INFO):
        for minute in (1, 2, 4.5, 59.9, 60.1, 61, 119, 120, 121):
            strategy.bot_loop_start(moment(minute))
            if minute == 2:
                strategy.faults.record("leverage", PAIR, ValueError("x"), "no entry")
    first, second = lines(caplog)
    assert "since 00:01 5 loops, longest 3324.0 s, 1 fault" in first
    assert "since 01:00 3 loops, longest 3480.0 s, 0 faults" in second


def test_line_is_sent_where_the_trader_wants_it(database: None, tmp_path: Path) -> None:
    strategy, sent = bot(tmp_path), []
    strategy.dp.send_msg = lambda text, always_send: sent.append(text)
    for wanted, minute in ((False, 1), (False, 60), (True, 120), (True, 180)):
        strategy.messages.settings = MessageSettings(send_health=wanted)
        strategy.bot_loop_start(moment(minute))
    assert [text.partition(";")[0] for text in sent] == [
        "Outrigger: health: no positions, open risk 0.00% of 3.00%"
    ] * 2


def test_heartbeat_is_written_no_more_than_it_has_to_be(database: None, tmp_path: Path) -> None:
    strategy, seen = bot(tmp_path), []
    for second in range(0, 60, 5):
        strategy.loop.start(ms(0) + second * 1000)
        seen.append((document(tmp_path)["vitals"]["at_ms"] - ms(0)) // 1000)
    assert BEAT_MS == 20_000
    assert seen == [0, 0, 0, 0, 20, 20, 20, 20, 40, 40, 40, 40]


def test_heartbeat_goes_on_while_the_rest_of_the_loop_fails(database: None, tmp_path: Path) -> None:
    strategy = bot(tmp_path)
    strategy.wallets = None
    strategy.bot_loop_start(moment(1))
    assert strategy.breaker.blind
    told = document(tmp_path)["vitals"]
    assert told["at_ms"] == ms(1)
    assert "could not be worked out" in told["breaker"]


def test_disk_that_cannot_be_written_is_one_warning(
    database: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    strategy = bot(tmp_path)
    (tmp_path / "outrigger").write_text("a file where the folder belongs")
    for minute in (1, 2, 3):
        strategy.bot_loop_start(moment(minute))
    assert caplog.text.count("will take this bot for stopped") == 1
    assert "health" not in {callback for callback, _, _ in strategy.faults.counts}


def test_fault_in_the_health_line_is_survived(database: None, tmp_path: Path) -> None:
    strategy = bot(tmp_path)
    strategy.dp.current_whitelist = None
    for minute in (1, 61):
        strategy.bot_loop_start(moment(minute))
    assert strategy.faults.counts == {("health", "all pairs", "TypeError"): 2}
    assert not strategy.breaker.blind
    assert document(tmp_path)["vitals"] == {"at_ms": ms(61), "positions": 0}


def test_recorder_gaps_are_counted_by_the_hour(database: None, tmp_path: Path) -> None:
    strategy = bot(tmp_path)
    health = SimpleNamespace(gaps={("a", "b"): 4}, dropped=1)
    strategy.outlook.market.recorder = SimpleNamespace(health=lambda: health)
    strategy.bot_loop_start(moment(1))
    assert document(tmp_path)["vitals"]["gaps"] == 0
    health.gaps["a", "b"], health.dropped = 6, 2
    strategy.bot_loop_start(moment(2))
    assert document(tmp_path)["vitals"]["gaps"] == 3


def test_backtest_leaves_no_heartbeat(no_database: None, tmp_path: Path) -> None:
    bot(tmp_path, RunMode.BACKTEST).bot_loop_start(moment(1))
    assert not list(tmp_path.iterdir())


def test_loop_between_its_moments_costs_little(database: None, tmp_path: Path) -> None:
    strategy = bot(tmp_path)
    trades = [stored_trade() for _ in range(6)]
    strategy.loop.health.beat(trades, ms(0))
    began = time.perf_counter()
    for step in range(1000):
        strategy.loop.health.beat(trades, ms(0) + step)
    assert time.perf_counter() - began < 0.1  # 0.1 ms each, on a machine that is busy; it takes about 1 µs


def test_line_says_what_is_wrong() -> None:
    told = Vitals(
        at_ms=ms(60),
        since_ms=ms(0),
        loops=700,
        longest_loop_ms=9_100,
        positions=2,
        without_stop=1,
        to_stop=Worst("BTC#1", 0.0123),
        to_liquidation=Worst("ETH#2", 0.0981),
        open_risk=None,
        max_open_risk=0.03,
        oldest_candle=Worst("XRP", 42.0),
        unseen=("SOL",),
        faults=0,
        gaps=1,
        regime="regime steady",
        breaker="breaker ready",
        overrides=2,
        memory_mb=412.4,
    ).line()
    assert told == (
        "2 positions, nearest stop 1.23% away (BTC#1), nearest liquidation 9.81% away (ETH#2), 1 WITHOUT A "
        "KNOWN STOP, open risk unknown of 3.00%; oldest candle 42 s (XRP), not analysed: SOL; since 00:00 "
        "700 loops, longest 9.1 s, 0 faults, 1 recorder gap; regime steady; breaker ready; 2 overrides in "
        "force; 412 MB"
    )


def test_memory_that_the_system_does_not_tell_is_none(tmp_path: Path) -> None:
    assert resident_mb(tmp_path / "status") is None
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nVmRSS:\t  204800 kB\n")
    assert resident_mb(status) == 200.0
