"""A position of an account on the replay exchange: isolated, one for each contract."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from outrigger.replay.bybit_contracts import tiers_of
from outrigger.replay.market import ReplayMarket
from outrigger.risk.liquidation import liquidation_price, maintenance_tiers, tier_of


@dataclass(slots=True)
class Position:
    """What is held of a contract.

    Parameters
    ----------
    amount : Decimal
        Base currency, negative for a short.
    entry : Decimal
        Mean price at which it was opened.
    leverage : int
        As set for the contract.
    margin_type : str
        `ISOLATED` or `CROSSED`; an account starts with the latter, as on the exchange.
    updated_ms : int
        When it last changed.
    """

    amount: Decimal = Decimal(0)
    entry: Decimal = Decimal(0)
    leverage: int = 20
    margin_type: str = "CROSSED"
    updated_ms: int = 0

    @property
    def side(self) -> int:
        """+1 long, -1 short, 0 none."""
        return (self.amount > 0) - (self.amount < 0)

    @property
    def margin(self) -> Decimal:
        """Quote currency set aside for it."""
        return abs(self.amount) * self.entry / self.leverage

    def unrealised(self, price: Decimal) -> Decimal:
        """Quote currency earned at a price and not yet booked."""
        return self.amount * (price - self.entry)

    def trade(self, amount: Decimal, price: Decimal, time_ms: int) -> Decimal:
        """Buy (or sell, where negative) and give what that earned on the part that was closed."""
        closed = min(abs(amount), abs(self.amount)) if amount * self.amount < 0 else Decimal(0)
        earned = closed * self.side * (price - self.entry)
        opened = abs(amount) - closed
        if opened and closed == abs(self.amount):
            self.entry = price
        elif opened:
            held = abs(self.amount)
            self.entry = (held * self.entry + opened * price) / (held + opened)
        self.amount += amount
        self.updated_ms = time_ms
        if not self.amount:
            self.entry = Decimal(0)
        return earned


def maintenance(market: ReplayMarket, symbol: str, notional: float) -> float:
    """Margin below which a position of this value is liquidated, quote currency."""
    tier = tier_of(notional, maintenance_tiers(tiers_of(market, symbol), symbol))
    return max(notional * tier.rate - tier.amount, 0.0)


def liquidated_at(market: ReplayMarket, symbol: str, position: Position) -> float:
    """Price at which the exchange would liquidate a position, 0 where there is none."""
    if not position.side:
        return 0.0
    tiers = maintenance_tiers(tiers_of(market, symbol), symbol)
    entry = float(position.entry)
    return liquidation_price(
        position.side, entry, abs(float(position.amount)) * entry, position.leverage, tiers
    )
