"""What the loops of a driven bot took, in a few bytes a loop.

A month has tens of thousands of loops: as pairs of Python objects their times would be most of what a process
grows by, and a soak would measure its own notebook.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass


class LoopTimes:
    """Processor time of loop after loop: nine bytes each."""

    def __init__(self) -> None:
        self._first_of_minute = bytearray()
        self._seconds = array("d")

    def __len__(self) -> int:
        return len(self._seconds)

    def add(self, *, first_of_minute: bool, seconds: float) -> None:
        """Note a loop."""
        self._first_of_minute.append(first_of_minute)
        self._seconds.append(seconds)

    def told(self) -> list[tuple[bool, float]]:
        """Tell of each loop whether it was the first of its minute, and its seconds."""
        return list(zip(map(bool, self._first_of_minute), self._seconds, strict=True))


@dataclass(frozen=True, slots=True)
class Run:
    """What a driven bot went through.

    Parameters
    ----------
    spent : list of (bool, float)
        A loop each: whether it was the first of its minute, and its processor time in seconds, the exchange's
        share included.
    restarts : int
        How often Freqtrade ended by itself, stopped or crashed, and was started again.
    """

    spent: list[tuple[bool, float]]
    restarts: int
