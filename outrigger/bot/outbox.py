"""Messages from outside that a running bot sends: a folder that commands write and the bot empties.

A review is made by a command of its own, but only the bot holds the trader's Telegram and webhooks. The
command puts a text into the folder in one step; the bot takes it out of the way *before* it sends it, so
that a text is sent at most once, however it goes down. What is no text, or too long for a message, is moved
aside and warned of once.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from outrigger.atomic import write_text
from outrigger.errors import DataError

logger = logging.getLogger(__name__)

LARGEST_BYTES = 4000  # Telegram refuses more than 4096 characters
SUFFIX, BROKEN = ".txt", "broken"


class Outbox:
    """Texts that wait to be sent.

    Parameters
    ----------
    user_data : Path
        Freqtrade's working directory, which command and bot share.
    say : callable
        Sends one text; the bot's `dp.send_msg`.
    """

    def __init__(self, user_data: Path, say: Callable[[str], object]) -> None:
        self._folder = folder_in(user_data)
        self._say = say
        self._warned = False

    def deliver(self) -> int:
        """Send everything that waits, the oldest first, each at most once.

        Returns
        -------
        int
            How many texts were sent. Whatever goes wrong is warned of once: a message is never worth a
            bot's loop.
        """
        try:
            waiting = sorted(self._folder.glob(f"[!.]*{SUFFIX}")) if self._folder.is_dir() else []
            return sum(self._sent(path) for path in waiting)
        except Exception as error:
            self._warn(f"{self._folder} cannot be emptied ({error!r}): what is left waits")
            return 0

    def _sent(self, path: Path) -> bool:
        try:
            text = _text(path)
        except (OSError, ValueError) as error:
            aside = self._folder / BROKEN
            aside.mkdir(exist_ok=True)
            path.replace(aside / path.name)
            self._warn(f"{path.name} cannot be sent ({error}): moved to {aside}")
            return False
        # Before it is sent: a text that is lost is better than one that comes every five seconds.
        path.unlink()
        self._say(text)
        return True

    def _warn(self, text: str) -> None:
        if not self._warned:
            logger.warning("%s; further ones are not told", text)
        self._warned = True


def put(user_data: Path, text: str) -> Path:
    """Leave a text for the bot to send.

    Parameters
    ----------
    user_data : Path
        Freqtrade's working directory.
    text : str
        At most `LARGEST_BYTES` as UTF-8.

    Returns
    -------
    Path
        The file that waits.

    Raises
    ------
    DataError
        If the text is empty or too long.
    OSError
        If it cannot be written.
    """
    size = len(text.encode())
    if not text.strip() or size > LARGEST_BYTES:
        raise DataError(f"a message has to have between 1 and {LARGEST_BYTES} bytes, this one has {size}")
    # Names sort by time, and no two commands can take the same.
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}{SUFFIX}"
    path = folder_in(user_data) / name
    write_text(path, text)
    return path


def folder_in(user_data: Path) -> Path:
    """Where texts wait."""
    return user_data / "outrigger" / "outbox"


def _text(path: Path) -> str:
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise ValueError(f"{size} bytes, at most {LARGEST_BYTES} make a message")
    text = path.read_text(encoding="utf-8")
    if not text.strip():
        raise ValueError("it is empty")
    return text
