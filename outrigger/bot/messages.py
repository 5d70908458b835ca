"""Tells a trader what happened: always in the log, and through Freqtrade's messages while a bot runs.

Messages go through one limit. What was sent is remembered in a file of the bot's own, so that a bot that
restarts again and again says a thing once; where the file cannot be written a restart may repeat itself.
The time is that of the last loop: the domain has no clock, and a loop is short.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from outrigger.atomic import write_text
from outrigger.bot.breaker_file import bot_of
from outrigger.bot.message_limit import MessageLimit
from outrigger.bot.message_text import plain
from outrigger.errors import StateError
from outrigger.settings.messages import MessageSettings

logger = logging.getLogger(__name__)

PREFIX = "Outrigger: "


class Messenger:
    """What one bot says.

    Parameters
    ----------
    strategy : IStrategy
        Whose data provider sends; before it has one, the log has to do.
    settings : MessageSettings
        What is said, and how often.
    config : mapping
        Freqtrade's configuration: the user data directory, and the database that tells bots apart.
    live : bool
        Whether a bot runs; otherwise everything is only logged.
    """

    def __init__(
        self, strategy: Any, settings: MessageSettings, config: Mapping[str, Any], *, live: bool
    ) -> None:
        self.settings = settings
        self._strategy, self._live = strategy, live
        self._limit = MessageLimit(settings)
        folder = Path(config["user_data_dir"]) / "outrigger"
        self._path = folder / f"messages-{bot_of(str(config.get('db_url', '')))}.json"
        self._now_ms = 0
        self._begun = self._unsaved = self._warned = self._deaf = False

    def tick(self, now_ms: int) -> None:
        """Take the time of a loop, and tell what was held back where that is due."""
        if not self._begun:
            self._begun = True
            self._restore()
        self._now_ms = now_ms
        if self._unsaved:
            self._store()
        held = self._limit.pop_held(now_ms)
        if held:
            self._store()
            many = "message was" if held == 1 else "messages were"
            self.deliver(f"{PREFIX}{held} further {many} held back: the log has what they said")

    def tell(self, text: str, key: str = "", *, urgent: bool = False) -> None:
        """Log a warning and, in a running bot, send it unless it is held back.

        Parameters
        ----------
        text : str
            What happened and what to do, in words.
        key : str
            What it is about, which the limit goes by; the text itself where empty.
        urgent : bool
            Whether it comes however much else was said.
        """
        logger.warning(text)
        self.send(text, key, urgent=urgent)

    def urge(self, text: str) -> None:
        """Tell what has to come however much else was said."""
        self.tell(text, urgent=True)

    def guard(self, text: str, key: str) -> None:
        """Log what the cascade guard does, and send it where that is wanted."""
        logger.info(text)
        if self.settings.send_guard:
            self.send(text, key)

    def hedge(self, text: str) -> None:
        """Send what became of a leg, where that is wanted; whoever decided it has logged it."""
        if self.settings.send_hedge:
            self.send(text)

    def send(self, text: str, key: str = "", *, urgent: bool = False) -> None:
        """Send without logging, unless it is held back; see `tell`."""
        if not self._live or getattr(self._strategy, "dp", None) is None:
            return
        if self._limit.admits(key or text, self._now_ms, urgent=urgent):
            self._store()
            self.deliver(f"{PREFIX}{text}")
        else:
            # A storm of messages must not become one of writes: it is saved with the next loop.
            self._unsaved = True

    def deliver(self, text: str) -> None:
        """Send a text in a running bot, whether or not the same was sent before; never raises."""
        try:
            self._strategy.dp.send_msg(plain(text), always_send=True)
        except Exception:  # a message is never worth a bot's loop
            if not self._deaf:
                logger.exception("a message could not be sent: %s; further ones are not told", text)
            self._deaf = True

    def _restore(self) -> None:
        if not self._live:
            return
        try:
            self._limit.restore(json.loads(self._path.read_text(encoding="utf-8")))
        except (FileNotFoundError, NotADirectoryError):
            pass
        except (OSError, ValueError, AttributeError, StateError) as error:
            logger.warning("%s cannot be read (%s): what was told may be told again", self._path, error)

    def _store(self) -> None:
        self._unsaved = False
        try:
            write_text(self._path, json.dumps(self._limit.to_dict()))
        except OSError as error:
            if not self._warned:
                logger.warning("%s cannot be written (%s): a restart may repeat messages", self._path, error)
            self._warned = True
