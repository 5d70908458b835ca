"""A synthetic order book around the last price.

Where no book was recorded beside the candles, this one is made up: one tick between the best prices, a
level at every tick, amounts that grow away from the middle and follow the last hour's volume. It is good for
pricing and filling dry-run orders. It holds no information about the market, and nothing that is measured
on it means anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from outrigger.replay.contracts import Rules

BEST_LEVEL_SHARE = 0.05
GROWTH_PER_LEVEL = 0.1
LEAST_LEVEL_QUOTE = 5_000.0


@dataclass(frozen=True, slots=True)
class Book:
    """Bids and asks, best first.

    Parameters
    ----------
    bids, asks : list of (Decimal, Decimal)
        Price in quote currency and amount in base currency.
    time_ms : int or None
        When it was recorded, milliseconds since the epoch; None for one that is made up now.
    """

    bids: list[tuple[Decimal, Decimal]]
    asks: list[tuple[Decimal, Decimal]]
    time_ms: int | None = None


def synthetic_book(price: float, rules: Rules, minute_volume: float, levels: int) -> Book:
    """Make up a book whose best bid and best ask enclose the price.

    Parameters
    ----------
    price : float
        Last price, quote currency.
    rules : Rules
        Tick and lot of the contract.
    minute_volume : float
        Usual volume a minute, base currency; the best level holds a twentieth of it, and at least 5,000
        units of quote currency.
    levels : int
        Levels on each side; bids end early rather than reach zero.

    Returns
    -------
    Book
        A synthetic book.
    """
    steps = int((Decimal(repr(price)) / rules.tick).to_integral_value(ROUND_FLOOR))
    best = max(BEST_LEVEL_SHARE * minute_volume, LEAST_LEVEL_QUOTE / price)

    def amount(level: int) -> Decimal:
        lots = Decimal(best * (1 + GROWTH_PER_LEVEL * level) / float(rules.lot)).to_integral_value(
            ROUND_FLOOR
        )
        return max(Decimal(1), lots) * rules.lot

    bids = [((steps - i) * rules.tick, amount(i)) for i in range(min(levels, steps))]
    asks = [((steps + 1 + i) * rules.tick, amount(i)) for i in range(levels)]
    return Book(bids, asks)
