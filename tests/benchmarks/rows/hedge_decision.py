"""Time of one hedge decision: all that a bot does to choose a leg, or to take an open one a candle further.

Asked of the strategy as Freqtrade loads it, with Freqtrade's own trades, locks, minimum sizes and leverage
tiers. Processor time, so that what else the machine does is not counted.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from time import thread_time_ns
from typing import Any

from freqtrade.configuration.config_setup import setup_utils_configuration
from freqtrade.enums import RunMode
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.persistence import LocalTrade, PairLocks

from outrigger.bot.leg_signals import leg_signal_tag
from outrigger.hedge.tag import tag_of
from outrigger.market.moment import from_ms
from outrigger.replay.exchange import ReplayServer, open_market
from outrigger.replay.overlay import exchange_overlay
from tests.benchmarks.bench import Bench
from tests.benchmarks.pairing import percentiles
from tests.benchmarks.result import Result
from tests.conftest import REPOSITORY

TARGET_US = 100.0
DECISIONS = 20_000
MINUTE_MS = 60_000
SHARES = {"p50_us": 0.5, "p99_us": 0.99, "p999_us": 0.999}


@dataclass(frozen=True)
class Stage:
    """The strategy with its candles analysed, and the minutes that it can be asked about."""

    strategy: Any
    primary: str
    candidates: tuple[str, ...]
    minutes: range


def hedge_decision(bench: Bench) -> Result:
    """99th percentile of choosing a leg, and of one candle of an open one; the worse of the two."""
    home = bench.home / "hedge-decision"
    home.mkdir()
    logging.disable(logging.WARNING)
    with ReplayServer(open_market(bench.market.datadir, replay=False)) as server:
        stage = _stage(bench, home, server.url)
        count = bench.size(DECISIONS, 500)
        times = {"choose": _choices(stage, count), "hold": _steps(stage, count)}
    logging.disable(logging.NOTSET)
    found = {
        name: dict(zip(SHARES, percentiles(taken, *SHARES.values()), strict=True))
        for name, taken in times.items()
    }
    worst = max(part["p99_us"] for part in found.values())
    details = {"market": bench.market.label, "decisions": len(times["choose"]), **found}
    details |= {"candidates": stage.candidates}
    return Result("hedge-decision", "p99 of one hedge decision", worst, "µs", TARGET_US, details)


def _stage(bench: Bench, home: Path, url: str) -> Stage:
    primary, *others = bench.market.pairs
    candidates = tuple(others[-2:])
    overlay = exchange_overlay(url)
    overlay["exchange"]["pair_whitelist"] = [primary, *candidates]
    overlay |= {"outrigger": {"hedge": {"candidates": {primary: list(candidates)}}}}
    overlay |= {"timerange": bench.market.timerange, "export": "none"}
    (home / "overlay.json").write_text(json.dumps(overlay), encoding="utf-8")
    files = [str(REPOSITORY / "config.json"), str(home / "overlay.json")]
    named = {
        "config": files,
        "datadir": str(bench.market.datadir),
        "user_data_dir": str(home),
        "strategy_path": str(REPOSITORY / "strategies"),
        "timerange": bench.market.timerange,
    }
    backtesting = Backtesting(setup_utils_configuration(named, RunMode.BACKTEST))
    strategy = backtesting.strategylist[0]
    backtesting._set_strategy(strategy)
    data, timerange = backtesting.load_bt_data()
    strategy.ft_bot_start()
    for pair, frame in strategy.advise_all_indicators(data).items():
        strategy.ft_advise_signals(frame, {"pair": pair})
    first = timerange.startdt.timestamp() * 1000
    last = timerange.stopdt.timestamp() * 1000
    return Stage(strategy, primary, candidates, range(int(first), int(last), MINUTE_MS))


def _trade(number: int, pair: str, side: int, price: float, now_ms: int, tag: str) -> LocalTrade:
    """A filled trade of about 1,000, as a backtest holds it."""
    trade = LocalTrade(
        id=number,
        pair=pair,
        open_rate=price,
        open_date=from_ms(now_ms),
        amount=1_000.0 / price,
        stake_amount=200.0,
        leverage=5.0,
        fee_open=0.0005,
        fee_close=0.0005,
        is_short=side < 0,
        is_open=True,
        enter_tag=tag,
        exchange="binance",
    )
    trade.adjust_stop_loss(price, -0.3, initial=True)
    LocalTrade.add_bt_trade(trade)
    return trade


def _choices(stage: Stage, count: int) -> list[float]:
    """Microseconds of each question for a leg that an open primary wants: leverage, stake, confirmation."""
    strategy, hedge, signal = stage.strategy, stage.strategy.hedge, leg_signal_tag(stage.primary)
    _fresh(stage)
    _trade(1, stage.primary, 1, hedge.book.price(stage.primary, stage.minutes[-1]), stage.minutes[0], "x")
    taken, wanted = [], 0
    for now_ms in islice(cycle(stage.minutes), count // len(stage.candidates)):
        now = from_ms(now_ms)
        for pair in stage.candidates:
            begun = thread_time_ns()
            leverage = strategy.leverage(pair, now, 50.0, signal, "short")
            stake = strategy.custom_stake_amount(pair, now, 5.0, 9_000.0, leverage, signal, "short")
            confirmed = strategy.confirm_trade_entry(pair, "market", stake * leverage, 1.0, signal)
            taken.append((thread_time_ns() - begun) / 1000)
            wanted += confirmed and stake > 0
    assert wanted > 0
    return taken


def _steps(stage: Stage, count: int) -> list[float]:
    """Microseconds of one candle of an open leg; at the end of the candles the next leg is opened."""
    strategy, hedge = stage.strategy, stage.strategy.hedge
    taken: list[float] = []
    pair = stage.candidates[0]
    while len(taken) < count:
        _fresh(stage)
        first = stage.minutes[0]
        for number, (name, side, tag) in enumerate(
            ((stage.primary, 1, "x"), (pair, -1, tag_of(stage.primary, 1))), start=1
        ):
            _trade(number, name, side, hedge.book.price(name, first), first, tag)
        trades = LocalTrade.bt_trades_open
        for now_ms in stage.minutes[1 : count - len(taken) + 1]:
            begun = thread_time_ns()
            hedge.watch(trades, now_ms)
            leg_exit = hedge.lives.exit_reason(2)
            taken.append((thread_time_ns() - begun) / 1000)
            if leg_exit is not None:
                break
    assert strategy.faults.total() == 0
    return taken


def _fresh(stage: Stage) -> None:
    LocalTrade.reset_trades()
    PairLocks.use_db = False
    PairLocks.reset_locks()
    for part in (stage.strategy.hedge.legs, stage.strategy.hedge.entries, stage.strategy.hedge.lives):
        part.restart()
