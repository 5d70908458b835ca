"""One UTC day of one pair and kind: a packed table, a journal, or both.

A packed table names the journal that went into it, so there is no moment, and no crash, at which a row
counts twice or a replaced day shows old rows: the table's renaming is the only step that matters.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrigger.market.store.journal import Journal, read_journal
from outrigger.market.store.layout import file_day
from outrigger.market.store.packed import read_packed, write_packed
from outrigger.market.store.record import HEADER_BYTES
from outrigger.market.store.rows import DAY_MS, arrange, days_between, join, start_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

    from outrigger.market.store.rows import Columns
    from outrigger.market.store.schema import Schema

_FEW_DAYS_MS: Final = 7 * DAY_MS


@dataclass(frozen=True, slots=True)
class Partition:
    """A day on disk.

    Parameters
    ----------
    directory : Path
        Of its pair and kind.
    day : date
        UTC day of `known_ms`.
    schema : Schema
        What its rows are.
    """

    directory: Path
    day: date
    schema: Schema

    @property
    def journal_path(self) -> Path:
        """Where rows are appended."""
        return self.directory / f"{self.day}.journal"

    @property
    def packed_path(self) -> Path:
        """Where they are once the day is over."""
        return self.directory / f"{self.day}.feather"

    @property
    def holds_rows(self) -> bool:
        """Whether there is anything to read; a journal that was only opened does not count."""
        # The journal first, as in `read`: were it packed in between, the table is there.
        return self.has_journalled or self.packed_path.exists()

    @property
    def has_journalled(self) -> bool:
        """Whether the journal has more than its header."""
        try:
            return self.journal_path.stat().st_size > HEADER_BYTES
        except FileNotFoundError:
            return False

    def read(self, names: Sequence[str]) -> Columns:
        """Columns of the day in the order of writing, repetitions included.

        Parameters
        ----------
        names : sequence of str
            Which.

        Returns
        -------
        dict of str to ndarray of shape (n_rows,)
            Empty arrays where the day has no rows.
        """
        # The journal first: were it packed and removed in between, the table read next has its rows.
        journalled = read_journal(self.journal_path, self.schema)
        packed = read_packed(self.packed_path, self.schema, names)
        pieces = [packed.columns] if packed else []
        if journalled and not (packed and packed.contained == journalled.identity):
            pieces.append(journalled.columns)
        return join(pieces, names)

    def open(self) -> Journal:
        """Open and lock the day's journal; see `Journal`."""
        return Journal(self.journal_path, self.schema, self._contained)

    def pack(self) -> None:
        """Move the journal's rows into the packed table.

        Raises
        ------
        JournalHeldError
            If a writer has it open.
        OSError
            If the table cannot be written; the journal then stays.
        """
        with closing(self.open()) as journal:
            if self.has_journalled:
                rows = arrange(self.read(self.schema.columns), self.schema)
                write_packed(self.packed_path, rows, journal.identity)
            self.journal_path.unlink(missing_ok=True)

    def replace(self, columns: Columns) -> None:
        """Put other rows in the place of all that the day has.

        Parameters
        ----------
        columns : dict of str to ndarray of shape (n_rows,)
            Every column of the schema.

        Raises
        ------
        JournalHeldError
            If a writer has it open.
        OSError
            If they cannot be written; the old rows then stay.
        """
        # Without asking the old table, which may be damaged: that is why it is being replaced.
        with closing(Journal(self.journal_path, self.schema, lambda: None)) as journal:
            write_packed(self.packed_path, arrange(columns, self.schema), journal.identity)
            self.journal_path.unlink(missing_ok=True)

    def _contained(self) -> bytes | None:
        packed = read_packed(self.packed_path, self.schema, ())
        return packed.contained if packed else None


def partitions(
    directory: Path, schema: Schema, start_ms: int | None = None, end_ms: int | None = None
) -> tuple[Partition, ...]:
    """Days of a directory that have rows, in order.

    Parameters
    ----------
    directory : Path
        Of a pair and kind; it need not exist.
    schema : Schema
        What its rows are.
    start_ms, end_ms : int, optional
        Only days that this stretch touches, its end excluded; milliseconds since the epoch.

    Returns
    -------
    tuple of Partition
        Empty where there is none.
    """
    days: Iterable[date]
    if start_ms is not None and end_ms is not None and end_ms - start_ms <= _FEW_DAYS_MS:
        # Asked for by name: who goes through a year day by day need not list the year each time.
        days = days_between(start_ms, end_ms)
    else:
        files = directory.iterdir() if directory.is_dir() else ()
        days = {day for path in files if (day := file_day(path)) is not None}
    found = (
        Partition(directory, day, schema)
        for day in sorted(days)
        if (start_ms is None or start_of(day) + DAY_MS > start_ms)
        and (end_ms is None or start_of(day) < end_ms)
    )
    return tuple(partition for partition in found if partition.holds_rows)
