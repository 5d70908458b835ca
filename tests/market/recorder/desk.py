"""A clock that is driven, a store in memory and an exchange that does as it is told."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence

import pandas as pd

from outrigger.market.recorder.clock import Clock
from outrigger.market.recorder.rows import Row
from outrigger.market.store.schema import SCHEMAS, Kind

START_MS = 1_760_054_400_000
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


class DrivenClock:
    """Time passes only when `drive` says so, and only while as many tasks as expected are waiting for it."""

    def __init__(self, start_ms: int = START_MS) -> None:
        self.start_ms = start_ms
        self.elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._changed = asyncio.Event()
        self.clock = Clock(self.now_ms, lambda: self.elapsed, self.sleep)

    def now_ms(self) -> int:
        return self.start_ms + round(self.elapsed * 1000)

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.elapsed + seconds, next(self._order), woken))
        self._changed.set()
        await woken

    async def drive(self, seconds: float, sleepers: int) -> None:
        end = self.elapsed + seconds
        while True:
            while sum(not s[2].done() for s in self._sleepers) < sleepers:
                self._changed.clear()
                await self._changed.wait()
            if self._sleepers[0][0] > end:
                self.elapsed = end
                return
            due, _, woken = heapq.heappop(self._sleepers)
            self.elapsed = max(self.elapsed, due)
            if not woken.done():
                woken.set_result(None)


class MemoryStore:
    def __init__(self) -> None:
        self.frames: list[tuple[str, Kind, pd.DataFrame]] = []
        self.full = False
        self.retained: list[tuple[int, int]] = []
        self.closed = False

    def append(self, pair: str, kind: Kind, rows: pd.DataFrame) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        self.frames.append((pair, kind, rows))
        return len(rows)

    def retain(self, days: int, now_ms: int) -> int:
        self.retained.append((days, now_ms))
        return 0

    def close(self) -> None:
        self.closed = True

    def times(self, pair: str, kind: Kind = Kind.BOOK) -> list[int]:
        return [int(t) for p, k, rows in self.frames if (p, k) == (pair, kind) for t in rows["time_ms"]]


def plain_row(time_ms: int, kind: Kind = Kind.BOOK) -> Row:
    return dict.fromkeys(SCHEMAS[kind].columns, 1.0) | {"time_ms": time_ms, "known_ms": time_ms}


class ScriptedSources:
    """Readers given as functions."""

    def __init__(self, readers: Mapping[Kind, Callable[[str], Awaitable[Sequence[Row]]]], least: float = 0.0):
        self.readers = readers
        self.least = least
        self.closed = False

    def least_interval_s(self, kind: Kind, pairs: int) -> float:
        return self.least

    async def close(self) -> None:
        self.closed = True
