"""Time as the recorder knows it: a calendar, a stopwatch and a way to wait.

Handed in, so that ten minutes of recording can be tested in a second. Schedules run on the stopwatch: a
calendar that is set back stops nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final


def _calendar_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Clock:
    """Where time comes from.

    Parameters
    ----------
    now_ms : callable
        Calendar time, milliseconds since the epoch.
    elapsed_s : callable
        A stopwatch that never runs backwards, seconds.
    sleep : callable
        Waits for a number of seconds.
    """

    now_ms: Callable[[], int]
    elapsed_s: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]


MACHINE: Final = Clock(_calendar_ms, time.monotonic, asyncio.sleep)
