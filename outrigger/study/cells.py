"""Finished cells on disk, one file a cell, named by the hash of what it follows from.

Files are written in one step, so a study that is killed leaves whole cells or none. A file that cannot be
read counts as missing and is written anew.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pandas as pd
import pyarrow as pa

from outrigger.atomic import write_bytes


def cell_path(directory: Path, key: str) -> Path:
    """Where a cell is kept."""
    return directory / "cells" / key[:2] / f"{key[:32]}.feather"


def read_cell(directory: Path, key: str) -> pd.DataFrame | None:
    """Trades of a finished cell.

    Parameters
    ----------
    directory : Path
        The study's.
    key : str
        Hash of the cell.

    Returns
    -------
    DataFrame or None
        None where the cell is not there or not readable.
    """
    path = cell_path(directory, key)
    try:
        return pd.read_feather(path)
    except (OSError, pa.ArrowInvalid):
        return None


def write_cell(directory: Path, key: str, trades: pd.DataFrame) -> None:
    """Keep a finished cell.

    Parameters
    ----------
    directory : Path
        The study's; made where missing.
    key : str
        Hash of the cell.
    trades : DataFrame
        Its trades.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    content = BytesIO()
    trades.to_feather(content, compression="zstd")
    write_bytes(cell_path(directory, key), content.getvalue())
