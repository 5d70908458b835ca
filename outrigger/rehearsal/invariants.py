"""What has to hold after every loop of a bot, whatever the exchange does.

Every open position has a stop on its protective side of liquidation, no stop is ever loosened, not by a
restart either, and no leg lives without a rule. Assumes that it looks between two of the bot's loops.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from freqtrade.persistence import Trade

from outrigger.bot.leg_records import is_leg
from outrigger.bot.records import side_of


class Invariants:
    """Looks at a bot after every loop and keeps what was wrong.

    Parameters
    ----------
    stops : mapping of int to float, optional
        Stops that another process has seen, by trade: none may be looser.

    Attributes
    ----------
    broken : list of str
        What did not hold, once per trade and kind: when, where, what.
    loops, positions : int
        Loops looked at, and open positions seen in them.
    holding : int
        Open positions seen in the last loop.
    stops : dict of int to float
        Stops seen last, by trade.
    """

    def __init__(self, stops: Mapping[int, float] | None = None) -> None:
        self.broken: list[str] = []
        self.loops = self.positions = self.holding = 0
        self.stops = dict(stops or {})
        self._told: set[tuple[str, int]] = set()

    def __call__(self, bot: Any, now: datetime) -> None:
        """Look at the bot.

        Parameters
        ----------
        bot : FreqtradeBot
            Between two loops.
        now : datetime
            Its time.
        """
        held = [trade for trade in Trade.get_open_trades() if trade.has_open_position]
        self.loops += 1
        self.holding = len(held)
        self.positions += len(held)
        for trade in held:
            self._look(bot, trade, now)

    def _look(self, bot: Any, trade: Trade, now: datetime) -> None:
        side, stop = side_of(trade), trade.stop_loss
        if not stop or stop <= 0:
            self._break("no stop", trade.id, now, f"{trade.pair} has no stop")
            return
        liquidation = trade.liquidation_price
        if liquidation and side * (stop - liquidation) < 0:
            self._break("liquidation", trade.id, now, f"{trade.pair}: stop {stop} beyond {liquidation}")
        before = self.stops.get(trade.id, stop)
        if side * (stop - before) < 0:
            self._break("loosened", trade.id, now, f"{trade.pair}: stop from {before} to {stop}")
        self.stops[trade.id] = stop
        if is_leg(trade.enter_tag) and bot.strategy.hedge.legs.known(trade.id) is None:
            self._break("leg", trade.id, now, f"leg {trade.pair} has no record")

    def _break(self, kind: str, trade_id: int, now: datetime, what: str) -> None:
        if (kind, trade_id) not in self._told:
            self._told.add((kind, trade_id))
            self.broken.append(f"{now:%Y-%m-%d %H:%M:%S} {what}")
