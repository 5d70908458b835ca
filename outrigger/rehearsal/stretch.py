"""Recorded minutes in which a position is opened and then stopped: where rehearsals meet their faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from outrigger.rehearsal.invariants import Invariants

AFTERWARDS = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Recorded minutes in which a position is opened and then stopped.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory.
    pairs : tuple of str
        What is traded.
    start, until : datetime
        First loop, and the end (UTC).
    fault_from, fault_until : datetime
        When the fault acts: after the entry, around the stop.
    """

    datadir: Path
    pairs: tuple[str, ...]
    start: datetime
    until: datetime
    fault_from: datetime
    fault_until: datetime

    def over(self, now: datetime, holding: int) -> bool:
        """Tell whether nothing is left to see: the fault is long gone, and no position is open."""
        return not holding and now >= self.fault_until + AFTERWARDS

    def watched(self, watch: Invariants) -> Callable[[Any, datetime], bool]:
        """Give the look after every loop: what has to hold, and whether nothing is left to see."""

        def look(bot: Any, now: datetime) -> bool:
            watch(bot, now)
            return self.over(now, watch.holding)

        return look


def crash_of_february(market: Path) -> Stretch:
    """Give the minutes of 2025-02-03 in which a short on ETH is opened and stopped seven minutes later.

    Parameters
    ----------
    market : Path
        Directory that holds the data directory `binance-1m-2025-02`.

    Returns
    -------
    Stretch
    """
    night = datetime(2025, 2, 3, 1, tzinfo=UTC)
    at = {minute: night + timedelta(minutes=minute) for minute in (48, 51, 58, 65)}
    return Stretch(market / "binance-1m-2025-02", ("ETH/USDT:USDT",), at[48], at[65], at[51], at[58])
