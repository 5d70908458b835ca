"""From the bytes of an archive file to columns of numbers.

Accepts a CSV or a zip that holds one, with or without a header. Lines that cannot be read are counted
and left out; a file in which no line can be read is refused. Timestamps are naive UTC text or
milliseconds since the epoch. Weak: a number cut short by truncation is still a number, and left to
the checks of the values.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from outrigger.market.archives.refusal import ArchiveError, Refusal

Source = Path | str | bytes


@dataclass(frozen=True, slots=True)
class Table:
    """Lines of an archive, in the order of the file.

    Parameters
    ----------
    times_ms : ndarray of int64, shape (n,)
        Milliseconds since the epoch.
    numbers : dict of str to ndarray of float64, shape (n,)
        Columns of numbers; NaN where blank or unreadable.
    words : dict of str to ndarray of str, shape (n,)
        Columns of text.
    unreadable : int
        Lines left out, and values that are no numbers.
    """

    times_ms: NDArray[np.int64]
    numbers: dict[str, NDArray[np.float64]]
    words: dict[str, NDArray[np.object_]]
    unreadable: int


def csv_bytes(source: Source, name: str) -> bytes:
    """Content of a CSV, or of the CSV inside a zip.

    Parameters
    ----------
    source : path or bytes
        The file or its content.
    name : str
        What to call it in messages.

    Returns
    -------
    bytes
        CSV text.

    Raises
    ------
    ArchiveError
        If it is an HTML page, a damaged zip, or a zip without exactly one CSV.
    OSError
        If the file cannot be read.
    """
    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    if content.lstrip()[:1] == b"<":
        raise ArchiveError(
            Refusal.HTML,
            f"{name}: an HTML page instead of data; check the address or your access to the host",
        )
    if not content.startswith(b"PK"):
        if b"\x00" in content[:1024] or not content.strip():
            raise ArchiveError(Refusal.NOT_AN_ARCHIVE, f"{name}: neither a zip nor a CSV; download it again")
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [member for member in archive.namelist() if member.lower().endswith(".csv")]
            if len(members) != 1:
                raise ArchiveError(
                    Refusal.NOT_AN_ARCHIVE,
                    f"{name}: holds {len(members)} CSV files instead of one; download it again",
                )
            return archive.read(members[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ArchiveError(
            Refusal.TRUNCATED_ZIP, f"{name}: a truncated or damaged zip ({error}); download it again"
        ) from error


def read_table(source: Source, name: str, columns: tuple[str, ...], text: tuple[str, ...] = ()) -> Table:
    """Read the lines of an archive.

    Parameters
    ----------
    source : path or bytes
        The file or its content.
    name : str
        What to call it in messages.
    columns : tuple of str
        Columns of the format in their order, the first being the time; a header may have another order.
    text : tuple of str, optional
        Those among them that are no numbers.

    Returns
    -------
    Table
        Lines whose time could be read.

    Raises
    ------
    ArchiveError
        If the file is refused as a whole.
    OSError
        If it cannot be read.
    """
    lines, left_out = _lines(csv_bytes(source, name).removeprefix(b"\xef\xbb\xbf"), name, columns)
    times = _times_ms(lines.column(columns[0]))
    timed = times >= 0
    if not timed.any():
        raise ArchiveError(
            Refusal.UNREADABLE, f"{name}: no line has a readable {columns[0]}; is it the right kind of file?"
        )
    bad = int((~timed).sum())
    numbers = {}
    for column in columns[1:]:
        if column not in text:
            values, wrong = _numbers(lines.column(column))
            numbers[column] = values[timed]
            bad += wrong
    words = {column: lines.column(column).to_numpy()[timed] for column in text}
    return Table(times[timed], numbers, words, left_out + bad)


def _lines(content: bytes, name: str, columns: tuple[str, ...]) -> tuple[pa.Table, int]:
    """All fields as text, and how many lines had another number of fields."""
    headed = not content.lstrip()[:1].isdigit()
    left_out = 0

    def leave_out(_: object) -> str:
        nonlocal left_out
        left_out += 1
        return "skip"

    try:
        found = content.split(b"\n", 1)[0].decode().strip().replace('"', "").split(",") if headed else columns
        options = pa.csv.ReadOptions(column_names=list(found), skip_rows=int(headed), use_threads=False)
        lines = pa.csv.read_csv(
            io.BytesIO(content),
            read_options=options,
            parse_options=pa.csv.ParseOptions(invalid_row_handler=leave_out),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(found, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise ArchiveError(
            Refusal.UNREADABLE, f"{name}: no readable CSV ({error}); download it again"
        ) from error
    missing = [column for column in columns if column not in found]
    if missing:
        raise ArchiveError(
            Refusal.UNREADABLE, f"{name}: column {', '.join(missing)} is missing, it has {', '.join(found)}"
        )
    return lines, left_out


def _times_ms(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Milliseconds since the epoch, -1 where there is no time."""
    for unit in (pa.timestamp("ms"), pa.int64()):
        try:
            return np.asarray(column.cast(unit).cast(pa.int64()).to_numpy())
        except pa.ArrowInvalid:
            continue
    texts = column.to_pandas().astype("str")
    dates = pd.to_datetime(texts, errors="coerce", utc=True, format="ISO8601").dt.as_unit("ms")
    stamps = dates.dt.tz_localize(None).to_numpy().astype(np.int64)
    return np.where(dates.isna().to_numpy(), -1, stamps)


def _numbers(column: pa.ChunkedArray) -> tuple[NDArray[np.float64], int]:
    """Values, NaN where blank or unreadable, and how many were unreadable."""
    try:
        return np.asarray(column.cast(pa.float64()).to_numpy()), 0
    except pa.ArrowInvalid:
        texts = column.to_pandas().astype("str").str.strip()
        values = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64)
        blank = texts.str.lower().isin(("", "nan", "null", "none")).to_numpy()
        return values, int((np.isnan(values) & ~blank).sum())
