"""Decides whether the leg that a frame signals is wanted, on which side, how large and at what leverage.

A leg is wanted by an open primary that has and had none. It never takes what a primary may need: legs hold
at most half of Freqtrade's slots, and one takes at most half of the free margin. The drawdown breaker does
not refuse it, because the risk it takes away is there already; a locked pair does, like any other entry.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from freqtrade.persistence import LocalTrade, PairLocks

from outrigger.bot.hedge_book import HedgeBook
from outrigger.bot.leg_lives import stop_distance
from outrigger.bot.leg_records import LegRecords, is_leg, trades_proxy
from outrigger.bot.records import TradeRecords, side_of
from outrigger.bot.sizing import tiers_of
from outrigger.hedge.choice import Candidate, Leg, LegChoice, Primary, choose_leg
from outrigger.market.moment import from_ms
from outrigger.risk.leverage import choose_leverage
from outrigger.risk.liquidation import MaintenanceTier
from outrigger.stops.keeper import StopKeeper

logger = logging.getLogger(__name__)

# Legs hold at most one slot in this many, and a leg one part in this many of the free margin.
SHARES = 2
# An order that Freqtrade has raised to the exchange's minimum, or a price that has moved this far since.
ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class LegTicket:
    """What was decided for a leg, kept until its order is filled."""

    primary: LocalTrade
    leg: Leg
    leverage: int


class LegEntries:
    """Answers the questions of a leg's entry as Freqtrade asks them: leverage, stake, confirmation.

    Parameters
    ----------
    book : HedgeBook
        What is measured.
    legs : LegRecords
        Which primaries have had their leg.
    records : TradeRecords
        Told why a primary stands alone.
    keeper : StopKeeper
        For the protective distance of the leg's own stop.
    tell : callable
        Told in words why a primary of a running bot stands alone.
    live : bool
        Whether a bot runs.
    """

    def __init__(
        self,
        book: HedgeBook,
        legs: LegRecords,
        records: TradeRecords,
        keeper: StopKeeper,
        tell: Callable[[str], None],
        *,
        live: bool,
    ) -> None:
        self._book, self._legs, self._records, self._keeper = book, legs, records, keeper
        self._say = tell
        self._level = logging.INFO if live else logging.DEBUG
        self._live = live
        self._tickets: dict[str, LegTicket] = {}
        self._told: set[int] = set()
        # Freqtrade asks for one candidate after the other: with the same trades open at the same moment the
        # answer is the same.
        self._made: dict[int, LegChoice] = {}
        self._made_at: tuple[int, ...] = ()
        self._tiers: dict[str, tuple[MaintenanceTier, ...]] = {}

    def restart(self) -> None:
        """Forget every ticket, as at the start of a backtest."""
        for kept in (self._tickets, self._told, self._made, self._tiers):
            kept.clear()

    def ticket(self, pair: str) -> LegTicket | None:
        """What was decided for the leg asked for last on a pair."""
        return self._tickets.get(pair)

    def wanted(self, pair: str) -> tuple[int, str] | None:
        """Side of the leg that an open primary would like on a pair, and the primary's pair."""
        primaries = self._book.settings.primaries_of(pair)
        trades = trades_proxy(is_open=True) if primaries else []
        for primary in trades:
            if primary.pair in primaries and self._alone(primary, trades):
                return -side_of(primary), primary.pair
        return None

    def leverage(self, strategy: Any, pair: str, side: int, now_ms: int, max_leverage: float) -> float:
        """Decide on the leg, and choose its leverage so that its own stop lies inside liquidation.

        Parameters
        ----------
        strategy : IStrategy
            For the fee and the limit of leverage in its settings, for Freqtrade's `max_open_trades`, and for
            the exchange with its tiers, minimum sizes and `liquidation_buffer`.
        pair : str
            The candidate whose frame signals a leg.
        side : int
            Of the leg.
        now_ms : int
            Present time in ms.
        max_leverage : float
            What the exchange grants.

        Returns
        -------
        float
            1 where no leg is wanted; the stake will then be 0.
        """
        self._tickets.pop(pair, None)
        exchange, settings = strategy.dp._exchange, strategy.settings.risk
        for primary, choice in self._choices(strategy, pair, side, now_ms):
            widths = self._keeper.widths(pair, side, now_ms)
            if choice.leg is None or choice.leg.pair != pair or widths is None:
                self._tell(primary, choice)
                continue
            chosen = choose_leverage(
                side,
                choice.leg.size.notional,
                stop_distance(widths.protect, self._book.settings),
                self._tiers_of(exchange, pair),
                settings,
                exchange_max=max(max_leverage, 1.0),
                buffer=float(exchange.liquidation_buffer),
            )
            if chosen.stop_inside:
                self._tickets[pair] = LegTicket(primary, choice.leg, chosen.leverage)
                if logger.isEnabledFor(self._level):
                    logger.log(self._level, "%s#%s: %s", primary.pair, primary.id, choice.reason)
                return float(chosen.leverage)
        return 1.0

    def stake(self, pair: str, leverage: float, min_stake: float, margin: float) -> float:
        """Margin of the leg whose leverage was asked for last; 0 where none is wanted."""
        ticket = self._tickets.get(pair)
        if ticket is None or leverage > ticket.leverage:
            return 0.0
        stake = ticket.leg.size.notional / leverage
        return stake if min_stake <= stake <= margin / SHARES else 0.0

    def confirmed(self, pair: str, notional: float) -> bool:
        """Whether an order is no larger than the leg that was decided on."""
        ticket = self._tickets.get(pair)
        return ticket is not None and notional <= ticket.leg.size.notional * (1 + ROUNDING)

    def _choices(
        self, strategy: Any, pair: str, side: int, now_ms: int
    ) -> Iterator[tuple[LocalTrade, LegChoice]]:
        """Each primary that may want its leg on this pair and side, with the best leg for it."""
        primaries = self._book.settings.primaries_of(pair)
        trades = trades_proxy(is_open=True)
        held = sum(is_leg(trade.enter_tag) for trade in trades)
        if 0 < strategy.max_open_trades < SHARES * (held + 1):
            return
        at = (now_ms, side, *(trade.id for trade in trades))
        if at != self._made_at:
            self._made_at = at
            self._made.clear()
        for trade in (*trades, *self._just_closed(now_ms)):
            if trade.pair in primaries and side_of(trade) == -side and self._alone(trade, trades):
                made = self._made.get(trade.id) or self._choice(strategy, trade, trades, now_ms)
                if made is not None:
                    self._made[trade.id] = made
                    yield trade, made

    def _choice(
        self, strategy: Any, trade: LocalTrade, trades: Iterable[LocalTrade], now_ms: int
    ) -> LegChoice | None:
        """The best leg for a primary; None while its price is not known."""
        side, book = side_of(trade), self._book
        notional = trade.amount * book.price(trade.pair, now_ms)
        if not notional > 0:
            return None
        squeeze, rate = book.squeeze(trade.pair, side, now_ms), book.funding(trade.pair, now_ms)
        primary = Primary(trade.pair, side, notional, rate, squeeze)
        candidates = list(self._candidates(trade.pair, -side, trades, now_ms, strategy.dp._exchange))
        return choose_leg(primary, candidates, strategy.settings.risk.fee, book.settings)

    def _just_closed(self, now_ms: int) -> Iterator[Any]:
        """Primaries that this candle has already closed in a backtest: at its open they were there."""
        if not self._live:
            candle = from_ms(now_ms)
            # In the order of their ends, so the search is over at the first one that ended before.
            for trade in reversed(trades_proxy(is_open=False)):
                if trade.close_date_utc < candle:
                    return
                yield trade

    def _alone(self, primary: LocalTrade, trades: Iterable[LocalTrade]) -> bool:
        """Whether a trade is a primary without a leg, filled, on order or past."""
        if is_leg(primary.enter_tag) or not primary.amount or self._legs.hedged(primary.id):
            return False
        # A leg on order has no number yet: its document finds its primary as a restart would.
        return not any(
            is_leg(trade.enter_tag) and self._legs.of(trade).life.primary_id == primary.id for trade in trades
        )

    def _candidates(
        self, primary: str, side: int, trades: Iterable[LocalTrade], now_ms: int, exchange: Any
    ) -> Iterator[Candidate]:
        taken = {
            trade.pair: "a leg" if is_leg(trade.enter_tag) else "a primary of its own" for trade in trades
        }
        now, locked = from_ms(now_ms), "short" if side < 0 else "long"
        for leg in self._book.settings.legs_of(primary):
            by = taken.get(leg)
            if by is None and PairLocks.is_pair_locked(leg, now, locked):
                by = "a lock"
            price = self._book.price(leg, now_ms)
            least = exchange.get_min_pair_stake_amount(leg, price, 0.0) if price > 0 else None
            reading = self._book.reading(primary, leg, now_ms)
            yield Candidate(leg, reading, by, self._book.funding(leg, now_ms), least or 0.0)

    def _tiers_of(self, exchange: Any, pair: str) -> tuple[MaintenanceTier, ...]:
        """Maintenance tiers; those of a backtest never change, a running bot's are read anew."""
        found = None if self._live else self._tiers.get(pair)
        if found is None:
            found = self._tiers[pair] = tiers_of(exchange, pair)
        return found

    def _tell(self, primary: LocalTrade, choice: LegChoice) -> None:
        """Say once why a primary stands alone: in the log, and in its record."""
        if choice.leg is None and primary.id not in self._told:
            self._told.add(primary.id)
            logger.log(self._level, "%s#%s: %s", primary.pair, primary.id, choice.reason)
            self._records.note(primary, "hedge", choice.reason)
            if self._live:
                self._say(f"{primary.pair}#{primary.id} stands alone: {choice.reason}")
