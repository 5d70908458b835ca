"""Bytes of a journal: a header, then records of one fixed size, each with its own checksum.

What a killed writer leaves half written is recognised by its length or its checksum, and a damaged record in
the middle costs itself alone, because the next one begins where it always did.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from outrigger.errors import StateError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from outrigger.market.store.rows import Columns
    from outrigger.market.store.schema import Schema

_MAGIC: Final = b"ORJRNL1\n"
_HEADER: Final = struct.Struct("<8sI8sI")  # magic, checksum of the column names, identity, checksum
HEADER_BYTES: Final = _HEADER.size
_CHECKSUM: Final = "crc32"
_CHECKSUM_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Journalled:
    """What a journal holds.

    Parameters
    ----------
    identity : bytes
        Eight random bytes that tell this journal from any other, so that a packed table can say which
        journal it already contains.
    columns : dict of str to ndarray of shape (n_rows,)
        Sound rows in the order of writing.
    end : int
        Bytes up to the end of the last sound record.
    """

    identity: bytes
    columns: Columns
    end: int


def record_type(schema: Schema) -> np.dtype[np.void]:
    """Layout of one record: two int64 times, float64 values, a CRC-32 of what precedes it."""
    times = [(name, "<i8") for name in schema.columns[:2]]
    return np.dtype([*times, *((name, "<f8") for name in schema.values), (_CHECKSUM, "<u4")])


def encode(columns: Columns, schema: Schema) -> bytes:
    """Records of some rows.

    Parameters
    ----------
    columns : dict of str to ndarray of shape (n_rows,)
        Every column of the schema.
    schema : Schema
        What they are.

    Returns
    -------
    bytes
        The records, one after the other.
    """
    layout = record_type(schema)
    records: NDArray[np.void] = np.zeros(len(columns["time_ms"]), dtype=layout)
    for name in schema.columns:
        records[name] = columns[name]
    records[_CHECKSUM] = _checksums(memoryview(records.tobytes()), layout.itemsize)
    return records.tobytes()


def parse(content: bytes, schema: Schema, path: Path) -> Journalled | None:
    """Sound rows of a journal's bytes, however many of them there are.

    Parameters
    ----------
    content : bytes
        The file from its beginning, possibly cut off anywhere.
    schema : Schema
        What it should hold.
    path : Path
        Where it is, for the message.

    Returns
    -------
    Journalled or None
        None where not even the header is whole.

    Raises
    ------
    StateError
        If the file is no journal, or one of other columns.
    """
    head = content[:HEADER_BYTES]
    # A power cut can leave a file with its length but without its content: zeros.
    if len(head) < HEADER_BYTES or not any(head):
        return None
    magic, layout_checksum, identity, checksum = _HEADER.unpack(head)
    if magic != _MAGIC or checksum != zlib.crc32(head[:-_CHECKSUM_BYTES]):
        msg = f"{path} is no journal of the market store: move it out of the store's directory"
        raise StateError(msg)
    if layout_checksum != _layout_checksum(schema):
        msg = (
            f"{path} holds other columns than {schema.kind} has in this version of Outrigger: "
            "use the version that wrote it, or move the file away"
        )
        raise StateError(msg)
    layout = record_type(schema)
    count = (len(content) - HEADER_BYTES) // layout.itemsize
    records = np.frombuffer(content, dtype=layout, count=count, offset=HEADER_BYTES)
    body = memoryview(content)[HEADER_BYTES : HEADER_BYTES + count * layout.itemsize]
    sound = records[_CHECKSUM] == _checksums(body, layout.itemsize)
    last = int(np.flatnonzero(sound)[-1]) + 1 if sound.any() else 0
    columns: Columns = {name: np.ascontiguousarray(records[name][sound]) for name in schema.columns}
    return Journalled(identity, columns, HEADER_BYTES + last * layout.itemsize)


def header(schema: Schema, identity: bytes) -> bytes:
    """What a journal of a schema and an identity of eight bytes begins with."""
    unsigned = _HEADER.pack(_MAGIC, _layout_checksum(schema), identity, 0)[:-_CHECKSUM_BYTES]
    return unsigned + struct.pack("<I", zlib.crc32(unsigned))


def _layout_checksum(schema: Schema) -> int:
    return zlib.crc32(",".join(schema.columns).encode())


def _checksums(records: memoryview, size: int) -> NDArray[np.uint32]:
    starts = range(0, len(records), size)
    sums = (zlib.crc32(records[start : start + size - _CHECKSUM_BYTES]) for start in starts)
    return np.fromiter(sums, dtype=np.uint32, count=len(starts))
