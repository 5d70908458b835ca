"""The version a store was written in, so that a reader refuses what it would misunderstand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from outrigger import atomic
from outrigger.errors import StateError
from outrigger.market.store.schema import VERSION

if TYPE_CHECKING:
    from pathlib import Path

_NAME: Final = "store.json"
_FORMAT: Final = "outrigger market store"


def check_version(directory: Path) -> None:
    """Refuse a store that this version of Outrigger cannot read; an absent or empty one is fine.

    Parameters
    ----------
    directory : Path
        The exchange's directory in the store.

    Raises
    ------
    StateError
        If its version is newer or unknown, or its manifest is missing or damaged.
    """
    # In this order: the manifest is written before the first pair, so a store in the making looks empty.
    has_pairs = directory.is_dir() and any(entry.is_dir() for entry in directory.iterdir())
    path = directory / _NAME
    try:
        manifest = json.loads(path.read_bytes())
        version = manifest["version"] if manifest["format"] == _FORMAT else None
    except FileNotFoundError:
        if not has_pairs:
            return
        version = None
    except (ValueError, KeyError, TypeError):
        version = None
    if version == VERSION:
        return
    if isinstance(version, int) and version > VERSION:
        msg = (
            f"{directory} was written by a newer Outrigger (store version {version}, this one reads "
            f"{VERSION}): update Outrigger, or name another directory for the market store"
        )
    else:
        msg = (
            f"{path} does not say that this is a market store of version {VERSION}: restore the file, "
            "or move the directory away and download or record again"
        )
    raise StateError(msg)


def write_version(directory: Path) -> None:
    """Mark a directory as a store of this version, unless it is one; call before writing rows to it."""
    path = directory / _NAME
    if not path.exists():
        atomic.write_text(path, json.dumps({"format": _FORMAT, "version": VERSION}) + "\n")
