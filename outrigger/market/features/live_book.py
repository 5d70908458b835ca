"""Book features as snapshots come in, for a bot that cannot read its history at every tick.

The same numbers as the batch, bit for bit: the formulas are the batch's own and the norm is built from the
same hourly means. State is bounded: hours older than the norm's window are dropped. Assumes snapshots arrive
in the order in which they became known; one that does not is passed over, as in the batch.
Weak: started without history, it has no norm for as many days as a norm needs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from outrigger.market.features.asof import Array, Times, readings
from outrigger.market.features.book import (
    AGE_COLUMN_LIMIT_S,
    BOOK_COLUMNS,
    BOOK_NAMES,
    NORMED,
    BookTerms,
    log_depths,
    positive,
    shows_depth,
    snapshot_features,
)
from outrigger.market.features.norm import HOUR_MS, median_of_present


class LiveBook:
    """Newest book features of one pair.

    Parameters
    ----------
    terms : BookTerms, optional
        Age limit and norm.
    """

    def __init__(self, terms: BookTerms | None = None) -> None:
        self.terms = terms or BookTerms()
        self._hours: dict[int, Array] = {}
        self._norm_hour: int | None = None
        self._norm = np.full(len(NORMED), np.nan)
        self._time_ms: int | None = None
        self._seen_ms: int | None = None
        self._known_ms = 0
        self._values: dict[str, tuple[float, int]] = {}

    @classmethod
    def from_history(cls, rows: pd.DataFrame, terms: BookTerms | None = None) -> LiveBook:
        """Start from what the store holds.

        Parameters
        ----------
        rows : DataFrame
            Rows of the book table as the store returns them; left as is.
        terms : BookTerms, optional
            Age limit and norm.

        Returns
        -------
        LiveBook

        Raises
        ------
        DataError
            If a column is missing or rows are out of order.
        """
        live = cls(terms)
        book = readings(rows, BOOK_COLUMNS, "book")
        if not book.time_ms.size:
            return live
        sound = positive(book.values)
        by_name = log_depths(sound)
        depths = np.stack([by_name[name] for name in NORMED])
        hours = book.known_ms // HOUR_MS
        starts = np.flatnonzero(np.diff(hours, prepend=hours[0] - 1))
        for start, end in zip(starts, [*starts[1:], hours.size], strict=True):
            live._remember(int(hours[start]), depths[:, start:end])
        live._time_ms, live._known_ms = int(book.time_ms[-1]), int(book.known_ms[-1])
        live._take_last(book.values, sound, book.time_ms)
        # Norms of old snapshots are history's; those still within the age limit are taken again one by one.
        first = np.searchsorted(book.time_ms, book.time_ms[-1] - live.terms.max_age_ms)
        for i in range(int(first), book.time_ms.size):
            live._compare(int(hours[i]), depths[:, i], int(book.time_ms[i]))
        return live

    def update(self, row: Mapping[str, float]) -> None:
        """Take in one snapshot.

        Parameters
        ----------
        row : mapping of str to float
            A row of the book table.
        """
        known = int(row["known_ms"])
        time = min(int(row["time_ms"]), known)
        if self._time_ms is not None and (time < self._time_ms or known < self._known_ms):
            return
        self._time_ms, self._known_ms = time, known
        values = np.array([row[name] for name in BOOK_COLUMNS], dtype=np.float64)
        # As `positive` has it, for all columns at once: one snapshot is mostly the cost of calls.
        sound = dict(zip(BOOK_COLUMNS, np.where(values > 0, values, np.nan)[:, None], strict=True))
        by_name = log_depths(sound)
        depths = np.stack([by_name[name] for name in NORMED])
        hour = known // HOUR_MS
        self._remember(hour, depths)
        if shows_depth(dict(zip(BOOK_COLUMNS, values[:, None], strict=True)))[0]:
            self._seen_ms = time
        for name, found in snapshot_features(sound).items():
            value = float(found[0])
            if math.isfinite(value):
                self._values[name] = value, time
        self._compare(hour, depths[:, 0], time)

    def features(self, now_ms: int) -> dict[str, float]:
        """Features at a moment.

        Parameters
        ----------
        now_ms : int
            Milliseconds since 1970, not before the newest snapshot became known.

        Returns
        -------
        dict of str to float
            The columns of `BOOK_FEATURES`; NaN where nothing is known or it is too old.
        """
        limit = self.terms.max_age_ms
        found = dict.fromkeys(BOOK_NAMES, math.nan)
        for name, (value, time) in self._values.items():
            if now_ms - time <= limit:
                found[name] = value
        if self._seen_ms is not None:
            age = (now_ms - self._seen_ms) / 1000.0
            found["book_age_s"] = age if age <= AGE_COLUMN_LIMIT_S else math.nan
        return found

    def _take_last(self, columns: Mapping[str, Array], sound: Mapping[str, Array], times: Times) -> None:
        seen = np.flatnonzero(shows_depth(columns))
        if seen.size:
            self._seen_ms = int(times[seen[-1]])
        for name, values in snapshot_features(sound).items():
            present = np.flatnonzero(np.isfinite(values))
            if present.size:
                self._values[name] = float(values[present[-1]]), int(times[present[-1]])

    def _remember(self, hour: int, depths: Array) -> None:
        """Add depths, shape (3, n), to the sums and counts of an hour, in the batch's order of addition."""
        if hour not in self._hours:
            oldest = hour - 24 * self.terms.norm_days
            self._hours = {h: cell for h, cell in self._hours.items() if h >= oldest}
            self._hours[hour] = np.zeros((2, len(NORMED)))
        cell = self._hours[hour]
        present = np.isfinite(depths)
        # A running sum adds one by one, as the batch does; np.sum adds in pairs and rounds otherwise.
        added = np.column_stack((cell[0], np.where(present, depths, 0.0)))
        cell[0] = np.cumsum(added, axis=1)[:, -1]
        cell[1] += present.sum(axis=1)

    def _compare(self, hour: int, depths: Array, time: int) -> None:
        if hour != self._norm_hour:
            self._norm_hour, self._norm = hour, self._norm_of(hour)
        for name, value in zip(NORMED, depths - self._norm, strict=True):
            if math.isfinite(value):
                self._values[f"book_{name}_vs_norm"] = float(value), time

    def _norm_of(self, hour: int) -> Array:
        """Give the norm of each depth in an hour, shape (3,)."""
        means = np.full((len(NORMED), self.terms.norm_days), np.nan)
        for i in range(self.terms.norm_days):
            cell = self._hours.get(hour - 24 * (self.terms.norm_days - i))
            if cell is not None:
                means[:, i] = np.where(cell[1] > 0, cell[0] / np.maximum(cell[1], 1.0), np.nan)
        return median_of_present(means, self.terms.norm_minimum_days)
