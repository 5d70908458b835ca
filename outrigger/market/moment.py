"""Moments as whole milliseconds since the epoch, the one form in which times are compared here."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd


def to_ms(moment: datetime) -> int:
    """Milliseconds since the epoch of an aware datetime, rounded."""
    return round(moment.timestamp() * 1000)


def from_ms(moment_ms: int) -> datetime:
    """Datetime in UTC of milliseconds since the epoch."""
    return datetime.fromtimestamp(moment_ms / 1000, tz=UTC)


def in_utc(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Dates in UTC; those without a zone are taken to be there already."""
    return index.tz_localize("UTC") if index.tz is None else index.tz_convert("UTC")
