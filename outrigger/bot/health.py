"""A running bot's health: one line in the log each hour, and a heartbeat file for a watcher outside.

Between its moments it costs two comparisons a loop. Whatever fails in it is a fault in the log, once, and
never the loop's: a bot that cannot say how it is still has to watch its stops.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from freqtrade.persistence import LocalTrade

from outrigger.bot import heartbeat, sizing
from outrigger.bot.faults import FaultLog
from outrigger.bot.memory import resident_mb
from outrigger.bot.records import side_of
from outrigger.bot.vitals import Vitals, Worst
from outrigger.stops.keeper import StopKeeper

logger = logging.getLogger(__name__)

HOUR_MS = 3_600_000
BEAT_MS = 20_000
Level = Callable[[LocalTrade, StopKeeper], float | None]


class HealthDesk:
    """Watches over one running bot.

    Parameters
    ----------
    strategy : IStrategy
        Outrigger's, all of whose desks are looked at and none is changed.
    config : mapping
        Freqtrade's configuration: the user data directory, the database, the bot's name.
    """

    def __init__(self, strategy: Any, config: Mapping[str, Any]) -> None:
        self._strategy = strategy
        self._faults: FaultLog = strategy.faults
        self._bot = str(config.get("bot_name") or "freqtrade")
        self._path = heartbeat.path_in(Path(config["user_data_dir"]), str(config.get("db_url", "")))
        self._before_ms: int | None = None
        self._beat_ms = -BEAT_MS
        self._warned = False
        self._since_ms = self._loops = self._longest_ms = self._faults_before = self._gaps_before = 0

    def beat(self, trades: Sequence[LocalTrade], now_ms: int) -> None:
        """Count a loop; write the heartbeat and the hour's line where they are due.

        Parameters
        ----------
        trades : sequence of LocalTrade
            All open trades.
        now_ms : int
            Present time in ms.
        """
        before, self._before_ms = self._before_ms, now_ms
        if before is not None:
            self._longest_ms = max(self._longest_ms, now_ms - before)
        self._loops += 1
        hour = before is not None and now_ms // HOUR_MS != before // HOUR_MS
        if not hour and 0 <= now_ms - self._beat_ms < BEAT_MS:
            return
        self._beat_ms = now_ms
        try:
            if before is None:
                self._begin(now_ms, loops=1)
            vitals = self.vitals(trades, now_ms)
            line, numbers = vitals.line(), vitals.to_dict()
            if hour:
                self._say(line, now_ms)
                self._begin(now_ms)
        except Exception as error:  # a bot that cannot say how it is still has to watch its stops
            self._faults.record("health", "all pairs", error, "no health line; the heartbeat goes on")
            line, numbers = "how it is could not be read, see its log", {"at_ms": now_ms}
            numbers["positions"] = len(trades)
        self._write(line, numbers)

    def vitals(self, trades: Sequence[LocalTrade], now_ms: int) -> Vitals:
        """How the bot is now.

        Parameters
        ----------
        trades : sequence of LocalTrade
            All open trades.
        now_ms : int
            Present time in ms.

        Returns
        -------
        Vitals
            Counts are since the last full hour.
        """
        strategy, held = self._strategy, [trade for trade in trades if trade.amount]
        keeper: StopKeeper = strategy.keeper
        seen, unseen = ages_s(keeper, strategy.dp.current_whitelist(), now_ms)
        gaps = self._gaps()
        return Vitals(
            at_ms=now_ms,
            since_ms=self._since_ms,
            loops=self._loops,
            longest_loop_ms=self._longest_ms,
            positions=len(held),
            without_stop=sum(keeper.state(trade.id) is None for trade in held),
            to_stop=nearest(held, keeper, now_ms, stop_of),
            to_liquidation=nearest(held, keeper, now_ms, liquidation_of),
            open_risk=self._open_risk(trades, now_ms),
            max_open_risk=strategy.settings.risk.max_open_risk,
            oldest_candle=max(seen, key=lambda one: one.value, default=None),
            unseen=tuple(unseen),
            faults=self._faults.total() - self._faults_before,
            gaps=None if gaps is None else gaps - self._gaps_before,
            regime=strategy.outlook.regimes.standing,
            breaker=strategy.breaker.refusal(now_ms) or "breaker ready",
            overrides=sum(word.in_force(now_ms) for word in strategy.overrides.words),
            memory_mb=resident_mb(),
        )

    def _open_risk(self, trades: Sequence[LocalTrade], now_ms: int) -> float | None:
        strategy = self._strategy
        if strategy.breaker.blind:
            return None
        equity = strategy.entries.equity(strategy, trades, now_ms)
        limits, paired = strategy.settings.risk, strategy.hedge.lives.paired(trades)
        risk = sizing.account_of(trades, strategy.keeper, equity, 0.0, limits, paired).open_risk
        return risk / equity if isfinite(risk) and isfinite(equity) and equity > 0 else None

    def _gaps(self) -> int | None:
        """Readings that the bot's own recorder has missed or lost; None where nothing is recorded."""
        recorder = self._strategy.outlook.market.recorder
        health = recorder.health() if recorder is not None else None
        return None if health is None else sum(health.gaps.values()) + health.dropped

    def _begin(self, now_ms: int, loops: int = 0) -> None:
        self._since_ms, self._loops, self._longest_ms = now_ms, loops, 0
        self._faults_before, self._gaps_before = self._faults.total(), self._gaps() or 0

    def _say(self, line: str, now_ms: int) -> None:
        logger.info("health: %s", line)
        messages = self._strategy.messages
        if messages.settings.send_health:
            messages.send(f"health: {line}", f"health {now_ms // HOUR_MS}")

    def _write(self, line: str, numbers: Mapping[str, Any]) -> None:
        try:
            heartbeat.write(self._path, self._bot, line, numbers)
        except (OSError, ValueError) as error:
            if not self._warned:
                told = "`outrigger health` will take this bot for stopped; further failures are not told"
                logger.warning("%s cannot be written (%s): %s", self._path, error, told)
            self._warned = True


def ages_s(keeper: StopKeeper, pairs: Iterable[str], now_ms: int) -> tuple[list[Worst], list[str]]:
    """Seconds since the last candle of each pair closed, and the pairs that have none yet."""
    seen, unseen = [], []
    for pair in pairs:
        track = keeper.track(pair)
        if track is None or not len(track):
            unseen.append(pair)
        else:
            seen.append(Worst(pair, (now_ms - int(track.closed_at_ms[-1])) / 1000))
    return seen, unseen


def stop_of(trade: LocalTrade, keeper: StopKeeper) -> float | None:
    """Stop that is in force for a trade: the stop law's, else Freqtrade's; None where there is neither."""
    state = keeper.state(trade.id)
    return state.stop if state is not None else trade.stop_loss or None


def liquidation_of(trade: LocalTrade, keeper: StopKeeper) -> float | None:
    """Price at which a trade would be liquidated; None in cross margin and before its first fill."""
    return trade.liquidation_price or None


def nearest(held: Iterable[LocalTrade], keeper: StopKeeper, now_ms: int, level: Level) -> Worst | None:
    """Position whose price is nearest to a level of its own.

    Parameters
    ----------
    held : iterable of LocalTrade
        Open positions.
    keeper : StopKeeper
        For their pairs' last closed price.
    now_ms : int
        Present time in ms.
    level : callable
        Price of the level of a trade, or None.

    Returns
    -------
    Worst or None
        Distance as a fraction of price, negative where the price is beyond the level.
    """
    found = []
    for trade in held:
        track, row = keeper.track(trade.pair), keeper.last_closed(trade.pair, now_ms)
        price = level(trade, keeper)
        if track is None or row < 0 or price is None:
            continue
        distance = side_of(trade) * (1 - price / float(track.close[row]))
        if isfinite(distance):
            found.append(Worst(f"{trade.pair}#{trade.id}", distance))
    return min(found, key=lambda one: one.value, default=None)
