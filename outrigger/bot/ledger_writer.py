"""Writes every filled exit of a running bot into the ledger, from what Freqtrade knows of the order.

The decision is taken down when Freqtrade asks whether an exit is confirmed, just before it sends the order.
It asks neither before a liquidation nor before a stop on the exchange, which have no decision here. Whatever
goes wrong costs a line, never a trade. A backtest writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from freqtrade.persistence import LocalTrade

from outrigger.bot.faults import FaultLog
from outrigger.bot.leg_records import is_leg
from outrigger.bot.records import side_of
from outrigger.bot.regimes import COLUMNS
from outrigger.ledger.book import append, directory_in
from outrigger.ledger.entry import ExitKind, Keeper, LedgerEntry
from outrigger.market.moment import to_ms
from outrigger.regime.classes import REGIMES
from outrigger.stops.keeper import StopKeeper

ON_EXCHANGE = "stoploss_on_exchange"
CROSSED = "stop_crossed"
KINDS = {
    **dict.fromkeys(("stop_loss", "trailing_stop_loss", ON_EXCHANGE, CROSSED), ExitKind.STOP),
    "liquidation": ExitKind.LIQUIDATION,
    "emergency_exit": ExitKind.EMERGENCY,
}
# Freqtrade's own name for the side of an order that is a stop on the exchange.
STOP_ORDER = "stoploss"


@dataclass(frozen=True, slots=True)
class Decision:
    """An exit that was decided and not yet filled."""

    reason: str
    at_ms: int
    quoted: float
    stop: float | None


class LedgerWriter:
    """The ledger of one bot.

    Parameters
    ----------
    config : mapping
        Freqtrade's configuration: the user data directory, and whether trading is dry.
    keeper : StopKeeper
        For stops that price has passed before Freqtrade had them.
    faults : FaultLog
        Told of a line that could not be written.
    live : bool
        Whether a bot runs.
    """

    def __init__(
        self, config: Mapping[str, Any], keeper: StopKeeper, faults: FaultLog, *, live: bool
    ) -> None:
        self._directory = directory_in(Path(config["user_data_dir"]))
        self._dry = bool(config.get("dry_run", True))
        self._keeper, self._faults, self._live = keeper, faults, live
        self._decided: dict[int, Decision] = {}
        self._regimes: dict[str, str | None] = {}

    def heed(self, pair: str, frame: pd.DataFrame) -> None:
        """Take note of a pair's likeliest regime in its last candle."""
        if self._live and COLUMNS[0] in frame and len(frame):
            told = np.array([frame[name].to_numpy()[-1] for name in COLUMNS])
            self._regimes[pair] = None if np.isnan(told).any() else REGIMES[int(told.argmax())]

    def decided(self, trade: LocalTrade, reason: str, rate: float, now: datetime) -> None:
        """Take note of an exit that Freqtrade is about to order."""
        if not self._live:
            return
        try:
            self._decided[trade.id] = Decision(reason, to_ms(now), float(rate), self._stop(trade, reason))
        except Exception as error:
            self._faults.record("ledger", trade.pair, error, "an exit has no time of decision")

    def filled(self, trade: LocalTrade, order: Any) -> None:
        """Write an exit's filled order down; entries and changes of size are no exits' business.

        Parameters
        ----------
        trade : LocalTrade
            After the fill.
        order : Order
            Filled, in whole or, if it was cancelled, in part.
        """
        if not self._live:
            return
        try:
            if order.ft_order_side in (trade.exit_side, STOP_ORDER) and order.safe_filled > 0:
                append(self._directory, self._entry(trade, order))
            if not trade.is_open:
                self._decided.pop(trade.id, None)
        except Exception as error:
            self._faults.record("ledger", trade.pair, error, "this exit is not in the ledger")

    def _entry(self, trade: LocalTrade, order: Any) -> LedgerEntry:
        on_exchange = order.ft_order_side == STOP_ORDER
        reason = ON_EXCHANGE if on_exchange else order.ft_order_tag or trade.exit_reason or "unknown"
        kind, decision = KINDS.get(reason, ExitKind.OTHER), self._decided.get(trade.id)
        if on_exchange or (decision is not None and decision.reason != reason):
            decision = None
        if kind is ExitKind.LIQUIDATION:
            stop = trade.liquidation_price
        elif on_exchange:
            stop = order.stop_price or self._stop(trade, reason)
        elif kind is ExitKind.STOP:
            stop = self._stop(trade, reason) if decision is None else decision.stop
        else:
            stop = None
        return LedgerEntry(
            trade_id=trade.id,
            order_id=str(order.order_id),
            pair=trade.pair,
            exchange=trade.exchange,
            side=side_of(trade),
            leg=is_leg(trade.enter_tag),
            reason=reason,
            kind=kind,
            kept_by=Keeper.EXCHANGE if on_exchange else Keeper.SOFTWARE,
            stop=None if stop is None else float(stop),
            quoted=None if decision is None else decision.quoted,
            decided_ms=None if decision is None else decision.at_ms,
            ordered_ms=to_ms(order.order_date_utc),
            filled_ms=to_ms(order.order_filled_utc or order.order_date_utc),
            price=float(order.safe_price),
            amount=float(order.safe_filled),
            left=float(trade.amount) if trade.is_open else 0.0,
            regime=self._regimes.get(trade.pair),
            dry=self._dry,
        )

    def _stop(self, trade: LocalTrade, reason: str) -> float | None:
        """The stop that an exit is judged by: Freqtrade's, or ours where price passed it before it stood."""
        state = self._keeper.state(trade.id) if reason == CROSSED else None
        stop = float(trade.stop_loss or 0.0) if state is None else state.stop
        return stop if isfinite(stop) and stop > 0 else None
