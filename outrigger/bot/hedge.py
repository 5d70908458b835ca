"""The hedge as the strategy uses it: one object that is asked, and answers nothing where no pair is hedged.

Legs count in Freqtrade's `max_open_trades` and hold at most half of it, so a bot that should hold n primaries
at a time needs 2n. A pair that carries a leg cannot be entered on its own signal until the leg is closed:
name candidates that you would rather hedge with than trade. In isolated margin a leg does not keep its
primary from liquidation, each has its own margin; in cross margin its gain counts for the primary too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from freqtrade.data.dataprovider import DataProvider
from freqtrade.persistence import LocalTrade, PairLocks

from outrigger.bot.faults import FaultLog
from outrigger.bot.hedge_book import HedgeBook
from outrigger.bot.leg_entries import LegEntries
from outrigger.bot.leg_lives import RESIZED, LegLives
from outrigger.bot.leg_records import LegRecords, is_leg
from outrigger.bot.leg_signals import LegSignals
from outrigger.bot.records import TradeRecords
from outrigger.hedge.choice import LegChoice
from outrigger.hedge.mapping import require_tradable
from outrigger.hedge.measure import CHART
from outrigger.market.moment import from_ms, to_ms
from outrigger.settings.read import Settings
from outrigger.stops.keeper import StopKeeper
from outrigger.stops.track import StopTrack

COOLDOWN = "Cooldown period"
# Freqtrade's own, until the next candle.
AFTER_EXIT = "Auto lock"


class HedgeDesk:
    """Everything between Freqtrade and the hedge.

    Parameters
    ----------
    settings : Settings
        Of which `hedge`, `stop` and `risk` are read.
    timeframe : str
        The strategy's timeframe.
    keeper : StopKeeper
        Holds the legs' stops beside those of all other trades.
    records : TradeRecords
        Told why a primary stands alone.
    faults : FaultLog
        Told of what fails.
    tell : callable
        Told in words what becomes of a running bot's legs.
    live : bool
        Whether a bot runs.
    """

    def __init__(
        self,
        settings: Settings,
        timeframe: str,
        keeper: StopKeeper,
        records: TradeRecords,
        faults: FaultLog,
        tell: Callable[[str], None],
        *,
        live: bool,
    ) -> None:
        self._settings, self._timeframe, self._live = settings, timeframe, live
        self._tell = tell
        self.book = HedgeBook(settings.hedge)
        self.legs = LegRecords(faults, stored=live)
        self.signals = LegSignals(settings.hedge, timeframe)
        self.entries = LegEntries(self.book, self.legs, records, keeper, tell, live=live)
        self.lives = LegLives(self.book, self.legs, keeper, faults, tell, live=live)

    @property
    def active(self) -> bool:
        """Whether any pair is hedged."""
        return self.book.settings.active

    def require(self, strategy: Any) -> None:
        """Refuse a mapping that a strategy's bot cannot trade; raises SettingsError."""
        if self.active:
            pairs, provider = self.book.settings.pairs, strategy.dp
            known = pairs if self._live else [p for p in pairs if len(provider.get_pair_dataframe(p, CHART))]
            listed, slots = provider.current_whitelist(), strategy.max_open_trades
            require_tradable(self.book.settings, listed, known, slots)

    def informative(self) -> list[tuple[str, ...]]:
        """Charts that Freqtrade has to bring along."""
        return self.book.informative() if self.active else []

    def measure(self, pair: str, provider: DataProvider, frame: pd.DataFrame) -> None:
        """Measure a pair's hedges; keep what a candidate analysed before its primary will need."""
        if self.active:
            self.book.measure(pair, provider)
            if not self._live:
                self.signals.keep(pair, frame, provider.current_whitelist())

    def mark(
        self,
        frame: pd.DataFrame,
        pair: str,
        track: StopTrack,
        settings: Settings,
        enter: Callable[[pd.DataFrame], Any],
    ) -> None:
        """Take over an analysed pair and mark the candles on which it may be wanted as a leg.

        Parameters
        ----------
        frame : DataFrame
            The pair's candles with its own entries; gets the legs'.
        pair : str
            The pair.
        track : StopTrack
            The same candles for the stop.
        settings : Settings
            As they are in effect now.
        enter : callable
            Marks the own entries of another pair's measures.
        """
        if not self.active:
            return
        self.book.heed(settings.hedge)
        self.book.lay_out(pair, frame, track, self._timeframe, settings.stop)
        self.signals.note(pair, frame)
        if not self._live:
            # A backtest makes all frames before it begins, and hyperopt begins one every epoch.
            for part in (self.legs, self.entries, self.lives):
                part.restart()
            self.signals.foresee(pair, enter)
        self.signals.mark(frame, pair, self.entries.wanted(pair) if self._live else None)

    def watch(self, trades: Sequence[LocalTrade], now_ms: int) -> bool:
        """Take all legs one step further, at the start of a candle or of a bot's loop.

        Parameters
        ----------
        trades : sequence of LocalTrade
            All open trades; legs that are left from before the hedge was switched off among them.
        now_ms : int
            Present time in ms.

        Returns
        -------
        bool
            Whether a leg is to be resized now.
        """
        if self.active or any(is_leg(trade.enter_tag) for trade in trades):
            self.lives.watch(trades, now_ms)
            self._lift_cooldowns(now_ms)
            if self._live:
                self.legs.forget({trade.id for trade in trades})
        return self.lives.resizing

    def filled(self, trade: LocalTrade, order: Any, now: datetime) -> None:
        """Take note of a leg's filled order: its entry, a change of its size, or its end."""
        if not is_leg(trade.enter_tag):
            return
        now_ms = to_ms(now)
        if order.ft_order_tag == RESIZED:
            self.lives.resized(trade, now_ms)
        elif order.ft_order_side == trade.entry_side:
            ticket = self.entries.ticket(trade.pair)
            if ticket is not None and self.legs.known(trade.id) is None:
                self.legs.opened(trade, ticket.primary, ticket.leg.to_dict(), now_ms)
                if self._live:
                    primary, why = ticket.primary, LegChoice(ticket.leg, ()).reason
                    self._tell(f"{primary.pair}#{primary.id}: leg #{trade.id} is open, {why}")
        else:
            self.lives.ended(trade, now_ms)

    def _lift_cooldowns(self, now_ms: int) -> None:
        """Free pairs of the pause that Freqtrade sets after a leg: it must not keep a primary out."""
        now = from_ms(now_ms)
        for pair in self.lives.pop_ended():
            own = [lock for lock in PairLocks.get_pair_locks(pair, now) if lock.pair == pair]
            if own and all((lock.reason or "").startswith((COOLDOWN, AFTER_EXIT)) for lock in own):
                PairLocks.unlock_pair(pair, now)
