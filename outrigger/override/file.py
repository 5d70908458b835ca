"""Where the words are kept, and how several commands say theirs at once.

Readers need no lock: the file is replaced in one step. Writers take one, in a file of its own beside it, so
that none undoes what another has just said. All bots that share a user data directory share the words.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from outrigger.atomic import write_text
from outrigger.errors import StateError
from outrigger.override.document import Words, loads

PATIENCE_S = 10.0
_PAUSE_S = 0.05


def path_in(user_data: Path) -> Path:
    """Where the words of a user data directory are."""
    return user_data / "outrigger" / "override.json"


def read(path: Path) -> Words:
    """Read what has been said.

    Parameters
    ----------
    path : Path
        The file; where there is none, nothing was said.

    Returns
    -------
    Words
        As they stand in the file.

    Raises
    ------
    StateError
        If the file cannot be read or understood.
    """
    try:
        return loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Words()
    except (OSError, UnicodeDecodeError) as error:
        raise StateError(f"{path} cannot be read ({error})") from error
    except StateError as error:
        raise StateError(f"{path}: {error}; mend it, or delete it to take every word back") from error


def update(path: Path, change: Callable[[Words], Words]) -> Words:
    """Change what has been said, as the only one who does so at this moment.

    Parameters
    ----------
    path : Path
        The file; made where missing.
    change : callable
        Makes the new words from those in the file.

    Returns
    -------
    Words
        What the file now says.

    Raises
    ------
    StateError
        If the file cannot be read, or another command holds it for more than ten seconds.
    OSError
        If it cannot be written; the old words then stand.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _held(path.with_suffix(".lock")):
        words = change(read(path))
        write_text(path, words.dumps())
    return words


@contextmanager
def _held(lock: Path) -> Iterator[None]:
    with lock.open("a") as file:
        give_up = time.monotonic() + PATIENCE_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise StateError(f"{lock} is held by another command: end it and try again") from None
                time.sleep(_PAUSE_S)
        yield
