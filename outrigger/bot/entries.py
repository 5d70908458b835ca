"""Answers Freqtrade's questions about an entry, in the order in which it asks: leverage, then the stake.

Whoever has a say is asked in one place: what the exchange holds already, the trader's own word, the drawdown
breaker, the hedge for its legs and the risk rules for everything else. The first refusal stands, in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from math import nan
from typing import Any

from freqtrade.persistence import LocalTrade

from outrigger.bot import sizing
from outrigger.bot.breaker_watch import BreakerWatch
from outrigger.bot.hedge import HedgeDesk
from outrigger.bot.leg_records import is_leg
from outrigger.bot.open_trades import open_trades
from outrigger.bot.override_desk import OverrideDesk
from outrigger.bot.strays import Strays
from outrigger.signals.confidence import confidence_of
from outrigger.stops.keeper import StopKeeper

logger = logging.getLogger(__name__)


class Entries:
    """Leverage and stake of every entry.

    Parameters
    ----------
    keeper : StopKeeper
        The stops of all open trades, and the candles that equity is worked out from.
    desk : EntryDesk
        Sizes from risk.
    hedge : HedgeDesk
        Sizes legs.
    breaker : BreakerWatch
        Refuses while the account falls.
    overrides : OverrideDesk
        Refuses what the trader does not want.
    live : bool
        Whether a bot runs: a backtest's refusals are for debugging only.

    Attributes
    ----------
    strays : Strays
        Positions that no trade explains: nothing is added to them.
    """

    def __init__(
        self,
        keeper: StopKeeper,
        desk: sizing.EntryDesk,
        hedge: HedgeDesk,
        breaker: BreakerWatch,
        overrides: OverrideDesk,
        *,
        live: bool,
    ) -> None:
        self._keeper, self._desk, self._hedge = keeper, desk, hedge
        self._breaker, self._overrides = breaker, overrides
        self.strays = Strays(live=live)
        self._basis: tuple[Any, ...] = ()
        self._total = nan
        self._level = logging.INFO if live else logging.DEBUG

    def leverage(
        self, strategy: Any, pair: str, side: str, tag: str | None, now_ms: int, limit: float
    ) -> float:
        """Leverage at which the protective stop lies well inside liquidation.

        Parameters
        ----------
        strategy : IStrategy
            For its settings, wallets and exchange.
        pair : str
            The pair.
        side : str
            `long` or `short`.
        tag : str or None
            The entry's tag.
        now_ms : int
            Present time in ms.
        limit : float
            What the exchange grants.

        Returns
        -------
        float
            1 where there will be no entry.
        """
        number = sizing.SIDES[side]
        if is_leg(tag):
            return self._hedge.entries.leverage(strategy, pair, number, now_ms, limit)
        equity = self.equity(strategy, open_trades(), now_ms)
        settings = strategy.settings
        confidence = confidence_of(tag, settings.signals)
        limits = (limit, strategy.dp._exchange, settings.risk)
        return float(self._desk.leverage(pair, number, confidence, equity, now_ms, *limits))

    def stake(
        self,
        strategy: Any,
        pair: str,
        side: str,
        tag: str | None,
        now_ms: int,
        leverage: float,
        min_stake: float,
        max_stake: float,
    ) -> float:
        """Margin of an entry, quote currency.

        Parameters
        ----------
        strategy, pair, side, tag, now_ms
            As in `leverage`.
        leverage : float
            What Freqtrade settled on.
        min_stake, max_stake : float
            What the exchange takes, and the margin that is free.

        Returns
        -------
        float
            0 keeps out, with the reason in the log.
        """
        stake, refusal = 0.0, self.strays.refusal(strategy, pair)
        if refusal is None and is_leg(tag):
            stake, refusal = self._leg(pair, now_ms, leverage, min_stake, max_stake)
        elif refusal is None:
            stake, refusal = self._own(strategy, pair, side, tag, now_ms, leverage, min_stake, max_stake)
        if refusal:
            logger.log(self._level, "%s: no entry: %s", pair, refusal)
            return 0.0
        return stake

    def _leg(
        self, pair: str, now_ms: int, leverage: float, min_stake: float, max_stake: float
    ) -> tuple[float, str | None]:
        ticket = self._hedge.entries.ticket(pair)
        pairs = (pair,) if ticket is None else (pair, ticket.primary.pair)
        stake = self._hedge.entries.stake(pair, leverage, min_stake, max_stake)
        return stake, self._overrides.leg_refusal(pairs, now_ms)

    def _own(
        self,
        strategy: Any,
        pair: str,
        side: str,
        tag: str | None,
        now_ms: int,
        leverage: float,
        min_stake: float,
        max_stake: float,
    ) -> tuple[float, str | None]:
        if not self._desk.knows(pair):  # a forced entry may bring its own leverage
            self.leverage(strategy, pair, side, tag, now_ms, leverage)
        trades, risk = open_trades(), strategy.settings.risk
        equity, paired = self.equity(strategy, trades, now_ms), self._hedge.lives.paired(trades)
        account = sizing.account_of(trades, self._keeper, equity, max_stake, risk, paired)
        stake, refusal = self._desk.stake(pair, account, leverage, min_stake, risk)
        said = self._overrides.refusal(pair, now_ms)
        return stake, said or self._breaker.refusal(now_ms) or refusal

    def equity(self, strategy: Any, trades: Sequence[LocalTrade], now_ms: int) -> float:
        """Account value with all open trades at their last closed price, quote currency."""
        return self._settled(strategy, trades) + sizing.unrealised(trades, self._keeper, now_ms)

    def _settled(self, strategy: Any, trades: Sequence[LocalTrade]) -> float:
        """What Freqtrade counts as the account; it asks its database, so only when money has moved."""
        wallets, margins = strategy.wallets, [(trade.id, trade.stake_amount) for trade in trades]
        basis = (wallets.get_free(strategy.config["stake_currency"]), margins)
        if basis != self._basis:
            self._basis, self._total = basis, float(wallets.get_total_stake_amount())
        return self._total
