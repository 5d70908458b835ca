"""Settings of the market data that Freqtrade keeps no history of."""

from __future__ import annotations

from typing import Literal

from outrigger.settings.section import Section, parameter


class MarketSettings(Section):
    """What the bot records while it runs (a backtest never records), and what it reads."""

    record: bool = parameter(
        False,
        "Record order book, funding, open interest and forced orders of the whitelist in dry run and live, "
        "beside trading and never in its way.",
        unit="yes or no",
    )
    record_seconds: float = parameter(
        10.0,
        "Time between two readings of a pair's book; shorter sees more and uses more of the exchange's "
        "allowance.",
        unit="seconds",
        ge=1.0,
        le=3600.0,
    )
    retain_days: int = parameter(
        400, "How long recordings are kept; longer uses more disk.", unit="days", ge=1, le=3650
    )
    source: str = parameter(
        "",
        "Exchange whose recordings are read from the store; empty for the configured one.",
        unit="name",
    )
    book_max_age: int = parameter(
        300,
        "Oldest reading of the book that still counts; sparse histories need more.",
        unit="seconds",
        ge=1,
        le=86_400,
    )
    interest_max_age: int = parameter(
        1800,
        "Oldest reading of open interest and account ratios that still counts; sparse histories need more.",
        unit="seconds",
        ge=1,
        le=86_400,
    )
    interest_unit: Literal["base", "quote"] = parameter(
        "base",
        "Currency in which changes of open interest are counted; some histories hold only `quote`.",
        unit="name",
    )
