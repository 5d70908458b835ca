"""A finished day as one compressed, column-wise file (Feather, that is Arrow's file format, with Zstandard).

Columns can be read singly, which is what keeps a year of the book within memory. Values stay float64: at
float32 a price of 100,000 is known to 0.004, which is a few per cent of the spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from outrigger import atomic
from outrigger.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from outrigger.market.store.rows import Columns
    from outrigger.market.store.schema import Schema

_CONTAINED: Final = b"outrigger_journal"


@dataclass(frozen=True, slots=True)
class Packed:
    """What a packed day holds.

    Parameters
    ----------
    contained : bytes
        Identity of the journal that was packed into it; a journal of that identity has nothing to add.
    columns : dict of str to ndarray of shape (n_rows,)
        The columns asked for.
    """

    contained: bytes
    columns: Columns


def write_packed(path: Path, columns: Columns, contained: bytes) -> None:
    """Replace a packed day in one step.

    Parameters
    ----------
    path : Path
        The file.
    columns : dict of str to ndarray of shape (n_rows,)
        Every column of the schema, arranged.
    contained : bytes
        Identity of the journal that it replaces.

    Raises
    ------
    OSError
        If it cannot be written; what was there before then stands.
    """
    table = pa.table(columns).replace_schema_metadata({_CONTAINED: contained})
    sink = pa.BufferOutputStream()
    with ipc.new_file(sink, table.schema, options=ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    atomic.write_bytes(path, sink.getvalue().to_pybytes())


def read_packed(path: Path, schema: Schema, names: Sequence[str]) -> Packed | None:
    """Some columns of a packed day.

    Parameters
    ----------
    path : Path
        The file.
    schema : Schema
        What it should hold.
    names : sequence of str
        Columns to read; may be empty.

    Returns
    -------
    Packed or None
        None where there is no such file.

    Raises
    ------
    DataError
        If the file is damaged or holds other columns.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    # One column in any case: Arrow takes an empty choice for all.
    wanted = sorted(schema.columns.index(name) for name in names) or [0]
    try:
        options = ipc.IpcReadOptions(included_fields=wanted, use_threads=False)
        reader = ipc.open_file(pa.py_buffer(content), options=options)
        table = reader.read_all()
        if table.column_names != [schema.columns[i] for i in wanted]:
            raise pa.ArrowInvalid(f"its columns are {table.column_names}")
        columns: Columns = {name: np.array(table.column(name).to_numpy()) for name in names}
    except (pa.ArrowException, OSError) as error:
        msg = f"{path} cannot be read ({error}): delete it and download or record that day again"
        raise DataError(msg) from error
    return Packed((table.schema.metadata or {}).get(_CONTAINED, b""), columns)
