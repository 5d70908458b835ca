"""What is usual for a pair: readings compared with the pair's own past.

Levels differ by orders of magnitude between pairs and drift over months; a reading says something only
against its own history. History is kept by the hour in which readings became known, and a reading is
compared with hours that were over before its own began: a norm stands still within the hour, cannot contain
the reading it judges, and is the same whether computed in one go or as the market moves.
Windows are counted back from each reading, so a result does not depend on where the data starts.
Weak: daylight saving moves people's hours against UTC twice a year, and the window needs days to follow.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from outrigger.market.features.asof import Array
from outrigger.volatility.windows import trailing_sums

HOUR_MS = 3_600_000
Cells = npt.NDArray[np.int64]


def median_of_present(values: Array, minimum: int) -> Array:
    """Median over the last axis of the values that are there.

    Parameters
    ----------
    values : ndarray of shape (..., n)
        NaN is missing.
    minimum : int
        How many must be there, at least 1.

    Returns
    -------
    ndarray of shape (...)
        NaN where there are fewer.
    """
    ordered = np.sort(values, axis=-1)
    count = np.isfinite(ordered).sum(axis=-1)
    upper = np.maximum(count, 1) // 2
    lower = np.maximum(count - 1, 0) // 2
    below, above = (np.take_along_axis(ordered, i[..., None], axis=-1)[..., 0] for i in (lower, upper))
    return np.where(count >= minimum, (below + above) / 2.0, np.nan)


def _hourly(hours: Cells, values: Array, first: int) -> tuple[Array, Array]:
    """Sum and number of the values present in each hour from `first` on."""
    present = np.isfinite(values)
    at = hours[present] - first
    size = int(hours[-1]) - first + 1
    sums = np.bincount(at, weights=values[present], minlength=size)
    return np.asarray(sums, dtype=np.float64), np.bincount(at, minlength=size).astype(np.float64)


def same_hour_median(hours: Cells, values: Array, days: int, minimum: int) -> Array:
    """Median of the hourly means of the same hour of day over the days before.

    Parameters
    ----------
    hours : ndarray of int64, shape (n_rows,)
        Hour since 1970 in which each reading became known, never decreasing.
    values : ndarray of shape (n_rows,)
        Readings; NaN is missing.
    days : int
        Days looked back, the reading's own not among them.
    minimum : int
        Days that must have the hour.

    Returns
    -------
    ndarray of shape (n_rows,)
        The norm of each reading; NaN where history is too short.
    """
    if not values.size:
        return np.empty(0)
    first = int(hours[0]) - int(hours[0]) % 24
    sums, counts = _hourly(hours, values, first)
    padding = -len(sums) % 24
    means = np.where(counts > 0, sums / np.maximum(counts, 1.0), np.nan)
    by_day = np.pad(means, (days * 24, padding), constant_values=np.nan).reshape(-1, 24)
    before = np.lib.stride_tricks.sliding_window_view(by_day, days, axis=0)[:-1]
    norm: Array = median_of_present(before, minimum).ravel()[hours - first]
    return norm


def trailing_zscore(hours: Cells, values: Array, window: int, minimum: int) -> Array:
    """Distance from the mean of the hours before, in their standard deviations.

    Parameters
    ----------
    hours : ndarray of int64, shape (n_rows,)
        Hour since 1970 in which each reading became known, never decreasing.
    values : ndarray of shape (n_rows,)
        Readings; NaN is missing.
    window : int
        Hours looked back, the reading's own not among them.
    minimum : int
        Hours that must have a reading, at least 2.

    Returns
    -------
    ndarray of shape (n_rows,)
        NaN where history is too short or never moved.
    """
    if not values.size:
        return np.empty(0)
    first = int(hours[0])
    sums, counts = _hourly(hours, values, first)
    present = counts > 0
    means = np.where(present, sums / np.maximum(counts, 1.0), 0.0)
    number, total = (trailing_sums(x, [window])[0] for x in (present.astype(np.float64), means))
    (squares,) = trailing_sums(means * means, [window])
    centre = total / np.maximum(number, 1.0)
    variance = (squares - total * centre) / np.maximum(number - 1.0, 1.0)
    # Below this the squares' rounding is all there is: the history did not move.
    still = variance <= 1e-13 * centre * centre
    spread = np.sqrt(np.where((number >= minimum) & ~still, variance, np.nan))
    before = hours - first - 1
    score: Array = np.where(before >= 0, (values - centre[before]) / spread[before], np.nan)
    return score


def trailing_percentile(cells: Cells, values: Array, window: int, minimum: int, first: int = 0) -> Array:
    """Share of the cells of time before whose last reading was lower, ties counting half.

    Parameters
    ----------
    cells : ndarray of int64, shape (n_rows,)
        Number of the cell (an hour, a funding interval) in which each reading became known, never decreasing.
    values : ndarray of shape (n_rows,)
        Readings; NaN is missing.
    window : int
        Cells looked back, the reading's own not among them.
    minimum : int
        Cells that must have a reading.
    first : int
        First row that is asked for.

    Returns
    -------
    ndarray of shape (n_rows,)
        Between 0 and 1; NaN where history is too short, and maybe before the first row asked for.
    """
    share = np.full(len(values), np.nan)
    rows = np.flatnonzero(np.isfinite(values))
    if not rows.size:
        return share
    found, of = values[rows], cells[rows]
    starts = np.flatnonzero(np.diff(of, prepend=of[0] - 1))
    ends = np.append(starts[1:], of.size)
    numbers, lasts = of[starts], found[ends - 1]
    oldest = np.searchsorted(numbers, numbers - window)
    asked = rows[ends - 1] >= first
    for i in np.flatnonzero(asked & (np.arange(starts.size) - oldest >= minimum)):
        past = np.sort(lasts[oldest[i] : i])
        here = found[starts[i] : ends[i]]
        rank = np.searchsorted(past, here) + np.searchsorted(past, here, side="right")
        share[rows[starts[i] : ends[i]]] = rank / (2.0 * past.size)
    return share
