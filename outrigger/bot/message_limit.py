"""Which messages are sent and which are held back, so that a wild market does not drown the one that counts.

Two rules: nothing about the same thing twice within some minutes, and no more than so many messages in any
hour. What was held back is counted, and the count is sent as one message an hour at most. An urgent message
(a breaker, a stop that cannot be kept) obeys the first rule only. The clock is given; one that goes back
mutes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outrigger.errors import StateError
from outrigger.settings.messages import MessageSettings

HOUR_MS, MINUTE_MS = 3_600_000, 60_000


class MessageLimit:
    """Remembers what was sent when.

    Parameters
    ----------
    settings : MessageSettings
        How often.
    """

    def __init__(self, settings: MessageSettings) -> None:
        self._repeat_ms = round(settings.repeat_minutes * MINUTE_MS)
        self._per_hour = settings.per_hour
        self._sent: dict[str, int] = {}
        self._recent: list[int] = []
        self._held, self._held_since_ms = 0, 0

    def admits(self, key: str, now_ms: int, *, urgent: bool = False) -> bool:
        """Whether a message may be sent now; it counts as sent where it may, else as held back.

        Parameters
        ----------
        key : str
            What it is about: two messages about the same thing share it.
        now_ms : int
            Present time in ms.
        urgent : bool
            Whether it comes whatever else was sent in the last hour.

        Returns
        -------
        bool
            True lets it go.
        """
        self._forget(now_ms)
        repeated = key in self._sent and now_ms - self._sent[key] < self._repeat_ms
        if repeated or not (urgent or len(self._recent) < self._per_hour):
            self._held_since_ms = self._held_since_ms if self._held else now_ms
            self._held += 1
            return False
        self._sent[key] = now_ms
        if not urgent:
            self._recent.append(now_ms)
        return True

    def pop_held(self, now_ms: int) -> int:
        """Count of messages held back that is due to be told: an hour after the first, where there is room.

        Parameters
        ----------
        now_ms : int
            Present time in ms.

        Returns
        -------
        int
            0 where nothing is due. Telling it counts as one message.
        """
        if not self._held:
            return 0
        self._forget(now_ms)
        waited = now_ms - self._held_since_ms
        if 0 <= waited < HOUR_MS or len(self._recent) >= self._per_hour:
            return 0
        held, self._held = self._held, 0
        self._recent.append(now_ms)
        return held

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        held = {"count": self._held, "since_ms": self._held_since_ms}
        return {"sent": self._sent, "recent": self._recent, "held": held}

    def restore(self, body: Mapping[str, Any]) -> None:
        """Take up the JSON-able form; raises StateError, and changes nothing, where it is not one."""
        try:
            sent = {str(key): int(at) for key, at in body["sent"].items()}
            recent = sorted(int(at) for at in body["recent"])
            held, since = int(body["held"]["count"]), int(body["held"]["since_ms"])
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise StateError(f"memory of messages cannot be read ({error!r}): it begins anew") from error
        self._sent, self._recent, self._held, self._held_since_ms = sent, recent, max(held, 0), since

    def _forget(self, now_ms: int) -> None:
        """Drop what is too old to count, and what a clock that went back has put into the future."""
        self._sent = {key: at for key, at in self._sent.items() if 0 <= now_ms - at < self._repeat_ms}
        self._recent = [at for at in self._recent if 0 <= now_ms - at < HOUR_MS]
