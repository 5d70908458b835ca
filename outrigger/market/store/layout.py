"""Names of the store's directories and files.

Pairs hold characters that file systems do not allow, and any substitute could be part of another pair's
name; percent-encoding is the one spelling that can be read back.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from outrigger.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from outrigger.market.store.schema import Kind


def kind_directory(exchange_directory: Path, pair: str, kind: Kind) -> Path:
    """Directory of a pair's days.

    Parameters
    ----------
    exchange_directory : Path
        The exchange's directory in the store.
    pair : str
        As Freqtrade writes it, such as `BTC/USDT:USDT`.
    kind : Kind
        What it holds.

    Returns
    -------
    Path
        It need not exist.

    Raises
    ------
    DataError
        If the pair is none.
    """
    if not re.fullmatch(r"[^/\s]+/[^/\s]+", pair):
        msg = f"{pair!r} is no pair: write it as Freqtrade does, such as BTC/USDT:USDT"
        raise DataError(msg)
    return exchange_directory / quote(pair, safe="") / str(kind)


def pair_name(pair_directory: Path) -> str:
    """Pair that a directory of the store belongs to."""
    return unquote(pair_directory.name)


def file_day(path: Path) -> date | None:
    """Day that a file of the store, an abandoned temporary one included, belongs to; None for any other."""
    try:
        return date.fromisoformat(path.name.lstrip(".")[:10])
    except ValueError:
        return None
