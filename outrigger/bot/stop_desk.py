"""Answers Freqtrade's two questions about an open trade: where its stop is, and whether to leave now.

A leg has the same two answers from another source: a fixed stop while it is paired and a runner's trail
afterwards, both taken further by `outrigger.bot.leg_lives`, and the end of its life.
"""

from __future__ import annotations

from math import isfinite

from freqtrade.enums import ExitType
from freqtrade.persistence import LocalTrade
from freqtrade.strategy import stoploss_from_absolute

from outrigger.bot.leg_lives import LegLives
from outrigger.bot.leg_records import is_leg
from outrigger.bot.override_desk import OverrideDesk
from outrigger.bot.records import TradeRecords, side_of
from outrigger.bot.sizing import EntryDesk
from outrigger.stops.keeper import StopKeeper
from outrigger.stops.law import StopState, is_crossed

# A stop that Freqtrade holds within this fraction of ours is ours, rounded to the price's tick.
SAME_STOP = 1e-9
CROSSED = "stop_crossed"
FORCED = frozenset({ExitType.FORCE_EXIT.value, ExitType.EMERGENCY_EXIT.value})


class StopDesk:
    """Answers `custom_stoploss` and `custom_exit`.

    Parameters
    ----------
    keeper : StopKeeper
        The stops of all open trades.
    records : TradeRecords
        Opens, advances and stores them.
    desk : EntryDesk
        Knows why a trade that is just filled has its size.
    lives : LegLives
        Knows the same of legs.
    overrides : OverrideDesk
        Knows what the trader wants closed.

    Attributes
    ----------
    second_line : bool
        Whether Freqtrade leaves the stop to the exchange alone, as it does where it trades for real and stops
        are placed there: the software's stop is then looked after here.
    """

    def __init__(
        self,
        keeper: StopKeeper,
        records: TradeRecords,
        desk: EntryDesk,
        lives: LegLives,
        overrides: OverrideDesk,
    ) -> None:
        self._keeper, self._records, self._desk, self._lives = keeper, records, desk, lives
        self._overrides = overrides
        self.second_line = False

    def stop(
        self, trade: LocalTrade, now_ms: int, current_rate: float, policy: str, *, filled: bool
    ) -> float | None:
        """Stop of a trade as Freqtrade wants it.

        Parameters
        ----------
        trade : LocalTrade
            An open trade.
        now_ms : int
            Present time in ms.
        current_rate : float
            What Freqtrade measures the distance from.
        policy : str
            Policy of the stop, for the record.
        filled : bool
            Whether one of its orders has just been filled.

        Returns
        -------
        float or None
            Distance on margin; None leaves the stop where it is.
        """
        pair = trade.pair
        fresh = filled and trade.nr_of_successful_entries <= 1 and not trade.nr_of_successful_exits
        if is_leg(trade.enter_tag):
            state = self._lives.opened(trade, now_ms) if fresh else self._keeper.state(trade.id)
        elif fresh:
            state = self._records.opened(trade, policy, self._desk.reasons(pair), now_ms)
            self._desk.withdraw(pair)
        else:
            state = self._records.advanced(trade, policy, now_ms)
        if state is None or not (fresh or is_news(trade, state)):
            return None
        if not fresh and self._keeper.crossed(trade.id, pair, now_ms):
            return None
        return on_margin(state.stop, current_rate, trade)

    def exit_reason(self, trade: LocalTrade, now_ms: int, current_rate: float) -> str | None:
        """Why to leave at once: the trader says so, a leg's life is over, or price has passed a stop.

        A stop that Freqtrade has is Freqtrade's to act on, or the exchange's, if it stands there.
        """
        over = self._overrides.exit_reason(trade, now_ms) or self._lives.exit_reason(trade.id)
        if over is None and self.second_line and is_unguarded(trade, current_rate):
            return CROSSED
        state = self._keeper.state(trade.id)
        if over is not None or state is None or not is_news(trade, state):
            return over
        passed = is_crossed(state, current_rate) or self._keeper.crossed(trade.id, trade.pair, now_ms)
        return CROSSED if passed else None


def is_news(trade: LocalTrade, state: StopState) -> bool:
    """Whether Freqtrade's own stop is less favourable than ours."""
    return state.side * (state.stop - float(trade.stop_loss)) > SAME_STOP * state.stop


def is_unguarded(trade: LocalTrade, current_rate: float) -> bool:
    """Whether price has passed Freqtrade's stop, and no order that is as tight waits on the exchange."""
    side, stop = side_of(trade), float(trade.stop_loss or 0.0)
    if stop <= 0 or current_rate <= 0 or side * (current_rate - stop) > 0:
        return False
    placed = [float(order.stop_price or order.ft_price or 0.0) for order in trade.open_sl_orders]
    return not any(side * (price - stop) >= -SAME_STOP * stop for price in placed)


def is_no_price(rate: float, reason: str) -> bool:
    """Whether an exit follows from a price that is none, such as a book at zero, and nobody forces it.

    Every long's stop lies above zero, so such an answer would end them all, at whatever the market gives.
    """
    return not (isfinite(rate) and rate > 0) and reason not in FORCED


def on_margin(stop: float, current_rate: float, trade: LocalTrade) -> float | None:
    """The one place where leverage meets a stop: an absolute price becomes a distance on margin."""
    # Measured from a book at price zero any stop lies at zero, which a short takes for a tighter one.
    if current_rate <= 0:
        return None
    leverage = trade.leverage or 1.0
    return stoploss_from_absolute(stop, current_rate, is_short=trade.is_short, leverage=leverage) or None
