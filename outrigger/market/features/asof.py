"""Which reading a trader had at a moment: the one join that every feature goes through.

A row counts from `known_ms` on. A row that arrives after a row with a later event time is history by then
and is passed over; an event cannot be later than it was known, so a clock running ahead is cut back. Each
column is carried on its own: a value missing from the newest row is taken from the row before, as long as
that one is within the column's age limit, counted from the event. Nothing is ever interpolated.
Weak: an age limit says nothing about a feed that repeats itself; the readers of archives look for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.errors import DataError

Array = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Readings:
    """Rows of one table in the order in which they became known, late ones left out.

    Parameters
    ----------
    time_ms : ndarray of int64, shape (n_rows,)
        Event times, never decreasing and never after `known_ms`.
    known_ms : ndarray of int64, shape (n_rows,)
        From when each row counts, never decreasing.
    values : mapping of str to ndarray of shape (n_rows,)
        Value columns; NaN is missing.
    """

    time_ms: Times
    known_ms: Times
    values: Mapping[str, Array]


def readings(rows: pd.DataFrame, columns: Iterable[str], table: str) -> Readings:
    """Check rows of the store and put them into arrays.

    Parameters
    ----------
    rows : DataFrame
        `time_ms`, `known_ms` and value columns, ordered by `known_ms` as the store returns them; left as is.
    columns : iterable of str
        Value columns wanted.
    table : str
        What the rows are, for error messages: `"book"`.

    Returns
    -------
    Readings

    Raises
    ------
    DataError
        If a column is missing or rows are out of order.
    """
    wanted = tuple(columns)
    missing = [name for name in ("time_ms", "known_ms", *wanted) if name not in rows.columns]
    if missing:
        raise DataError(f"{table} rows have no column {', '.join(missing)}: read them from the market store")
    known = rows["known_ms"].to_numpy(np.int64)
    backward = np.flatnonzero(np.diff(known) < 0)
    if backward.size:
        raise DataError(
            f"{table} rows must be ordered by known_ms, row {int(backward[0]) + 1} goes back: "
            "read them from the market store, which sorts"
        )
    time = np.minimum(rows["time_ms"].to_numpy(np.int64), known)
    in_time = time >= np.maximum.accumulate(time) if time.size else np.zeros(0, dtype=bool)
    values = {name: rows[name].to_numpy(np.float64) for name in wanted}
    # A year of snapshots is large: columns are copied only where something has to be left out.
    if in_time.all():
        return Readings(time, known, values)
    return Readings(time[in_time], known[in_time], {name: x[in_time] for name, x in values.items()})


def last_known(clock_ms: Times, known_ms: Times) -> npt.NDArray[np.intp]:
    """Position of the newest row known at each moment.

    Parameters
    ----------
    clock_ms : ndarray of int64, shape (n_moments,)
        Moments, such as closes of base candles, in milliseconds since 1970.
    known_ms : ndarray of int64, shape (n_rows,)
        From when each row counts, never decreasing.

    Returns
    -------
    ndarray of int, shape (n_moments,)
        -1 where no row is known yet.

    Raises
    ------
    DataError
        If the clock does not hold whole milliseconds.
    """
    if not np.issubdtype(np.asarray(clock_ms).dtype, np.integer):
        raise DataError(
            f"the clock holds {np.asarray(clock_ms).dtype}, not whole milliseconds: convert candle dates "
            "with open_times_ms and add the candle's length"
        )
    return np.searchsorted(known_ms, clock_ms, side="right") - 1


def carry(values: Array, rows: npt.NDArray[np.intp], clock_ms: Times, time_ms: Times, limit_ms: int) -> Array:
    """Take the last value present at each moment, if it is not older than a limit.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        One value a row; NaN is missing.
    rows : ndarray of int, shape (n_moments,)
        Newest row known at each moment, from `last_known`.
    clock_ms : ndarray of int64, shape (n_moments,)
        The moments.
    time_ms : ndarray of int64, shape (n_rows,)
        Event time of each row.
    limit_ms : int
        Largest age that still counts.

    Returns
    -------
    ndarray of shape (n_moments,)
        NaN before the first value and where the last one is too old.
    """
    if not values.size:
        return np.full(len(clock_ms), np.nan)
    present = np.isfinite(values)
    last = np.arange(values.size) if present.all() else last_present(present)
    # A moment before the first row has row -1: it may look anywhere, its value is dropped below.
    chosen = last[rows]
    taken = values[chosen]
    taken[(rows < 0) | (chosen < 0) | (clock_ms - time_ms[chosen] > limit_ms)] = np.nan
    return taken


def last_present(present: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Position of the last True at or before each place.

    Parameters
    ----------
    present : ndarray of bool, shape (n,)
        Where there is something.

    Returns
    -------
    ndarray of int, shape (n,)
        -1 before the first.
    """
    return np.maximum.accumulate(np.where(present, np.arange(present.size), -1))


def earlier(time_ms: Times, values: Array, lag_ms: int, slack_ms: int, tolerance_ms: int) -> Array:
    """Find, for each reading, the value that stood a set time before it.

    Parameters
    ----------
    time_ms : ndarray of int64, shape (n_rows,)
        Event times, never decreasing.
    values : ndarray of shape (n_rows,)
        Readings; NaN is missing.
    lag_ms : int
        How long before.
    slack_ms : int
        How much later than that a reading may be: schedules jitter. Smaller than the lag.
    tolerance_ms : int
        How much earlier it may be.

    Returns
    -------
    ndarray of shape (n_rows,)
        NaN where no reading was made within those bounds.
    """
    present = np.flatnonzero(np.isfinite(values))
    past = np.full(len(values), np.nan)
    if not present.size:
        return past
    times = time_ms[present]
    at = np.searchsorted(times, time_ms - lag_ms + slack_ms, side="right") - 1
    found = (at >= 0) & (time_ms - lag_ms - times[at] <= tolerance_ms)
    past[found] = values[present[at[found]]]
    return past
