"""The stretches of time that a review looks at, in UTC: a week, and everything since the start."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from outrigger.errors import SettingsError
from outrigger.market.moment import from_ms, to_ms
from outrigger.review.money import WEEK_MS

_WEEK = re.compile(r"(\d{4})-?W(\d{2})")


@dataclass(frozen=True, slots=True)
class Period:
    """What lies after one moment and until another.

    Parameters
    ----------
    name : str
        `2025-W23`, or `last 7 days`, or `since start`.
    start_ms, end_ms : int
        In ms since the epoch; what happens at the start belongs to the period before.
    """

    name: str
    start_ms: int
    end_ms: int

    @property
    def days(self) -> float:
        """Length in days."""
        return (self.end_ms - self.start_ms) / 86_400_000

    def words(self) -> str:
        """From when until when, to the minute."""
        begun, ended = from_ms(self.start_ms), from_ms(self.end_ms)
        return f"{begun:%Y-%m-%d %H:%M} to {ended:%Y-%m-%d %H:%M} UTC"

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        begun, ended = (from_ms(moment).isoformat() for moment in (self.start_ms, self.end_ms))
        return {"name": self.name, "from": begun, "to": ended, "days": self.days}


def iso_week(text: str) -> Period:
    """Read an ISO week, Monday 00:00 to Monday 00:00 UTC.

    Parameters
    ----------
    text : str
        `2025-W23`.

    Returns
    -------
    Period

    Raises
    ------
    SettingsError
        If there is no such week.
    """
    match = _WEEK.fullmatch(text.strip())
    try:
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1) if match else None
    except ValueError:
        monday = None
    if match is None or monday is None:
        raise SettingsError(f"week {text!r}: there is none; write an ISO week, such as 2025-W23")
    start = to_ms(datetime(monday.year, monday.month, monday.day, tzinfo=UTC))
    return Period(f"{match[1]}-W{match[2]}", start, start + WEEK_MS)


def last_week(until_ms: int) -> Period:
    """The seven days before a moment; an ISO week by its name where they are one."""
    start = until_ms - WEEK_MS
    begun = from_ms(start)
    year, week, _ = begun.isocalendar()
    whole = begun == datetime(begun.year, begun.month, begun.day, tzinfo=UTC) - timedelta(begun.weekday())
    return Period(f"{year}-W{week:02d}" if whole else "last 7 days", start, until_ms)
