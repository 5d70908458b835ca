"""What happens at the start of a bot's loop, or of a backtest's candle, before any trade is asked for.

The trader is heard, legs are taken further, the breaker looks at open equity. A running bot also drops what
belongs to closed trades, says what there is to say, looks once an hour for positions that no trade explains
and leaves a sign of life, in this order and the last whatever went wrong before: a loop that has a fault
still watches its stops, and has to be seen to run.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from freqtrade.persistence import LocalTrade

from outrigger.bot.guard_watch import GuardWatch
from outrigger.bot.health import HealthDesk
from outrigger.bot.open_trades import open_trades
from outrigger.bot.outbox import Outbox


class Loop:
    """The start of every loop of one strategy.

    Parameters
    ----------
    strategy : IStrategy
        Outrigger's, with all its desks.
    live : bool
        Whether a bot runs.
    """

    def __init__(self, strategy: Any, *, live: bool) -> None:
        self._strategy, self._live = strategy, live
        self._guard = GuardWatch(strategy.keeper, strategy.messages.guard)
        self._outbox = Outbox(strategy.config["user_data_dir"], strategy.messages.deliver)
        self.health = HealthDesk(strategy, strategy.config)

    def start(self, now_ms: int) -> None:
        """Do all of it.

        Parameters
        ----------
        now_ms : int
            Present time in ms.
        """
        strategy, trades = self._strategy, []
        strategy.messages.tick(now_ms)
        strategy.breaker.blind = False
        try:
            trades = open_trades()
            self._trade(trades, now_ms)
        except Exception as error:
            strategy.breaker.blind = True
            consequence = "no entries while equity is unknown"
            strategy.faults.record("bot_loop_start", "all pairs", error, consequence)
        if self._live:
            self.health.beat(trades, now_ms)

    def _trade(self, trades: list[LocalTrade], now_ms: int) -> None:
        strategy = self._strategy
        strategy.overrides.hear(strategy, trades, now_ms)
        strategy.position_adjustment_enable = strategy.hedge.watch(trades, now_ms) or strategy.adjusts
        equity = partial(strategy.entries.equity, strategy, trades, now_ms)
        strategy.breaker.look(equity, now_ms, strategy.settings.risk, trading=bool(trades))
        if self._live:
            strategy.records.forget({trade.id for trade in trades})
            self._guard.look(trades, now_ms)
            self._outbox.deliver()
            strategy.entries.strays.look(strategy, now_ms)
