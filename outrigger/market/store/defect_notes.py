"""What was wrong with the archives that a day was made from, kept beside its rows.

The rows themselves show only that a value is missing; whether the exchange published nothing, or something
that had to be masked, decides whether downloading again helps. One small file a day, only where there was
something: `ROOT/binance/BTC%2FUSDT%3AUSDT/book/2025-10-10.defects.json`. Retention removes it with its day.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from outrigger import atomic
from outrigger.errors import StateError
from outrigger.market.store.layout import file_day

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

_SUFFIX: Final = ".defects.json"
_FORMAT: Final = "outrigger archive defects"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class DefectNote:
    """One kind of defect of one day.

    Parameters
    ----------
    source : str
        The archive it was found in, such as `bookDepth`.
    name : str
        The defect's name; see `MEANINGS` of the archives.
    count : int
        Readings (or lines) concerned.
    masked : int
        Values that were made missing because of it.
    """

    source: str
    name: str
    count: int
    masked: int


def write_notes(directory: Path, day: date, source: str, notes: Sequence[DefectNote]) -> None:
    """Put what was found in an archive in the place of what was found in it before.

    Parameters
    ----------
    directory : Path
        Of a pair and kind.
    day : date
        UTC day.
    source : str
        The archive; notes of others stay.
    notes : sequence of DefectNote
        All of this source; none removes what was there.

    Raises
    ------
    StateError
        If the day has notes of a newer version.
    OSError
        If the file cannot be written; what was there before then stands.
    """
    path = directory / f"{day}{_SUFFIX}"
    try:
        others = [note for note in _read(path) if note.source != source]
    except _DamagedError:
        # What it said is lost either way, and these notes must not be.
        others = []
    kept = [*others, *notes]
    if kept:
        document = {"format": _FORMAT, "version": _VERSION, "defects": [asdict(note) for note in kept]}
        atomic.write_text(path, json.dumps(document, indent=1) + "\n")
    else:
        path.unlink(missing_ok=True)


def read_notes(directory: Path) -> dict[date, tuple[DefectNote, ...]]:
    """Read the notes of all days.

    Parameters
    ----------
    directory : Path
        Of a pair and kind; it need not exist.

    Returns
    -------
    dict of date to tuple of DefectNote
        In order; days without a defect are left out.

    Raises
    ------
    StateError
        If a file is damaged or of a newer version.
    """
    found = {day: path for path in directory.glob(f"[0-9]*{_SUFFIX}") if (day := file_day(path)) is not None}
    return {day: _read(found[day]) for day in sorted(found)}


class _DamagedError(StateError):
    """A file of notes that says nothing."""


def _read(path: Path) -> tuple[DefectNote, ...]:
    damaged = f"{path} holds no defects of archives: delete it and download or import that day again"
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
        version = document["version"] if document["format"] == _FORMAT else None
    except FileNotFoundError:
        return ()
    except (ValueError, KeyError, TypeError) as error:
        raise _DamagedError(damaged) from error
    if isinstance(version, int) and version > _VERSION:
        raise StateError(
            f"{path} was written by a newer Outrigger (version {version}, this one reads {_VERSION}): update "
            "Outrigger, or name another directory for the market store"
        )
    if version != _VERSION:
        raise _DamagedError(damaged)
    try:
        return tuple(DefectNote(**note) for note in document["defects"])
    except (KeyError, TypeError) as error:
        raise _DamagedError(damaged) from error
