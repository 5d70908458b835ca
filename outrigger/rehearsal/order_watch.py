"""What has to hold between a bot's trades and its account, and what is only told.

The exchange's word counts: a position whose trade is open needs a stop, on the exchange or in the software;
and a stop on the exchange is never replaced by a looser one. Told, because Freqtrade does it and nobody
here can help it: positions without a trade, trades without a position, several stops at once, stops
without a position, positions that had no stop on the exchange, or whose price had passed the stop.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from freqtrade.persistence import Trade

from outrigger.bot.records import side_of
from outrigger.rehearsal.invariants import Invariants
from outrigger.rehearsal.stretch import Stretch
from outrigger.replay.signed_account import Account
from outrigger.replay.signed_orders import sign

BARE, SEVERAL, ORPHAN = "no stop on the exchange", "several stops", "a stop without a position"
PASSED = "price beyond the stop"
STRANGE, GONE = "a position that no trade knows", "a trade without its position"


class OrderWatch:
    """Looks at a bot and its account after every loop.

    Parameters
    ----------
    account : Account
        The bot's.
    stretch : Stretch
        When there is nothing left to see.

    Attributes
    ----------
    loops : Counter
        Loops in which something was seen that is only told.
    """

    def __init__(self, account: Account, stretch: Stretch) -> None:
        self.invariants = Invariants()
        self.loops: Counter[str] = Counter()
        self._account, self._stretch = account, stretch
        self._loosest: dict[str, tuple[int, float]] = {}

    @property
    def broken(self) -> list[str]:
        """What did not hold."""
        return self.invariants.broken

    def __call__(self, bot: Any, now: datetime) -> bool:
        """Look at the bot, and tell whether there is nothing left to see.

        Parameters
        ----------
        bot : FreqtradeBot
            Between two loops.
        now : datetime
            Its time.
        """
        self.invariants(bot, now)
        held = {symbol: one for symbol, one in self._account.positions.items() if one.side}
        trades = {symbol_of(trade.pair): trade for trade in Trade.get_open_trades()}
        for symbol in held.keys() | trades.keys():
            self.loops[STRANGE] += symbol not in trades
            self.loops[GONE] += symbol not in held
        for symbol in held:
            stops = self._account.waiting(symbol)
            self.loops[PASSED] += symbol in trades and self._passed(trades[symbol], symbol)
            self.loops[BARE] += not stops
            self.loops[SEVERAL] += len(stops) > 1
            self._never_looser(symbol, now)
        self.loops[ORPHAN] += any(stop.asked.symbol not in held for stop in self._account.waiting())
        return self._stretch.over(now, len(held) + self.invariants.holding)

    def _passed(self, trade: Trade, symbol: str) -> bool:
        return bool(side_of(trade) * (float(self._account.price(symbol)) - trade.stop_loss) < 0)

    def _never_looser(self, symbol: str, now: datetime) -> None:
        """Hold each stop placed for a position against the tightest one before."""
        position = self._account.position(symbol)
        for stop in self._account.stops.values():
            if stop.asked.symbol != symbol or sign(stop.asked.side) != -position.side:
                continue
            number, tightest = self._loosest.get(symbol, (0, float(stop.trigger)))
            if stop.number > number:
                if position.side * (float(stop.trigger) - tightest) < 0:
                    told = f"{symbol}: stop on the exchange from {tightest} to {stop.trigger}"
                    self.invariants.broken.append(f"{now:%Y-%m-%d %H:%M:%S} {told}")
                self._loosest[symbol] = (stop.number, float(stop.trigger))

    def told(self) -> list[str]:
        """Say in how many loops what was seen."""
        return [f"{what} in {times} loop{'s' * (times > 1)}" for what, times in self.loops.items() if times]


def symbol_of(pair: str) -> str:
    """The exchange's name of a pair."""
    return pair.split(":", maxsplit=1)[0].replace("/", "")
