"""Takes every open leg one step further at the start of each candle: its life, its stop, its size.

All is decided once, at a candle's start and from what has closed by then, so that a primary's end is never
acted on in the candle in which it happened; Freqtrade's callbacks only read the answers. Freqtrade copies
every open trade for `adjust_trade_position`, so it is asked only in candles in which a leg is resized.

At its entry and after each change a leg is no larger than ratio × beta × primary, but for a lot; between
changes price and beta may carry it two bands above that, from where the next candle cuts it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from freqtrade.persistence import LocalTrade

from outrigger.bot.faults import FaultLog
from outrigger.bot.hedge_book import HedgeBook
from outrigger.bot.leg_records import LegRecords, is_leg, primary_now
from outrigger.bot.records import side_of
from outrigger.hedge.document import LegDocument
from outrigger.hedge.life import MEANINGS, STOPS, Phase, advance_life, leg_ended
from outrigger.hedge.size import MINUTE_MS, hedge_ratio, leg_size, rebalance
from outrigger.hedge.state import HedgeState
from outrigger.settings.hedge import HedgeSettings
from outrigger.stops.keeper import StopKeeper
from outrigger.stops.law import StopState

logger = logging.getLogger(__name__)

RESIZED = "hedge_resized"
LARGEST_STOP = 0.5


class LegLives:
    """Lives of all open legs.

    Parameters
    ----------
    book : HedgeBook
        What is measured.
    legs : LegRecords
        Where the lives are kept.
    keeper : StopKeeper
        Holds the legs' stops beside those of all other trades.
    faults : FaultLog
        Told of a leg that could not be taken further.
    tell : callable
        Told in words what becomes of a running bot's legs.
    live : bool
        Whether a bot runs.
    """

    def __init__(
        self,
        book: HedgeBook,
        legs: LegRecords,
        keeper: StopKeeper,
        faults: FaultLog,
        tell: Callable[[str], None],
        *,
        live: bool,
    ) -> None:
        self._book, self._legs, self._keeper, self._faults = book, legs, keeper, faults
        self._say, self._live = tell, live
        self._level = logging.INFO if live else logging.DEBUG
        self._changes: dict[int, float] = {}
        self._tried: dict[int, int] = {}
        self._ended: set[str] = set()

    def restart(self) -> None:
        """Forget every leg, as at the start of a backtest."""
        self._changes.clear()
        self._tried.clear()
        self._ended.clear()

    @property
    def resizing(self) -> bool:
        """Whether a leg is to be resized in this candle."""
        return bool(self._changes)

    def watch(self, trades: Sequence[LocalTrade], now_ms: int) -> None:
        """Take all legs one step further.

        Parameters
        ----------
        trades : sequence of LocalTrade
            All open trades.
        now_ms : int
            Present time in ms.
        """
        self._changes.clear()
        for trade in trades:
            if is_leg(trade.enter_tag) and trade.amount:
                try:
                    self._step(trade, trades, now_ms)
                except Exception as error:  # one leg's fault must not keep the others from their steps
                    self._faults.record("hedge leg", trade.pair, error, "the leg keeps its size and its stop")

    def paired(self, trades: Sequence[LocalTrade]) -> dict[int, int]:
        """Primaries of the legs that are paired with them, by the legs' numbers."""
        found = {trade.id: self._legs.of(trade).life for trade in trades if is_leg(trade.enter_tag)}
        return {number: life.primary_id for number, life in found.items() if life.phase == Phase.PAIRED}

    def exit_reason(self, trade_id: int) -> str | None:
        """Why a leg is to be left now; None keeps it."""
        document = self._legs.known(trade_id)
        return None if document is None or document.life.exit is None else str(document.life.exit)

    def opened(self, trade: LocalTrade, now_ms: int) -> StopState | None:
        """Start a leg's own protective stop; it trails nothing while the leg is paired."""
        state = self._keeper.open(trade.id, trade.pair, side_of(trade), trade.open_rate, now_ms)
        if state is not None:
            distance = stop_distance(abs(state.stop / trade.open_rate - 1), self._book.settings)
            stop = trade.open_rate * (1 - state.side * distance)
            state = replace(state, protective=stop, stop=stop)
            self._keeper.put(trade.id, state)
        return state

    def resize(self, trade: LocalTrade, min_stake: float, max_stake: float, now_ms: int) -> float | None:
        """Margin to add to a leg, negative to take off; None leaves it as it is."""
        change = self._changes.pop(trade.id, None)
        if change is None:
            return None
        self._tried[trade.id] = now_ms
        leverage = trade.leverage or 1.0
        if change > 0:
            return change / leverage if min_stake <= change / leverage <= max_stake else None
        return change / self._notional(trade, now_ms) * float(trade.stake_amount)

    def resized(self, trade: LocalTrade, now_ms: int) -> None:
        """Take down that a leg's size has been changed."""
        self._legs.put(trade, replace(self._legs.of(trade), resized_ms=now_ms))

    def ended(self, trade: LocalTrade, now_ms: int) -> None:
        """Close the life of a leg that is gone, book what it cost, and name the reason."""
        document, reason = self._legs.of(trade), trade.exit_reason
        self._ended.add(trade.pair)
        life = leg_ended(document.life, reason, now_ms)
        booked = {"fees": fees_of(trade), "funding": 0.0 - (trade.funding_fees or 0.0)}
        self._legs.put(trade, replace(document, life=life, decision=document.decision | {"booked": booked}))
        if reason in STOPS and life.exit is not None:
            # Freqtrade's guards count stops that lost: a leg's was no failed entry.
            self._legs.rename(trade, exit_reason=str(life.exit))
        if self._live and life.exit is not None:
            result = f"{trade.close_profit_abs or 0.0:+.2f} {trade.stake_currency or ''}".rstrip()
            told = f"{MEANINGS[life.exit]}; result {result}, fees {booked['fees']:.2f}"
            self._say(f"{trade.pair}#{trade.id} {trade.enter_tag} has ended: {told}")

    def pop_ended(self) -> set[str]:
        """Pairs whose legs have ended since the last question."""
        ended, self._ended = self._ended, set()
        return ended

    def _step(self, trade: LocalTrade, trades: Sequence[LocalTrade], now_ms: int) -> None:
        runner = self._book.runner(trade.pair)
        if runner is None:  # after a restart, before the first analysis: Freqtrade's own stop stands
            return
        document = self._legs.of(trade)
        if self._keeper.state(trade.id) is None:
            self._keeper.put(trade.id, _stop_of(trade, runner.candles.candle_end(now_ms)))
        # A runner asks no more for its primary: in a running bot that would read all closed trades each time.
        paired = document.life.phase == Phase.PAIRED
        primary, found = primary_now(document.life.primary_id, trades) if paired else (None, None)
        reading = None if primary is None else self._book.reading(primary.pair, trade.pair, now_ms)
        state = HedgeState.UNKNOWN if reading is None else reading.state
        length = runner.candles.length_ms
        settings = self._book.settings
        life = advance_life(
            document.life, found, state, runner, now_ms, self._keeper.min_step, length, settings
        )
        if life is not document.life:
            self._tell(trade, document, life)
            document = replace(document, life=life)
            self._legs.put(trade, document)
            self._hold(trade, life.stop)
        if life.phase == Phase.PAIRED and primary is not None and reading is not None:
            squeeze = self._book.squeeze(primary.pair, side_of(primary), now_ms)
            worth = primary.amount * self._book.price(primary.pair, now_ms)
            target = leg_size(reading.beta, worth, hedge_ratio(squeeze, settings), settings).notional
            self._weigh(trade, document, target, state, now_ms)

    def _weigh(
        self, trade: LocalTrade, document: LegDocument, target: float, state: HedgeState, now_ms: int
    ) -> None:
        """Take down a change of size that is worth an order, and was not refused a while ago."""
        tried = self._tried.get(trade.id)
        if trade.has_open_orders or (
            tried is not None and now_ms - tried < self._book.settings.rebalance_minutes * MINUTE_MS
        ):
            return
        held = self._notional(trade, now_ms)
        change = rebalance(held, target, state, document.resized_ms, now_ms, self._book.settings)
        if change and isfinite(change):
            self._changes[trade.id] = change

    def _notional(self, trade: LocalTrade, now_ms: int) -> float:
        return float(trade.amount) * self._book.price(trade.pair, now_ms)

    def _hold(self, trade: LocalTrade, stop: StopState | None) -> None:
        """Let a runner's stop stand for the leg; the protective stop stays where it is the nearer one."""
        before = self._keeper.state(trade.id)
        if stop is not None and before is not None:
            nearest = stop.side * max(stop.side * stop.stop, stop.side * before.stop)
            self._keeper.put(trade.id, replace(stop, stop=nearest))

    def _tell(self, trade: LocalTrade, before: LegDocument, life: Any) -> None:
        if life.phase != before.life.phase:
            why = MEANINGS[life.exit] if life.exit is not None else "its primary was stopped"
            logger.log(self._level, "%s %s: %s, %s", trade.pair, trade.enter_tag, life.phase, why)
            if self._live and life.phase == Phase.RUNNER:
                self._say(f"{trade.pair}#{trade.id} {trade.enter_tag} runs on by itself: {why}")


def _stop_of(trade: LocalTrade, as_of_ms: int) -> StopState:
    """A leg's stop as Freqtrade has kept it over a restart."""
    stop = float(trade.stop_loss)
    return StopState(side_of(trade), trade.open_rate, stop, stop, trade.open_rate, False, as_of_ms)


def stop_distance(protect: float, settings: HedgeSettings) -> float:
    """Distance of a paired leg's own stop, fraction of price, from that of an ordinary trade's."""
    return min(settings.stop_times * protect, LARGEST_STOP)


def fees_of(trade: LocalTrade) -> float:
    """Fees of all of a trade's filled orders, quote currency."""
    rates = {trade.entry_side: trade.fee_open, trade.exit_side: trade.fee_close}
    paid = (
        (rates.get(order.ft_order_side) or 0.0) * order.safe_filled * order.safe_price
        for order in trade.orders
    )
    return float(sum(paid))
