"""Answers Freqtrade's questions about leverage and stake from its wallets, its tiers and the risk rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf, nan
from types import MappingProxyType
from typing import Any

from freqtrade.persistence import LocalTrade

from outrigger.bot.records import side_of
from outrigger.regime.effects import RegimeEffects
from outrigger.risk.leverage import LeverageChoice, choose_leverage
from outrigger.risk.liquidation import MaintenanceTier, maintenance_tiers
from outrigger.risk.size import Account, Market, SizeDecision, open_risk, position_size
from outrigger.settings.risk import RiskSettings
from outrigger.sided import Sided
from outrigger.stops.keeper import StopKeeper

SIDES = {"long": 1, "short": -1}
NO_PAIRS: Mapping[int, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RegimeAdvice:
    """Multipliers of risk and of the leverage limit that the regimes ask for at an entry."""

    size: float = 1.0
    leverage: float = 1.0


@dataclass(slots=True)
class Ticket:
    """What was decided for an entry, kept until its order is filled and recorded with the trade."""

    protective_distance: float
    sigma: float
    confidence: float
    regime: RegimeAdvice = RegimeAdvice()
    leverage: LeverageChoice | None = None
    size: SizeDecision | None = None

    def sized(
        self, account: Account, leverage: float, min_notional: float, settings: RiskSettings
    ) -> SizeDecision:
        """Size a position for this ticket; see `outrigger.risk.size.position_size`."""
        market = Market(self.protective_distance, self.sigma, min_notional)
        return position_size(account, market, self.confidence * self.regime.size, leverage, settings)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "protective_distance": self.protective_distance,
            "sigma": self.sigma,
            "confidence": self.confidence,
            "regime": {"size": self.regime.size, "leverage": self.regime.leverage},
            "leverage": self.leverage.to_dict() if self.leverage else None,
            "size": self.size.to_dict() if self.size else None,
        }


class EntryDesk:
    """Answers the two questions of an entry, leverage first and stake second, as Freqtrade asks them.

    Parameters
    ----------
    keeper : StopKeeper
        For the widths and the forecast that an entry would start with.
    """

    def __init__(self, keeper: StopKeeper) -> None:
        self._keeper = keeper
        self._tickets: dict[str, Ticket] = {}
        self._effects: dict[str, Sided[RegimeEffects]] = {}

    def heed(self, pair: str, effects: Sided[RegimeEffects] | None) -> None:
        """Take over what the regimes ask for, one row a candle of the pair's track; None asks for nothing."""
        if effects is None:
            self._effects.pop(pair, None)
        else:
            self._effects[pair] = effects

    def reasons(self, pair: str) -> dict[str, Any]:
        """Why the pair's last entry has its size and leverage, as plain JSON types."""
        ticket = self._tickets.get(pair)
        return ticket.to_dict() if ticket else {}

    def knows(self, pair: str) -> bool:
        """Whether leverage has been asked for since the pair's last entry was filled."""
        return pair in self._tickets

    def withdraw(self, pair: str) -> None:
        """Forget a pair's last entry, so that nothing is sized from it."""
        self._tickets.pop(pair, None)

    def leverage(
        self,
        pair: str,
        side: int,
        confidence: float,
        equity: float,
        now_ms: int,
        max_leverage: float,
        exchange: Any,
        settings: RiskSettings,
    ) -> int:
        """Largest leverage that keeps the stop inside liquidation, for the largest size the trade may get.

        Parameters
        ----------
        pair : str
            The pair.
        side : int
            +1 for a long, -1 for a short.
        confidence : float
            Share of full risk.
        equity : float
            Account value in quote currency.
        now_ms : int
            Present time in ms.
        max_leverage : float
            What the exchange grants.
        exchange : Exchange
            Freqtrade's exchange, for tiers and `liquidation_buffer`.
        settings : RiskSettings
            Limits.

        Returns
        -------
        int
            1 where there is no forecast; the stake will then be refused.
        """
        self.withdraw(pair)
        track, widths = self._keeper.track(pair), self._keeper.widths(pair, side, now_ms)
        if track is None or widths is None:
            return 1
        row = self._keeper.last_closed(pair, now_ms)
        sigma, advice = float(track.market.sigma[row]), self._advice(pair, side, row)
        ticket = self._tickets[pair] = Ticket(widths.protect, sigma, confidence, advice)
        full = ticket.sized(Account(equity), settings.max_leverage, 0.0, settings)
        ticket.leverage = choose_leverage(
            side,
            full.notional if full.notional is not None else max(equity, 1.0),
            widths.protect,
            tiers_of(exchange, pair),
            settings,
            exchange_max=max(min(max_leverage, settings.max_leverage * advice.leverage), 1.0),
            buffer=float(exchange.liquidation_buffer),
        )
        return ticket.leverage.leverage

    def _advice(self, pair: str, side: int, row: int) -> RegimeAdvice:
        effects = self._effects.get(pair)
        if effects is None or row >= len(effects.long.size):
            return RegimeAdvice()
        told = effects.of(side)
        return RegimeAdvice(float(told.size[row]), float(told.leverage[row]))

    def stake(
        self, pair: str, account: Account, leverage: float, min_stake: float, settings: RiskSettings
    ) -> tuple[float, str | None]:
        """Margin for the entry whose leverage was asked for last.

        Parameters
        ----------
        pair : str
            The pair.
        account : Account
            Equity, open risk and margin.
        leverage : float
            Leverage that Freqtrade settled on.
        min_stake : float
            Smallest margin that the exchange takes, quote currency.
        settings : RiskSettings
            Limits.

        Returns
        -------
        stake : float
            Quote currency; 0 if refused.
        refusal : str or None
            Why, in plain words.
        """
        ticket = self._tickets.get(pair)
        if ticket is None or ticket.leverage is None:
            return 0.0, "no forecast for this pair yet"
        if not ticket.leverage.stop_inside or leverage > ticket.leverage.leverage:
            return 0.0, f"{leverage:g}x is too much: {ticket.leverage.reason}"
        size = ticket.size = ticket.sized(account, leverage, min_stake * leverage, settings)
        if size.notional is None:
            return 0.0, "; ".join(size.reasons)
        return size.notional / leverage, None


def account_of(
    trades: Iterable[LocalTrade],
    keeper: StopKeeper,
    equity: float,
    margin: float,
    settings: RiskSettings,
    paired: Mapping[int, int] = NO_PAIRS,
) -> Account:
    """What the account can carry beside its open trades.

    Parameters
    ----------
    trades : iterable of LocalTrade
        The open ones.
    keeper : StopKeeper
        For their present stops.
    equity : float
        Account value in quote currency.
    margin : float
        Margin that is not tied up.
    settings : RiskSettings
        Fee and slippage allowance.
    paired : mapping of int to int
        Number of the primary of each leg that stands against one. The two cannot be stopped by the same
        move, so the larger risk of the pair counts; what the other would gain meanwhile does not.

    Returns
    -------
    Account
        With the loss if every open trade were stopped at once; infinite where one has no stop.
    """
    risks: dict[int, float] = {}
    for trade in trades:
        if not trade.amount:
            continue
        state = keeper.state(trade.id)
        stop = state.stop if state else trade.stop_loss
        notional = trade.amount * trade.open_rate
        side = side_of(trade)
        risk = open_risk(side, trade.open_rate, stop, notional, settings) if stop else inf
        # A primary that is gone leaves its number to the leg alone, whose risk then counts in full.
        number = paired.get(trade.id, trade.id)
        risks[number] = max(risks.get(number, 0.0), risk)
    return Account(equity, sum(risks.values()), margin)


def unrealised(trades: Iterable[LocalTrade], keeper: StopKeeper, now_ms: int) -> float:
    """Result of all open trades at their pairs' last closed price, in quote currency, fees left out.

    Parameters
    ----------
    trades : iterable of LocalTrade
        The open ones.
    keeper : StopKeeper
        For the pairs' candles.
    now_ms : int
        Present time in ms.

    Returns
    -------
    float
        NaN while a pair has not been analysed: an equity that is not known sizes nothing.
    """
    total = 0.0
    for trade in trades:
        track = keeper.track(trade.pair)
        row = keeper.last_closed(trade.pair, now_ms)
        if track is None or row < 0:
            return nan
        side = side_of(trade)
        total += side * trade.amount * (float(track.close[row]) - trade.open_rate)
    return total


def tiers_of(exchange: Any, pair: str) -> tuple[MaintenanceTier, ...]:
    """Maintenance tiers of a pair, from the exchange object that Freqtrade already filled.

    Freqtrade offers no public way to read them as a whole; `_leverage_tiers` is what its own liquidation
    formula reads.
    """
    return maintenance_tiers(exchange._leverage_tiers.get(pair, []), pair)
