"""How long a rehearsed bot waits for an answer: the one time that passes really.

A fault that answers nothing costs the bot's patience each time, so it has to be short; everywhere else it has
to be long, or a busy machine's answers come too late and look like a fault. So it is short in the replayed
minutes alone in which nobody answers anything, and no answer can be late.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from outrigger.rehearsal.driven_bot import Look
from outrigger.rehearsal.met import CLIENT_TIMEOUT_MS
from outrigger.replay.faults import NO_ANSWER, FaultPlan

SILENT_MS = 100


class Patience:
    """Sets the patience of a bot's clients before each loop.

    Parameters
    ----------
    plans : sequence of FaultPlan
        What goes wrong, and when.
    """

    def __init__(self, plans: Sequence[FaultPlan]) -> None:
        self._silences = [plan for plan in plans if plan.fault.name == NO_ANSWER]
        # Not held: a bot that has ended must be gone before the next one is built.
        self._bot: Callable[[], Any] = lambda: None

    def watching(self, look: Look) -> Look:
        """Give a look that also takes note of the bot it sees, which a restart makes anew."""

        def seen(bot: Any, now: datetime) -> bool | None:
            self._bot = weakref.ref(bot)
            return look(bot, now)

        return seen

    def __call__(self) -> None:
        """Set it for the loop that comes next, at the time that it is now."""
        now_ms = round(time.time() * 1e3)
        silent = any(plan.from_ms <= now_ms < plan.until_ms for plan in self._silences)
        bot = self._bot()
        if bot is not None:
            for client in (bot.exchange._api, bot.exchange._api_async):
                client.timeout = SILENT_MS if silent else CLIENT_TIMEOUT_MS
