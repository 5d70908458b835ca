"""The ledger's files: one a month, one line an exit, only ever appended to.

A line reaches the disk before the writer goes on. What a killed writer left half written is ignored by
readers and cut off by the next writer; any other line that cannot be read is an error, because no crash makes
one. Several bots may write at once. The same order written twice counts once, as it was written last.
"""

from __future__ import annotations

import fcntl
import io
import os
from pathlib import Path

from outrigger.errors import StateError
from outrigger.ledger.entry import LedgerEntry, loads
from outrigger.market.moment import from_ms

MONTHS = "[0-9][0-9][0-9][0-9]-[0-9][0-9].jsonl"


def directory_in(user_data: Path) -> Path:
    """Where the ledger of a user data directory is."""
    return user_data / "outrigger" / "ledger"


def append(directory: Path, entry: LedgerEntry) -> Path:
    """Write an entry into its month's file.

    Parameters
    ----------
    directory : Path
        Made where missing.
    entry : LedgerEntry
        By the time of its fill, UTC.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OSError
        If it cannot be written; nothing of the line is then left.
    """
    path = directory / f"{from_ms(entry.filled_ms):%Y-%m}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with io.FileIO(path, "a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        content = file.readall()
        sound = _sound(content)
        file.truncate(sound)
        # A last line that is whole but for its end keeps its place.
        missing = b"" if content[:sound].endswith(b"\n") or not sound else b"\n"
        _write(file, missing + entry.dumps().encode() + b"\n", keep=sound)
    return path


def read_ledger(path: Path) -> tuple[LedgerEntry, ...]:
    """Read a ledger.

    Parameters
    ----------
    path : Path
        Its directory, or the file of one month; where there is none, nothing was written.

    Returns
    -------
    tuple of LedgerEntry
        By the time of the fill.

    Raises
    ------
    StateError
        If a line other than a torn last one cannot be read.
    """
    found: dict[tuple[bool, str, str], LedgerEntry] = {}
    for file in sorted(path.glob(MONTHS)) if path.is_dir() else [path] if path.exists() else []:
        content = file.read_bytes()
        for number, line in enumerate(content[: _sound(content)].splitlines(), start=1):
            try:
                entry = loads(line.decode("utf-8", errors="replace"))
            except StateError as error:
                raise StateError(f"{file}, line {number}: {error}; mend or remove the line") from error
            found[entry.dry, entry.exchange, entry.order_id] = entry
    return tuple(sorted(found.values(), key=lambda entry: (entry.filled_ms, entry.trade_id)))


def _write(file: io.FileIO, line: bytes, keep: int) -> None:
    try:
        written = file.write(line)
        if written != len(line):
            # The kernel took what fitted; writing the rest raises the reason.
            file.write(line[written:])
        os.fsync(file.fileno())
    except OSError:
        file.truncate(keep)
        raise


def _sound(content: bytes) -> int:
    """Length of the content without a last line that a crash has cut short."""
    end = content.rfind(b"\n") + 1
    if end == len(content):
        return end
    try:
        loads(content[end:].decode("utf-8", errors="replace"))
    except StateError:
        return end
    return len(content)
