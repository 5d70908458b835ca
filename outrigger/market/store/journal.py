"""The append-only file that a day's rows are first written to.

The open journal is also the writer's lock, so that no other file has to stay in step with it. What a killed
writer left half written is ignored by readers and cut off by the next writer.

Assumes a file system with working `flock`. An append reaches the kernel, not the disk: it outlives the
process that wrote it; a power cut may cost the last seconds.
"""

from __future__ import annotations

import errno
import fcntl
import io
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from outrigger.errors import StateError
from outrigger.market.store.record import Journalled, encode, header, parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrigger.market.store.rows import Columns
    from outrigger.market.store.schema import Schema


class JournalHeldError(StateError):
    """Another writer has the journal open."""


def read_journal(path: Path, schema: Schema) -> Journalled | None:
    """Sound rows of a journal that may be growing; None where there is no such file or only a torn header."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return parse(content, schema, path)


class Journal:
    """A day's journal, open for writing and locked until it is closed.

    Parameters
    ----------
    path : Path
        The file; made where missing, its directory too.
    schema : Schema
        What its rows are.
    contained : callable
        Gives the identity of the journal whose rows are in the day's packed table, None where there is no
        table: such a journal starts anew. Asked once the lock is held, lest another writer change it.

    Raises
    ------
    JournalHeldError
        If another writer has it open.
    StateError
        If the file is no journal of this schema.
    OSError
        If it cannot be opened or written.
    """

    def __init__(self, path: Path, schema: Schema, contained: Callable[[], bytes | None]) -> None:
        self.path = path
        self._schema = schema
        self._file = _open_locked(path)
        try:
            found = parse(self._file.readall(), schema, path)
            if found is None or found.identity == contained():
                self._file.truncate(0)
                self.identity = os.urandom(8)
                self._write(header(schema, self.identity), keep=0)
            else:
                self.identity = found.identity
                self._file.truncate(found.end)
        except BaseException:
            self._file.close()
            raise

    def append(self, columns: Columns) -> None:
        """Add rows in one write; all of them or, where that fails, none.

        Parameters
        ----------
        columns : dict of str to ndarray of shape (n_rows,)
            Every column of the schema.

        Raises
        ------
        OSError
            If they could not be written. The journal is then closed; opening it again mends it.
        """
        keep = self._file.seek(0, os.SEEK_END)
        try:
            self._write(encode(columns, self._schema), keep)
        except OSError:
            self._file.close()
            raise

    @property
    def is_current(self) -> bool:
        """Whether it is open and its name still leads to it: a deleted file takes rows and shows none."""
        return not self._file.closed and _is_at(self._file, self.path)

    def close(self) -> None:
        """Let another writer in."""
        self._file.close()

    def _write(self, content: bytes, keep: int) -> None:
        try:
            written = self._file.write(content)
            if written != len(content):
                # The kernel took what fitted; writing the rest raises the reason.
                self._file.write(content[written:])
                self._raise_if_short(keep + len(content))
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(keep)
            msg = f"{error.strerror}; these rows were not stored: free space or shorten the retention"
            raise OSError(error.errno, msg, str(self.path)) from error

    def _raise_if_short(self, size: int) -> None:
        if os.fstat(self._file.fileno()).st_size != size:
            raise OSError(errno.EIO, "the file system took only a part of the rows")


def _open_locked(path: Path) -> io.FileIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        file = io.FileIO(path, "a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            msg = (
                f"{path} is being written by another bot or recorder: "
                "let only one of them record this pair, or give each a directory of its own"
            )
            raise JournalHeldError(msg) from None
        # Between opening and locking, its last writer may have packed and removed it.
        if _is_at(file, path):
            file.seek(0)
            return file
        file.close()


def _is_at(file: io.FileIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
