"""Imports a directory of archive files: downloaded by hand, shared, or of the synthetic market.

Files are known by their names (`BTCUSDT-bookDepth-2025-10-10.csv`, `…-metrics-….zip`,
`…-openInterestHist-4h.csv`), anywhere below the directory. A file that cannot be used is reported and
the others go on. No checksum is asked for: whoever put the files there is trusted to have checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from outrigger.errors import DataError
from outrigger.market.archives.archive_file import Source
from outrigger.market.archives.book_depth import read_book_depth
from outrigger.market.archives.defect import Defect
from outrigger.market.archives.file_name import FileName, pair_of, parse_name
from outrigger.market.archives.metrics import read_metrics, read_open_interest
from outrigger.market.archives.refusal import ArchiveError, Refusal
from outrigger.market.archives.report import STORED, ArchiveReport, Delivery, Progress
from outrigger.market.archives.storing import Store, note_defects, store_rows
from outrigger.market.store.schema import Kind

KINDS = {"bookDepth": Kind.BOOK, "metrics": Kind.METRICS, "openInterestHist": Kind.METRICS}


def read_archive(source: Source, name: FileName) -> tuple[pd.DataFrame, tuple[Defect, ...]]:
    """Read one archive by the kind its name tells.

    Parameters
    ----------
    source : path or bytes
        The file or its content.
    name : FileName
        What it is.

    Returns
    -------
    rows : DataFrame
        The columns of its kind's schema.
    defects : tuple of Defect
        What was wrong.

    Raises
    ------
    ArchiveError
        If it is refused as a whole.
    OSError
        If it cannot be read.
    """
    if name.kind == "bookDepth":
        return read_book_depth(source, name.symbol)
    if name.kind == "metrics":
        return read_metrics(source, name.symbol)
    return read_open_interest(source, name.symbol, name.period_ms)


def import_directory(
    store: Store, directory: Path, pairs: Sequence[str] | None = None, progress: Progress | None = None
) -> ArchiveReport:
    """Import all archive files below a directory.

    Parameters
    ----------
    store : Store
        Where to.
    directory : Path
        Where from.
    pairs : sequence of str, optional
        Only these, as Freqtrade writes them.
    progress : callable, optional
        Called with (file, done, total).

    Returns
    -------
    ArchiveReport
        What became of each file.

    Raises
    ------
    DataError
        If there is no archive file.
    OSError
        If the store cannot be written.
    """
    found = [(path, name) for path in sorted(directory.rglob("*")) if (name := parse_name(path.name))]
    if not found:
        raise DataError(
            f"{directory}: no archive files; they are named like BTCUSDT-bookDepth-2025-10-10.zip or "
            "BTCUSDT-metrics-2025-10-10.csv"
        )
    deliveries = []
    for done, (path, name) in enumerate(found, start=1):
        delivery = _import(store, path, name, pairs)
        if delivery is not None:
            deliveries.append(delivery)
        if progress is not None:
            progress(path.name, done, len(found))
    return ArchiveReport(tuple(deliveries))


def _import(store: Store, path: Path, name: FileName, pairs: Sequence[str] | None) -> Delivery | None:
    kind = KINDS[name.kind]
    try:
        pair = pair_of(name.symbol)
        if pairs is not None and pair not in pairs:
            return None
        rows, defects = read_archive(path, name)
    except (DataError, OSError) as error:
        refusal = error.refusal if isinstance(error, ArchiveError) else Refusal.UNREADABLE
        return Delivery(str(path), name.symbol, kind, refusal, message=f"{path}: {error}")
    # A coarse history only fills what finer archives leave open.
    stored = store_rows(store, pair, kind, rows, prefer_new=name.kind != "openInterestHist")
    note_defects(store, pair, kind, name.kind, defects, day=name.day, times_ms=rows["time_ms"].to_numpy())
    return Delivery(str(path), pair, kind, STORED, stored, defects)
