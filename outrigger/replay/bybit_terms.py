"""What a request to Bybit's v5 interface asks for, and the exchange's own words when it asks wrongly.

Refusals come with HTTP 200 and a code in the body, which clients map to their exceptions. Series are
answered newest first, and end at the end that is asked for: unlike Binance, where they begin at the start.
Source: Bybit API documentation, v5, "Market". Contracts that are not linear perpetuals are not listed here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from outrigger.replay.intervals import DAY_MS, HOUR_MS, MINUTE_MS
from outrigger.replay.request_market import MARKET
from outrigger.replay.request_terms import LARGEST_INTEGER, RefusedRequest

PARAMETER_ERROR = 10001
CATEGORIES = ("linear", "inverse", "spot", "option")
Item = TypeVar("Item")
INTEGER = re.compile(r"[0-9]{1,20}")
INTERVALS = {
    "1": "1m",
    "3": "3m",
    "5": "5m",
    "15": "15m",
    "30": "30m",
    "60": "1h",
    "120": "2h",
    "240": "4h",
    "360": "6h",
    "720": "12h",
    "D": "1d",
    "W": "1w",
    "M": "1M",
}
"""Names of candle intervals here, by Bybit's."""
PERIODS_MS = {
    "5min": 5 * MINUTE_MS,
    "15min": 15 * MINUTE_MS,
    "30min": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "4h": 4 * HOUR_MS,
    "1d": DAY_MS,
}
"""Spacing of open interest and account ratios, milliseconds."""


def refused(message: str) -> RefusedRequest:
    """Refusal of a parameter."""
    return RefusedRequest(PARAMETER_ERROR, message, 200)


@dataclass(frozen=True, slots=True)
class Span:
    """Bounds of a series, both inclusive, milliseconds since the epoch, and the most rows wanted."""

    start_ms: int | None
    end_ms: int | None
    limit: int

    def newest(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of an ascending series that are answered with: the last ones before the end, newest first."""
        high = len(times) if self.end_ms is None else int(np.searchsorted(times, self.end_ms, side="right"))
        low = 0 if self.start_ms is None else int(np.searchsorted(times, self.start_ms))
        return np.arange(max(low, high - self.limit), high, dtype=np.int64)[::-1]


def category(query: Mapping[str, str]) -> str:
    """Kind of contract asked for; only `linear` has any here."""
    value = query.get("category", "")
    if value not in CATEGORIES:
        raise refused("params error: Category is invalid")
    return value


def symbol(request: web.Request) -> str:
    """Contract that a request names, refused when it names none that is listed here."""
    value = request.query.get("symbol", "")
    if category(request.query) != "linear" or value not in request.app[MARKET].contracts:
        raise refused("params error: Symbol Invalid")
    return value


def symbols(request: web.Request) -> list[str]:
    """Contract that a request names, or all of its category."""
    if "symbol" in request.query:
        return [symbol(request)]
    return list(request.app[MARKET].contracts) if category(request.query) == "linear" else []


def integer(query: Mapping[str, str], name: str) -> int | None:
    """Whole number, None when it was not sent, refused when it is something else."""
    value = query.get(name)
    if value is None or value == "":
        return None
    if not INTEGER.fullmatch(value):
        raise refused(f"params error: {name} invalid")
    return min(int(value), LARGEST_INTEGER)


def limit(query: Mapping[str, str], usual: int, most: int) -> int:
    """Most rows to answer with; refused outside 1 to `most`."""
    asked = integer(query, "limit")
    if asked is not None and not 1 <= asked <= most:
        raise refused("params error: limit invalid")
    return usual if asked is None else asked


def span(query: Mapping[str, str], usual: int, most: int, names: tuple[str, str]) -> Span:
    """Bounds of a series.

    Parameters
    ----------
    query : mapping of str to str
        The request's parameters.
    usual, most : int
        Rows answered with when no limit is sent, and the largest limit.
    names : tuple of str
        Names of the parameters for start and end, which differ between routes.

    Returns
    -------
    Span
        What was asked for.

    Raises
    ------
    RefusedRequest
        When a parameter is malformed, the limit out of range or the start after the end.
    """
    start, end = (integer(query, name) for name in names)
    if start is not None and end is not None and start > end:
        raise refused("params error: invalid time range")
    return Span(start, end, limit(query, usual, most))


def interval(query: Mapping[str, str]) -> str:
    """Candle interval, by its name here."""
    value = query.get("interval", "")
    if value not in INTERVALS:
        raise refused("params error: Invalid period!")
    return INTERVALS[value]


def period_ms(query: Mapping[str, str], name: str) -> int:
    """Spacing of a series of readings, milliseconds."""
    value = query.get(name, "")
    if value not in PERIODS_MS:
        raise refused(f"params error: {name} invalid")
    return PERIODS_MS[value]


def page(items: Sequence[Item], query: Mapping[str, str], size: int) -> tuple[Sequence[Item], str]:
    """Part of a list that a cursor points to, and the cursor of the part after it.

    Parameters
    ----------
    items : sequence
        The whole list.
    query : mapping of str to str
        The request's parameters; `cursor` is read.
    size : int
        Items a page.

    Returns
    -------
    tuple of (sequence, str)
        The page; an empty cursor after the last one.
    """
    first = integer(query, "cursor") or 0
    after = first + size
    return items[first:after], str(after) if after < len(items) else ""
