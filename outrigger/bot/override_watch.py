"""Hears the trader's word in a running bot: reads the file when it has changed, tells what begins and ends.

The file is looked at once a loop and read only when its time, size or identity changed. One that cannot be
read changes nothing: the last good words stand, and that is told once. What was told is remembered in a file
of the bot's own, so that a restart repeats nothing and forgets no ending.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from outrigger.atomic import write_text
from outrigger.bot.breaker_file import bot_of
from outrigger.bot.faults import FaultLog
from outrigger.errors import StateError
from outrigger.override import file
from outrigger.override.word import Word

logger = logging.getLogger(__name__)

Signature = tuple[int, int, int]


class OverrideWatch:
    """The words that a running bot has heard.

    Parameters
    ----------
    config : mapping
        Freqtrade's configuration: the user data directory, and the database that tells bots apart.
    faults : FaultLog
        Told where the memory of what was told cannot be written.
    tell : callable
        Tells the trader something in words.
    """

    def __init__(self, config: Mapping[str, Any], faults: FaultLog, tell: Callable[[str], None]) -> None:
        self.words: tuple[Word, ...] = ()
        self._faults, self._tell = faults, tell
        self._path = file.path_in(Path(config["user_data_dir"]))
        name = bot_of(str(config.get("db_url", "")))
        self._memory = self._path.with_name(f"override-told-{name}.json")
        self._seen: Signature | str | None = "never"
        self._warned = ""
        self._told: dict[str, str] | None = None

    def look(self, now_ms: int, pairs: Callable[[], Collection[str]]) -> None:
        """Read the file if it has changed, and tell what has begun and ended since.

        Parameters
        ----------
        now_ms : int
            Present time in ms.
        pairs : callable
            Gives the pairs that the bot knows: a word about another one is told to have no effect.
        """
        self._read()
        if self.words or self._told is None or self._told:
            self._announce(now_ms, pairs)

    def _read(self) -> None:
        seen: Signature | str | None
        try:
            found = self._path.stat()
            seen = (found.st_mtime_ns, found.st_size, found.st_ino)
        except (FileNotFoundError, NotADirectoryError):
            seen = None
        except OSError as error:
            seen = str(error)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self.words, self._warned = file.read(self._path).words, ""
        except StateError as error:
            if isinstance(error.__cause__, OSError):  # a disk may answer the next time, unchanged
                self._seen = "not read"
            if str(error) != self._warned:
                self._warned = str(error)
                self._tell(f"{error}. Until then the overrides that were read last stand.")

    def _announce(self, now_ms: int, pairs: Callable[[], Collection[str]]) -> None:
        if self._told is None:
            self._told = self._remembered()
        told = dict(self._told)
        known = {word.key: word for word in self.words}
        news = []
        for key, text in self._told.items():
            word = known.get(key)
            if word is None or not word.in_force(now_ms):
                del told[key]
                news.append(f"{text} has ended: {(word and word.ended) or _why(word)}")
        for word in self.words:
            if word.in_force(now_ms) and word.key not in told:
                told[word.key] = f"override {word.number}, {word.asks()},"
                stranger = word.pair is not None and word.pair not in pairs()
                news.append(word.describe() + (". This bot does not know the pair" if stranger else ""))
        if not news:
            return
        # Remembered first: a bot killed in between says too little once, not the same with every restart.
        self._told = told
        self._remember()
        for text in news:
            self._tell(text)

    def _remembered(self) -> dict[str, str]:
        try:
            kept = json.loads(self._memory.read_text(encoding="utf-8"))
            return {str(key): str(text) for key, text in kept.items()}
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError, AttributeError) as error:
            logger.warning("%s cannot be read (%s): overrides in force are told again", self._memory, error)
            return {}

    def _remember(self) -> None:
        try:
            write_text(self._memory, json.dumps(self._told))
        except OSError as error:
            self._faults.record("memory of overrides", "all pairs", error, "a restart tells them again")


def _why(word: Word | None) -> str:
    return "its time is over" if word is not None else "it is no longer in the file"
