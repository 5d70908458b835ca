"""Puts an archive's rows into the store, day by day, whatever the order in which archives arrive.

An archive's last rows become known on the next day, whose partition may exist already or be written
later; so a day is merged with what it holds. Where both have a reading of the same time, one of the two
stands as a whole: rows are never mixed from two sources, because each has its own `known_ms`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outrigger.market.archives.defect import Defect
from outrigger.market.store.defect_notes import DefectNote
from outrigger.market.store.rows import DAY_MS, day_of, start_of
from outrigger.market.store.schema import Kind

# Rows of the archive before spill over into a day's first minutes; only later ones show that it was stored.
_SPILL_MS: Final = 3_600_000


class Store(Protocol):
    """What archives need of a store; see `MarketStore`."""

    def read(
        self, pair: str, kind: Kind, start_ms: int | None = None, end_ms: int | None = None
    ) -> pd.DataFrame:
        """Rows that became known in a stretch of time."""

    def replace_day(self, pair: str, kind: Kind, day: date, rows: pd.DataFrame) -> None:
        """Put rows in the place of all that a day has."""

    def note_defects(
        self, pair: str, kind: Kind, day: date, source: str, notes: Sequence[DefectNote]
    ) -> None:
        """Keep what was wrong with an archive beside its day."""


def store_rows(store: Store, pair: str, kind: Kind, rows: pd.DataFrame, *, prefer_new: bool = True) -> int:
    """Merge rows into the days in which they became known.

    Parameters
    ----------
    store : Store
        Where to.
    pair : str
        As Freqtrade writes it.
    kind : Kind
        What they are.
    rows : DataFrame
        The schema's columns.
    prefer_new : bool, optional
        Which stands where the store already has a reading of the same time.

    Returns
    -------
    int
        Rows given.
    """
    # Different forced orders may share a millisecond; everything else is one reading a time.
    key = ["time_ms", "side", "price", "quote"] if kind is Kind.LIQUIDATIONS else ["time_ms"]
    days = rows["known_ms"].to_numpy() // DAY_MS
    for number in np.unique(days).tolist():
        start = number * DAY_MS
        part = rows[days == number]
        held = store.read(pair, kind, start, start + DAY_MS)
        if not held.empty:
            part = pd.concat((held, part) if prefer_new else (part, held), ignore_index=True)
        if part.duplicated(key).any():
            part = part.drop_duplicates(key, keep="last")
        store.replace_day(
            pair, kind, day_of(start), part.sort_values(["known_ms", "time_ms"], ignore_index=True)
        )
    return len(rows)


def note_defects(
    store: Store,
    pair: str,
    kind: Kind,
    source: str,
    defects: Sequence[Defect],
    *,
    day: date | None = None,
    times_ms: NDArray[np.int64] | None = None,
) -> None:
    """Keep in the store what was wrong with an archive, in the place of what was said of it before.

    Parameters
    ----------
    store : Store
        Where to.
    pair : str
        As Freqtrade writes it.
    kind : Kind
        What the archive's rows are.
    source : str
        The kind of archive; a day may be made from several.
    defects : sequence of Defect
        All that was found.
    day : date, optional
        UTC day of a daily archive; everything found is said of it.
    times_ms : ndarray of int64, shape (n,), optional
        Times of the readings of an archive of many days, milliseconds since the epoch; what cannot be dated
        is said of the first.
    """
    found: dict[date, list[Defect]] = {}
    if day is not None:
        found[day] = list(defects)
    else:
        times = np.empty(0, dtype=np.int64) if times_ms is None else times_ms
        found = {day_of(number * DAY_MS): [] for number in np.unique(times // DAY_MS).tolist()}
        for part in (part for defect in defects for part in defect.days or (defect,)):
            when = min(found, default=None) if part.first_ms is None else day_of(part.first_ms)
            if when is not None:
                found.setdefault(when, []).append(part)
    for when, parts in found.items():
        notes = [DefectNote(source, part.name, part.count, part.masked) for part in parts]
        store.note_defects(pair, kind, when, source, notes)


def holds_day(store: Store, pair: str, kind: Kind, day: date) -> bool:
    """Whether a day's archive is in the store already.

    Parameters
    ----------
    store : Store
        Where to look.
    pair : str
        As Freqtrade writes it.
    kind : Kind
        What to look for.
    day : date
        UTC day.

    Returns
    -------
    bool
        True where rows became known after the day's first hour.
    """
    start = start_of(day)
    return not store.read(pair, kind, start + _SPILL_MS, start + DAY_MS).empty
