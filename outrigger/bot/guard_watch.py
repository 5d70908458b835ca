"""Tells when the cascade guard begins and ends to draw an open trade's stop.

The guard itself is a column of the pair's widths (`outrigger.stops.pressure`); here it is only looked at, at
the last closed candle. After a restart a guard that is drawn is news again, which the limit of messages
holds back where it was told a while ago.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite

from freqtrade.persistence import LocalTrade

from outrigger.bot.leg_records import is_leg
from outrigger.bot.records import side_of
from outrigger.stops.keeper import StopKeeper


class GuardWatch:
    """The cascade guard over all open trades of one strategy.

    Parameters
    ----------
    keeper : StopKeeper
        The pairs' widths, and the trades' stops.
    tell : callable
        Told what happened in words, and a key that names trade and event.
    """

    def __init__(self, keeper: StopKeeper, tell: Callable[[str, str], None]) -> None:
        self._keeper, self._tell = keeper, tell
        self._drawn: set[int] = set()

    def look(self, trades: Sequence[LocalTrade], now_ms: int) -> None:
        """Compare each trade's guard with what it was; legs have stops of their own.

        Parameters
        ----------
        trades : sequence of LocalTrade
            All open trades.
        now_ms : int
            Present time in ms.
        """
        self._drawn &= {trade.id for trade in trades}
        for trade in trades:
            if is_leg(trade.enter_tag) or not trade.amount:
                continue
            price = self._price(trade, now_ms)
            if (price is not None) is not (trade.id in self._drawn):
                self._news(trade, price)

    def _price(self, trade: LocalTrade, now_ms: int) -> float | None:
        """Price up to which the guard draws a trade's stop now; None where it asks for nothing."""
        state, track = self._keeper.state(trade.id), self._keeper.track(trade.pair)
        row = self._keeper.last_closed(trade.pair, now_ms)
        if state is None or track is None or row < 0:
            return None
        widths = track.widths.of(side_of(trade)).at(row)
        price = widths.guard if state.armed else widths.early_guard
        return price if isfinite(price) else None

    def _news(self, trade: LocalTrade, price: float | None) -> None:
        name, state = f"{trade.pair}#{trade.id}", self._keeper.state(trade.id)
        stop = state.stop if state is not None else trade.stop_loss
        if price is None:
            self._drawn.discard(trade.id)
            told = f"{name}: the cascade guard is released; the stop stays at {stop:.10g}"
            self._tell(told, f"guard released {name}")
        else:
            self._drawn.add(trade.id)
            told = (
                f"{name}: the cascade guard draws the stop up to {price:.10g} (it stood at {stop:.10g}): "
                "forced liquidations against it look close and the book is thin"
            )
            self._tell(told, f"guard drawn {name}")
