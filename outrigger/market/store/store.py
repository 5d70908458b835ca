"""Order book, metrics and liquidations on disk, a directory for each exchange, pair and kind.

Append-only while a day lasts, packed once a later day begins; readable while being written; safe at any
byte. One writer at a time holds a day; readers need no lock and, as they go by days, little memory.

Layout: `ROOT/binance/BTC%2FUSDT%3AUSDT/book/2025-10-10.journal`, later `2025-10-10.feather`.

Assumes a POSIX file system. One `MarketStore` appends from one thread; any number may read.
"""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from outrigger.errors import DataError, OutriggerError, SettingsError
from outrigger.market.store.coverage import Gap, gaps
from outrigger.market.store.defect_notes import DefectNote, read_notes, write_notes
from outrigger.market.store.journal import Journal, JournalHeldError
from outrigger.market.store.layout import file_day, kind_directory, pair_name
from outrigger.market.store.manifest import check_version, write_version
from outrigger.market.store.partition import Partition, partitions
from outrigger.market.store.rows import (
    arrange,
    day_of,
    from_frame,
    gather,
    key_names,
    no_rows,
    split_by_day,
    to_frame,
)
from outrigger.market.store.schema import SCHEMAS, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    import pandas as pd

logger = logging.getLogger(__name__)


class MarketStore:
    """What an exchange's book, metrics and liquidations were, and from when they were known.

    Parameters
    ----------
    root : Path
        The store's directory, such as `user_data/outrigger/market`; made at the first write.
    exchange : str
        Name of the exchange, as Freqtrade has it.

    Raises
    ------
    StateError
        If the store was written by a version that this one cannot read.
    SettingsError
        If the exchange's name is none.
    """

    def __init__(self, root: Path, exchange: str = "binance") -> None:
        if not re.fullmatch(r"[a-z0-9_]+", exchange):
            msg = f"{exchange!r} is no exchange: give its name as in the configuration, such as binance"
            raise SettingsError(msg)
        self._directory = root / exchange
        self._open: dict[tuple[str, Kind], Journal] = {}
        check_version(self._directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, pair: str, kind: Kind, rows: pd.DataFrame) -> int:
        """Add rows and hold the day they belong to until a row of another day, or `close`.

        Parameters
        ----------
        pair : str
            As Freqtrade writes it, such as `BTC/USDT:USDT`.
        kind : Kind
            What they are.
        rows : DataFrame
            The schema's columns; times in whole milliseconds, missing values NaN.

        Returns
        -------
        int
            Rows written; they outlive this process from now on.

        Raises
        ------
        DataError
            If the rows are none of this kind.
        StateError
            If another writer holds the day.
        OSError
            If the disk is full or refuses; of each day either all rows or none are then stored.
        """
        schema = SCHEMAS[kind]
        columns = from_frame(rows, schema, f"{pair} {kind}")
        for day, part in split_by_day(columns):
            self._journal(pair, kind, day).append(part)
        return len(rows)

    def read(
        self,
        pair: str,
        kind: Kind,
        start_ms: int | None = None,
        end_ms: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Rows that became known in a stretch of time.

        Parameters
        ----------
        pair : str
            As Freqtrade writes it.
        kind : Kind
            What to read.
        start_ms, end_ms : int, optional
            First `known_ms` to read, and the first no longer to read; all where None.
        columns : sequence of str, optional
            Value columns wanted; all where None. The two times always come along. A year of the book every
            30 s takes 8.4 MB a column.

        Returns
        -------
        DataFrame
            The columns in the schema's order, sorted by `known_ms`, then `time_ms`; one row a reading (for
            liquidations: an order), the one known first. Empty where there is none.

        Raises
        ------
        DataError
            If a column is unknown or a file is damaged.
        """
        schema = SCHEMAS[kind]
        unknown = [name for name in columns or () if name not in schema.columns]
        if unknown:
            msg = f"{kind} has no columns {unknown}: choose from {list(schema.values)}"
            raise DataError(msg)
        times = schema.columns[:2]
        wanted = [name for name in schema.columns if columns is None or name in (*times, *columns)]
        needed = [name for name in schema.columns if name in (*wanted, *key_names(schema))]
        found = list(partitions(self._directory_of(pair, kind), schema, start_ms, end_ms))
        if not found:
            return no_rows(tuple(wanted))
        rows = arrange(gather((partition.read(needed) for partition in found), needed), schema)
        first = 0 if start_ms is None else int(rows["known_ms"].searchsorted(start_ms))
        last = None if end_ms is None else int(rows["known_ms"].searchsorted(end_ms))
        return to_frame({name: rows[name][first:last] for name in wanted})

    def replace_day(self, pair: str, kind: Kind, day: date, rows: pd.DataFrame) -> None:
        """Put an archive's rows in the place of all that a day has, in one step.

        Parameters
        ----------
        pair : str
            As Freqtrade writes it.
        kind : Kind
            What they are.
        day : date
            UTC day that every row's `known_ms` falls in.
        rows : DataFrame
            As for `append`.

        Raises
        ------
        DataError
            If the rows are none of this kind or of another day.
        StateError
            If another writer holds the day.
        OSError
            If it cannot be written; what was there before then stands.
        """
        where = f"{pair} {kind} {day}"
        columns = from_frame(rows, SCHEMAS[kind], where)
        strangers = [other for other, _ in split_by_day(columns) if other != day]
        if strangers:
            msg = f"{where}: rows became known on {strangers[0]}: store them under the day of their known_ms"
            raise DataError(msg)
        held = self._open.get((pair, kind))
        partition = self._partition(pair, kind, day)
        if held is not None and held.path == partition.journal_path:
            self._open.pop((pair, kind)).close()
        write_version(self._directory)
        partition.replace(columns)

    def note_defects(
        self, pair: str, kind: Kind, day: date, source: str, notes: Sequence[DefectNote]
    ) -> None:
        """Keep what was wrong with an archive beside its day; see `write_notes`."""
        write_version(self._directory)
        write_notes(self._directory_of(pair, kind), day, source, notes)

    def defect_notes(self, pair: str, kind: Kind) -> dict[date, tuple[DefectNote, ...]]:
        """What was wrong with the archives of each day; see `read_notes`."""
        return read_notes(self._directory_of(pair, kind))

    def days(self, pair: str, kind: Kind) -> tuple[date, ...]:
        """UTC days of `known_ms` that have rows, in order."""
        found = partitions(self._directory_of(pair, kind), SCHEMAS[kind])
        return tuple(partition.day for partition in found)

    def pairs(self, kind: Kind) -> tuple[str, ...]:
        """Pairs that have rows of a kind, in alphabetical order."""
        if not self._directory.is_dir():
            return ()
        names = sorted(pair_name(path) for path in self._directory.iterdir() if path.is_dir())
        return tuple(pair for pair in names if self.days(pair, kind))

    def coverage(self, pair: str, kind: Kind, step_ms: int) -> tuple[Gap, ...]:
        """Stretches of `time_ms` without a reading that are longer than a step; see `gaps`."""
        return gaps(self.read(pair, kind, columns=())["time_ms"].to_numpy(), step_ms)

    def retain(self, days: int, now_ms: int) -> int:
        """Drop what is older than a number of whole days before today.

        Parameters
        ----------
        days : int
            Whole days to keep beside today; at least 1.
        now_ms : int
            The present moment, in milliseconds since the epoch.

        Returns
        -------
        int
            Files removed, of all pairs and kinds of this exchange.

        Raises
        ------
        SettingsError
            If fewer than one day should stay.
        OSError
            If a file cannot be removed.
        """
        if days < 1:
            msg = f"retention of {days} days would leave nothing: give at least 1"
            raise SettingsError(msg)
        oldest = day_of(now_ms) - timedelta(days=days)
        removed = 0
        for path in self._directory.glob("*/*/*"):
            if (day := file_day(path)) is not None and day < oldest:
                # A writer that still holds it sees that its name is gone and begins anew.
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def close(self) -> None:
        """Let go of the days held for writing."""
        for journal in self._open.values():
            journal.close()
        self._open.clear()

    def _directory_of(self, pair: str, kind: Kind) -> Path:
        return kind_directory(self._directory, pair, kind)

    def _partition(self, pair: str, kind: Kind, day: date) -> Partition:
        return Partition(self._directory_of(pair, kind), day, SCHEMAS[kind])

    def _journal(self, pair: str, kind: Kind, day: date) -> Journal:
        partition = self._partition(pair, kind, day)
        held = self._open.get((pair, kind))
        if held is not None:
            if held.path == partition.journal_path and held.is_current:
                return held
            held.close()
        write_version(self._directory)
        journal = self._open[pair, kind] = partition.open()
        self._pack_before(pair, kind, day)
        return journal

    def _pack_before(self, pair: str, kind: Kind, day: date) -> None:
        for partition in partitions(self._directory_of(pair, kind), SCHEMAS[kind]):
            if partition.day >= day or not partition.has_journalled:
                continue
            # Packing only saves room and time: its failure must not cost the row about to be written.
            try:
                partition.pack()
            except JournalHeldError:
                logger.info("%s is left to the writer that holds it", partition.journal_path)
            except (OSError, OutriggerError) as error:
                logger.warning("%s stays a journal, nothing is lost: %s", partition.journal_path, error)
