"""What a recording has got, missed and lost: counted, because a gap that nobody sees is a false history."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from outrigger.market.store.schema import Kind

logger = logging.getLogger(__name__)

Stream = tuple[str, Kind]


@dataclass(frozen=True, slots=True)
class Health:
    """State of a recording at one moment.

    Parameters
    ----------
    readings : dict of (pair, Kind) to int
        Rows received.
    failures : dict of (pair, Kind) to int
        Requests that failed or took too long.
    gaps : dict of (pair, Kind) to int
        Scheduled readings that are missing, by failure or because the one before took too long.
    repeated : dict of (pair, Kind) to int
        Answers no newer than the one before, left out.
    written : int
        Rows in the store.
    waiting : int
        Rows held for the next write.
    dropped : int
        Rows given up because the store could not be written.
    write_failures : int
        Attempts to write that failed.
    """

    readings: dict[Stream, int]
    failures: dict[Stream, int]
    gaps: dict[Stream, int]
    repeated: dict[Stream, int]
    written: int
    waiting: int
    dropped: int
    write_failures: int

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types, counts by pair and kind."""
        told: dict[str, Any] = asdict(self)
        for name in ("readings", "failures", "gaps", "repeated"):
            counts: dict[Stream, int] = getattr(self, name)
            told[name] = {f"{pair} {kind.value}": number for (pair, kind), number in counts.items()}
        return told

    def line(self) -> str:
        """Say it in one line."""
        read = Counter[str]()
        for (_, kind), number in self.readings.items():
            read[kind.value] += number
        counts = ", ".join(f"{number} {kind}" for kind, number in sorted(read.items())) or "nothing"
        return (
            f"recorded {counts}; written {self.written}, waiting {self.waiting}, "
            f"gaps {sum(self.gaps.values())}, failures {sum(self.failures.values())}, "
            f"repeated {sum(self.repeated.values())}, lost {self.dropped}"
        )


class Counters:
    """Counts events by stream, and logs the first of a row of failures and its end."""

    def __init__(self) -> None:
        self.readings: Counter[Stream] = Counter()
        self.failures: Counter[Stream] = Counter()
        self.gaps: Counter[Stream] = Counter()
        self.repeated: Counter[Stream] = Counter()
        self._failing: set[Stream] = set()

    def failed(self, stream: Stream, error: Exception, wait_s: float) -> None:
        """Count a failure; the first since the last success is logged."""
        self.failures[stream] += 1
        if stream not in self._failing:
            self._failing.add(stream)
            said = str(error) or type(error).__name__
            logger.warning(
                "%s of %s could not be recorded: %s. A gap stays; next attempt in %.1f s, further failures "
                "are counted.",
                stream[1].value,
                stream[0],
                said,
                wait_s,
            )

    def worked(self, stream: Stream) -> None:
        """Note an answer; the first after failures is logged."""
        if stream in self._failing:
            self._failing.discard(stream)
            logger.info("%s of %s is recorded again", stream[1].value, stream[0])
