"""Rows between the exchange and the store: bounded, and kept until they are written.

The store is written in a thread of its own, so a slow disk holds up no reading. A write that fails keeps its
rows for the next attempt; when there are too many, the oldest go, and are counted.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Protocol

import numpy as np
import pandas as pd

from outrigger.market.recorder.health import Stream
from outrigger.market.recorder.rows import Row
from outrigger.market.store.schema import SCHEMAS, Kind

logger = logging.getLogger(__name__)


class Store(Protocol):
    """The part of the market store that a recording needs."""

    def append(self, pair: str, kind: Kind, rows: pd.DataFrame) -> int:
        """Add rows of a pair and return how many were written."""
        ...

    def retain(self, days: int, now_ms: int) -> int:
        """Remove what is older and return the number of files removed."""
        ...

    def close(self) -> None:
        """Let go of what is held for writing."""
        ...


def frame_of(kind: Kind, rows: list[Row]) -> pd.DataFrame:
    """Table of rows with the columns and types of the store.

    Parameters
    ----------
    kind : Kind
        Which table.
    rows : list of dict
        Each with every column of the schema.

    Returns
    -------
    DataFrame
        Times as int64, values as float64.
    """
    times = ("time_ms", "known_ms")
    types = {name: np.int64 if name in times else np.float64 for name in SCHEMAS[kind].columns}
    return pd.DataFrame({n: np.array([row[n] for row in rows], dtype=t) for n, t in types.items()})


class Buffer:
    """Rows waiting for the store.

    Parameters
    ----------
    store : Store
        Where they go.
    max_rows : int
        Rows held at most.
    """

    def __init__(self, store: Store, max_rows: int) -> None:
        self._store = store
        self._max_rows = max_rows
        self._rows: deque[tuple[Stream, Row]] = deque()
        self._being_written = 0
        self._writing = asyncio.Lock()
        self._failing = False
        self.written = 0
        self.dropped = 0
        self.write_failures = 0

    @property
    def waiting(self) -> int:
        """Rows received and not yet written."""
        return len(self._rows) + self._being_written

    def add(self, stream: Stream, row: Row) -> None:
        """Take a row; the oldest gives way when there is no room."""
        self._rows.append((stream, row))
        self._bound()

    def _bound(self) -> None:
        while len(self._rows) > self._max_rows:
            self._rows.popleft()
            self.dropped += 1

    async def flush(self) -> None:
        """Write what waits; what cannot be written waits on. Safe to be cancelled."""
        await asyncio.shield(asyncio.ensure_future(self._flush()))

    async def close(self) -> None:
        """Write what waits and let go of the store."""
        await self.flush()
        async with self._writing:
            await asyncio.to_thread(self._store.close)

    async def retain(self, days: int, now_ms: int) -> None:
        """Remove old days from the store; a failure is logged.

        Parameters
        ----------
        days : int
            Whole days to keep beside today.
        now_ms : int
            The present, milliseconds since the epoch.
        """
        await asyncio.shield(asyncio.ensure_future(self._retain(days, now_ms)))

    async def _retain(self, days: int, now_ms: int) -> None:
        async with self._writing:
            try:
                await asyncio.to_thread(self._store.retain, days, now_ms)
            except Exception:
                logger.exception("old recordings could not be removed; tried again tomorrow")

    async def _flush(self) -> None:
        async with self._writing:
            by_stream: dict[Stream, list[Row]] = {}
            for stream, row in self._rows:
                by_stream.setdefault(stream, []).append(row)
            self._being_written = len(self._rows)
            self._rows.clear()
            unwritten = await asyncio.to_thread(self._write, by_stream)
            newer = list(self._rows)
            self._rows.clear()
            self._rows.extend((stream, row) for stream in unwritten for row in by_stream[stream])
            self._rows.extend(newer)
            self._being_written = 0
            self._bound()

    def _write(self, by_stream: dict[Stream, list[Row]]) -> list[Stream]:
        unwritten = []
        for (pair, kind), rows in by_stream.items():
            try:
                self._store.append(pair, kind, frame_of(kind, rows))
            except Exception as error:  # whatever the disk or the store says, rows are kept
                unwritten.append((pair, kind))
                self._failed(error)
            else:
                self.written += len(rows)
        if by_stream and not unwritten:
            self._failing = False
        return unwritten

    def _failed(self, error: Exception) -> None:
        self.write_failures += 1
        if not self._failing:
            self._failing = True
            logger.error(
                "the recording cannot be written: %s. Up to %d rows are held in memory until it can.",
                error,
                self._max_rows,
            )
