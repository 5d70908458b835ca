"""Orders and stops of an account on the replay exchange, and their words for what became of them.

A stop is an order of another kind on Binance since the end of 2025 (`algoOrder`): it waits with a number of
its own, and when its price is reached the exchange sends a market order, whose number it then names.
Amounts and prices are decimals: an exchange does not round as floats do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

NEW, PARTLY, FILLED, EXPIRED = "NEW", "PARTIALLY_FILLED", "FILLED", "EXPIRED"
CANCELED, FINISHED, REJECTED = "CANCELED", "FINISHED", "REJECTED"
BUY, SELL = "BUY", "SELL"


def sign(side: str) -> int:
    """+1 for a purchase, -1 for a sale."""
    return 1 if side == BUY else -1


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client wants.

    Parameters
    ----------
    symbol : str
        The exchange's symbol.
    side : str
        `BUY` or `SELL`.
    quantity : Decimal
        Base currency.
    reduce_only : bool
        Whether it may only make a position smaller.
    client_id : str
        The client's own name for it.
    """

    symbol: str
    side: str
    quantity: Decimal
    reduce_only: bool
    client_id: str


@dataclass(frozen=True, slots=True)
class Fill:
    """A part of an order that was filled, in base and quote currency."""

    number: int
    order: int
    time_ms: int
    price: Decimal
    amount: Decimal
    fee: Decimal
    earned: Decimal


@dataclass(slots=True)
class Order:
    """A market order.

    Parameters
    ----------
    number : int
        The exchange's number.
    asked : Asked
        What it was sent with.
    time_ms : int
        When it was accepted.
    """

    number: int
    asked: Asked
    time_ms: int
    status: str = NEW
    fills: list[Fill] = field(default_factory=list)

    @property
    def filled(self) -> Decimal:
        """Base currency filled so far."""
        return sum((fill.amount for fill in self.fills), Decimal(0))

    @property
    def paid(self) -> Decimal:
        """Quote currency of the fills."""
        return sum((fill.amount * fill.price for fill in self.fills), Decimal(0))

    @property
    def updated_ms(self) -> int:
        """When it last changed."""
        return self.fills[-1].time_ms if self.fills else self.time_ms


@dataclass(slots=True)
class Stop:
    """A stop that waits for its price.

    Parameters
    ----------
    number : int
        The exchange's number.
    asked : Asked
        What it was sent with.
    trigger : Decimal
        Price that sends its market order.
    working : str
        `MARK_PRICE` or `CONTRACT_PRICE`.
    time_ms, updated_ms : int
        When it was accepted, and when it last changed.
    order : int or None
        Number of the order that it has sent.
    """

    number: int
    asked: Asked
    trigger: Decimal
    working: str
    time_ms: int
    updated_ms: int
    status: str = NEW
    order: int | None = None
