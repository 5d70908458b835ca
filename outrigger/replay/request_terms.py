"""What a request asks for, and the exchange's own words when it asks wrongly.

Codes and messages follow Binance's futures API, because clients map them to their exceptions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from outrigger.replay.candles import TimeRange
from outrigger.replay.intervals import LENGTH_MS

LARGEST_INTEGER = 2**62
INTEGER = re.compile(r"[0-9]{1,20}")


class RefusedRequest(Exception):
    """A request that the exchange would refuse.

    Parameters
    ----------
    code : int
        The exchange's error code.
    message : str
        The exchange's message.
    status : int
        HTTP status.
    """

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def text(query: Mapping[str, str], name: str) -> str:
    """Mandatory parameter, refused when it was not sent."""
    value = query.get(name, "")
    if not value:
        raise RefusedRequest(
            -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
        )
    return value


def integer(query: Mapping[str, str], name: str) -> int | None:
    """Whole number, None when it was not sent, refused when it is something else."""
    value = query.get(name)
    if value is None:
        return None
    if not INTEGER.fullmatch(value):
        raise RefusedRequest(
            -1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'."
        )
    return min(int(value), LARGEST_INTEGER)


def interval(query: Mapping[str, str], name: str = "interval") -> str:
    """Candle interval, refused when the exchange has none of that name."""
    value = text(query, name)
    if value not in LENGTH_MS:
        raise RefusedRequest(-1120, "Invalid interval.")
    return value


def time_range(query: Mapping[str, str], usual: int, most: int) -> TimeRange:
    """Bounds of a series.

    Parameters
    ----------
    query : mapping of str to str
        The request's parameters; `startTime`, `endTime` and `limit` are read.
    usual, most : int
        Rows answered with when no limit is sent, and the largest limit.

    Returns
    -------
    TimeRange
        What was asked for.

    Raises
    ------
    RefusedRequest
        When a parameter is malformed, the limit out of range or the start after the end.
    """
    start, end, limit = (integer(query, name) for name in ("startTime", "endTime", "limit"))
    if limit is not None and not 1 <= limit <= most:
        raise RefusedRequest(-1130, "Data sent for parameter 'limit' is not valid.")
    if start is not None and end is not None and start > end:
        raise RefusedRequest(-1023, "Start time is greater than end time.")
    return TimeRange(start, end, usual if limit is None else limit)
