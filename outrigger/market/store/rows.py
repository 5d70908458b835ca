"""Rows as arrays: checked on the way in, put in order and freed of repetitions on the way out.

Why arrays rather than frames: a year of the book is one block of 250 MB, and pandas would hold it twice
while putting days together.

A reading that arrives twice counts from when it was *first* known; where two were known at the same moment
the one written last stands. So a later repetition cannot change what a backtest sees before it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import pandas as pd

from outrigger.errors import DataError
from outrigger.market.store.schema import Kind, Schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

Columns: TypeAlias = "dict[str, NDArray[Any]]"

DAY_MS: Final = 86_400_000
# Years 2001 to 2286: outside of them a number is seconds or microseconds, not milliseconds.
_EARLIEST_MS: Final = 10**12
_LATEST_MS: Final = 10**13
_DAYS_AT_ONCE: Final = 32


def day_of(time_ms: int) -> date:
    """UTC day that a moment, in milliseconds since the epoch, falls in."""
    return datetime.fromtimestamp(time_ms // 1000, tz=UTC).date()


def start_of(day: date) -> int:
    """First millisecond of a UTC day, since the epoch."""
    return (day - date(1970, 1, 1)).days * DAY_MS


def days_between(start_ms: int, end_ms: int) -> tuple[date, ...]:
    """UTC days that a stretch of time touches, its end excluded, in milliseconds since the epoch."""
    return tuple(day_of(at) for at in range(start_ms - start_ms % DAY_MS, end_ms, DAY_MS))


def from_frame(rows: pd.DataFrame, schema: Schema, where: str) -> Columns:
    """Check a table and take it apart.

    Parameters
    ----------
    rows : DataFrame
        The schema's columns in any order; times are whole milliseconds, values numbers or NaN.
    schema : Schema
        What they should be.
    where : str
        Whose rows they are, for the message.

    Returns
    -------
    dict of str to ndarray of shape (n_rows,)
        int64 times and float64 values.

    Raises
    ------
    DataError
        If a column is missing, unknown, no number, or a time is no time in milliseconds.
    """
    missing = [name for name in schema.columns if name not in rows.columns]
    unknown = [str(name) for name in rows.columns if name not in schema.columns]
    if missing or unknown:
        msg = f"{where}: rows lack {missing} and have unknown {unknown}: give exactly {list(schema.columns)}"
        raise DataError(msg)
    columns: Columns = {name: _times(rows[name], where) for name in schema.columns[:2]}
    try:
        values = rows[list(schema.values)].to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"{where}: a value is no number ({error}): give NaN where there is none"
        raise DataError(msg) from error
    return columns | {name: values[:, i] for i, name in enumerate(schema.values)}


def _times(column: pd.Series[Any], where: str) -> NDArray[np.int64]:
    if not pd.api.types.is_integer_dtype(column.dtype) and len(column):
        msg = f"{where}: {column.name} is {column.dtype}: give whole milliseconds since the epoch"
        raise DataError(msg)
    times = column.to_numpy(dtype=np.int64)
    outside = (times < _EARLIEST_MS) | (times >= _LATEST_MS)
    if outside.any():
        msg = f"{where}: {column.name} {times[outside][0]} is no time in milliseconds since the epoch"
        raise DataError(msg)
    return times


def split_by_day(columns: Columns) -> Iterator[tuple[date, Columns]]:
    """Each UTC day of `known_ms` with its rows, in order of days."""
    days = columns["known_ms"] // DAY_MS
    for day in np.unique(days):
        chosen = days == day
        yield day_of(int(day) * DAY_MS), {name: values[chosen] for name, values in columns.items()}


def join(pieces: list[Columns], names: Sequence[str]) -> Columns:
    """Put pieces together, column by column; empties them as it goes, so that no row is held twice."""
    joined: Columns = {}
    for name in names:
        parts = [piece.pop(name) for piece in pieces]
        if parts:
            joined[name] = np.concatenate(parts)
        else:
            joined[name] = np.empty(0, dtype=np.int64 if name in ("time_ms", "known_ms") else np.float64)
    return joined


def gather(days: Iterable[Columns], names: Sequence[str]) -> Columns:
    """Put any number of days together.

    Parameters
    ----------
    days : iterable of dict of str to ndarray of shape (n_rows,)
        Read one at a time.
    names : sequence of str
        Columns to take.

    Returns
    -------
    dict of str to ndarray of shape (n_rows_of_all,)
        In the same order.
    """
    # By months: the memory of arrays as small as a day's is not given back, and a year would count twice.
    months: list[Columns] = []
    pieces: list[Columns] = []
    for day in days:
        pieces.append(day)
        if len(pieces) == _DAYS_AT_ONCE:
            months.append(join(pieces, names))
            pieces = []
    return join([*months, *pieces], names)


def key_names(schema: Schema) -> tuple[str, ...]:
    """Columns that make two rows the same reading: its time, or for an order all but when it was known."""
    # Several forced orders can share a millisecond.
    return ("time_ms", *schema.values) if schema.kind is Kind.LIQUIDATIONS else ("time_ms",)


def arrange(columns: Columns, schema: Schema) -> Columns:
    """Sort by `known_ms`, then `time_ms`, one row a reading.

    Parameters
    ----------
    columns : dict of str to ndarray of shape (n_rows,)
        Both times, the schema's key columns and any others, in the order of writing; emptied in passing.
    schema : Schema
        Says what makes two rows the same reading.

    Returns
    -------
    dict of str to ndarray of shape (n_readings,)
        The same columns.
    """
    known, time = columns["known_ms"], columns["time_ms"]
    if (np.diff(time) > 0).all() and (np.diff(known) >= 0).all():
        return columns
    # Backwards, so that of rows equal in everything a stable sort puts the one written last in front.
    last_first = np.arange(len(time))[::-1]
    # Bits rather than numbers: NaN equals NaN.
    keys = [columns[name].view(np.int64)[last_first] for name in key_names(schema)]
    grouped = np.lexsort((known[last_first], *keys))
    same = np.logical_and.reduce([np.diff(key[grouped]) == 0 for key in keys])
    first = last_first[grouped[np.concatenate(([True], ~same))]]
    chosen = first[np.lexsort((first, time[first], known[first]))]
    return {name: columns.pop(name)[chosen] for name in list(columns)}


def to_frame(columns: Columns) -> pd.DataFrame:
    """A table on the same memory."""
    return pd.DataFrame(columns, copy=False)


def no_rows(names: tuple[str, ...]) -> pd.DataFrame:
    """An empty table with these columns, in memory of its own as soon as it is written to."""
    return _blank(names).copy(deep=False)


@cache
def _blank(names: tuple[str, ...]) -> pd.DataFrame:
    # Asked for twice a pair and candle, and slow to make.
    return to_frame(gather((), names))
