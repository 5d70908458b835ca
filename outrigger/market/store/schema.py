"""The three kinds of market data that the store keeps, column by column.

One row is one reading. `known_ms` is the moment from which a trader could have had it; features read by
that time alone, so that an archive, a recording and a live feed cannot disagree about causality. Missing
values are NaN, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

VERSION: Final = 1

# Distance from the mid, as fractions of price, within which depth is cumulated on each side.
BANDS: Final = (0.002, 0.01, 0.02, 0.03, 0.04, 0.05)


def band_name(side: str, band: float, unit: str) -> str:
    """Name of a cumulative depth column.

    Parameters
    ----------
    side : str
        `"bid"` or `"ask"`.
    band : float
        One of `BANDS`.
    unit : str
        `"base"` or `"quote"`.

    Returns
    -------
    str
        Such as `bid_quote_0.2` or `ask_base_5`: the band in per cent.
    """
    return f"{side}_{unit}_{band * 100:g}"


class Kind(StrEnum):
    """What a table holds."""

    BOOK = "book"
    METRICS = "metrics"
    LIQUIDATIONS = "liquidations"


@dataclass(frozen=True, slots=True)
class Schema:
    """Columns of one kind; all float64 but the times, which are int64 milliseconds since the epoch.

    Parameters
    ----------
    kind : Kind
        What it describes.
    values : tuple of str
        Value columns after `time_ms` and `known_ms`.
    """

    kind: Kind
    values: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in order."""
        return ("time_ms", "known_ms", *self.values)


# Cumulative depth within each band of the mid, and the top of the book where it was seen.
BOOK: Final = Schema(
    Kind.BOOK,
    (
        "best_bid",
        "best_ask",
        "best_bid_base",
        "best_ask_base",
        *(
            band_name(side, band, unit)
            for side in ("bid", "ask")
            for unit in ("base", "quote")
            for band in BANDS
        ),
    ),
)

# Positions and what they pay: open interest in base and quote currency, ratios as numbers (1 is balanced),
# funding as a fraction an interval; `next_funding_ms` is a time, a float64 because it may be missing.
METRICS: Final = Schema(
    Kind.METRICS,
    (
        "open_interest_base",
        "open_interest_quote",
        "top_account_ratio",
        "top_position_ratio",
        "account_ratio",
        "taker_ratio",
        "funding_rate",
        "predicted_funding_rate",
        "next_funding_ms",
    ),
)

# Forced orders: `side` is +1 where longs were forced out (a forced sale), -1 where shorts were.
LIQUIDATIONS: Final = Schema(Kind.LIQUIDATIONS, ("side", "price", "base", "quote"))

SCHEMAS: Final = {schema.kind: schema for schema in (BOOK, METRICS, LIQUIDATIONS)}
