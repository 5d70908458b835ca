"""One model as bytes and back.

skops writes a zip archive of arrays and a description of the types; neither writing nor reading runs code
that the file brings along. Pickles, and joblib's files, which are pickles, do run such code: they are
recognised in order to say so, and never loaded.
"""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import PurePath
from typing import Final, Protocol
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from outrigger.errors import StateError
from outrigger.regime.bundle.packed_trees import packed, unpack
from outrigger.regime.bundle.trusted import TRUSTED, foreign_types

# Far above any bundle that ships, far below what would stop a bot for want of memory.
MAX_UNPACKED_BYTES: Final = 128 * 2**20
_SCHEMA: Final = "schema.json"
_ADDRESS: Final = re.compile(r'(?<="__id__": )\d+|(?<="file": ")\d+(?=\.)')
_PICKLE_SUFFIXES = {".pkl", ".pickle", ".joblib", ".p", ".dill", ".sav"}
# Protocol 2 and later, and what joblib's compressed files begin with (zlib, gzip, bzip2, xz, lz4).
_PICKLE_STARTS = (
    b"\x80",
    b"\x78\x01",
    b"\x78\x9c",
    b"\x78\xda",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x04\x22\x4d\x18",
)


class Classifier(Protocol):
    """What a bundle keeps: a fitted estimator that gives probabilities of the regimes, in their order."""

    def predict_proba(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Give one row of probabilities for each row of features."""


def dump_model(model: Classifier) -> bytes:
    """Write a model as a skops archive.

    Parameters
    ----------
    model : Classifier
        A fitted estimator.

    Returns
    -------
    bytes
        Compressed; the same for the same model, so that a bundle can be built again and compared.

    Raises
    ------
    StateError
        If it holds a type that has not been reviewed: it could be written, but never read again.
    """
    stored = packed(model)
    foreign = foreign_types(stored)
    if foreign:
        raise StateError(
            f"the model holds types that no bundle may hold: {', '.join(foreign)}; review them and "
            "add them to outrigger/regime/bundle/trusted.py, or train a model without them"
        )
    return _reproducible(skops.io.dumps(stored))


def load_model(content: bytes, name: str) -> Classifier:
    """Read a model that `dump_model` wrote.

    Parameters
    ----------
    content : bytes
        The whole file.
    name : str
        File, for error messages.

    Returns
    -------
    Classifier

    Raises
    ------
    StateError
        If it is a pickle, no skops archive, damaged, or made of types that have not been reviewed.
    """
    if looks_like_pickle(name, content):
        raise pickle_refused(name)
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            raise StateError(
                f"{name} unpacks to {unpacked / 2**20:.0f} MB, no model of Outrigger's does: delete the "
                "bundle and run `outrigger train`"
            )
        model = skops.io.loads(content, trusted=sorted(TRUSTED))
    except UntrustedTypesFoundException as error:
        raise _untrusted(name, str(error)) from error
    except BadZipFile as error:
        raise StateError(
            f"{name} is no skops file, or only a part of one ({error}): restore the bundle, or run "
            "`outrigger train`"
        ) from error
    # A crafted or damaged description can fail anywhere inside skops and scikit-learn.
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
        ImportError,
        EOFError,
        OSError,
    ) as error:
        raise _unreadable(name, error) from error
    except (RecursionError, MemoryError, NotImplementedError, RuntimeError) as error:
        raise _unreadable(name, error) from error
    if not callable(getattr(model, "predict_proba", None)):
        raise StateError(
            f"{name} holds a {type(model).__name__}, which gives no probabilities: delete the bundle and run "
            "`outrigger train`"
        )
    foreign = foreign_types(model)
    if foreign:
        raise _untrusted(name, ", ".join(foreign))
    unpack(model, name)
    loaded: Classifier = model
    return loaded


def digest(content: bytes) -> str:
    """SHA-256 of a file's content, in hex."""
    return hashlib.sha256(content).hexdigest()


def looks_like_pickle(name: str, content: bytes) -> bool:
    """Whether a file is, or claims to be, a pickle or one of joblib's.

    Parameters
    ----------
    name : str
        Its name.
    content : bytes
        Its first bytes, or all of them.
    """
    return PurePath(name).suffix.lower() in _PICKLE_SUFFIXES or content.startswith(_PICKLE_STARTS)


def pickle_refused(name: str) -> StateError:
    """Error for a pickle, to be raised by the caller."""
    return StateError(
        f"{name} is a pickle or joblib file: loading one runs whatever its author put in, so Outrigger never "
        "does; train a bundle with `outrigger train` and name its directory"
    )


def _reproducible(content: bytes) -> bytes:
    """Take what differs between two runs, addresses in memory and times, out of a skops archive."""
    written = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as archive, ZipFile(written, "w", ZIP_DEFLATED, compresslevel=9) as new:
        schema = archive.read(_SCHEMA).decode()
        # skops names objects, and the files of arrays, by their address.
        addresses = dict.fromkeys(_ADDRESS.findall(schema))
        numbers = {address: str(number) for number, address in enumerate(addresses, 1)}
        for name in sorted(
            set(archive.namelist()) - {_SCHEMA}, key=lambda name: int(numbers[name.split(".")[0]])
        ):
            stem, suffix = name.split(".")
            _store(new, f"{numbers[stem]}.{suffix}", archive.read(name))
        _store(new, _SCHEMA, _ADDRESS.sub(lambda found: numbers[found[0]], schema).encode())
    return written.getvalue()


def _store(archive: ZipFile, name: str, content: bytes) -> None:
    entry = ZipInfo(name)
    entry.compress_type = ZIP_DEFLATED
    archive.writestr(entry, content)


def _untrusted(name: str, what: str) -> StateError:
    return StateError(
        f"{name} holds types that no bundle may hold ({' '.join(what.split())}): it was not written by this "
        "version of Outrigger; delete the bundle and run `outrigger train`"
    )


def _unreadable(name: str, error: BaseException) -> StateError:
    return StateError(
        f"{name} cannot be read as a model ({type(error).__name__}: {error}): restore the bundle or run "
        "`outrigger train`"
    )
