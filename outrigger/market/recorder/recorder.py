"""The recorder: every pair and kind on a schedule of its own, until it is told to stop.

A reading that fails or takes too long is a gap, and holds up nothing but its own stream. Nothing is filled
in: a gap stays a gap, and is counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

from outrigger.market.recorder.backoff import Backoff
from outrigger.market.recorder.buffer import Buffer, Store
from outrigger.market.recorder.clock import MACHINE, Clock
from outrigger.market.recorder.health import Counters, Health, Stream
from outrigger.market.recorder.rows import Row
from outrigger.market.recorder.settings import DAY_MS, RecorderSettings
from outrigger.market.store.schema import Kind

logger = logging.getLogger(__name__)

# More than are ever received between two writes.
RECENT_ROWS: Final = 512

Reader = Callable[[str], Awaitable[Sequence[Row]]]


class Sources(Protocol):
    """An exchange as the recorder sees it."""

    @property
    def readers(self) -> Mapping[Kind, Reader]:
        """What can be read, each by a function from a pair to rows."""
        ...

    def least_interval_s(self, kind: Kind, pairs: int) -> float:
        """Seconds between readings of one pair that the exchange's limits allow."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


async def _reading(reader: Reader, pair: str) -> Sequence[Row]:
    task = asyncio.current_task()
    try:
        return await reader(pair)
    except asyncio.CancelledError as error:
        # Requests share work inside a client: one that is given up may take others with it.
        if task is not None and not task.cancelling():
            raise ConnectionError("another request that this one waited for was given up") from error
        raise


class Recorder:
    """Polls an exchange and appends to a store, which it closes at the end.

    Parameters
    ----------
    sources : Sources
        The exchange.
    store : Store
        Where rows go.
    pairs : sequence of str
        Freqtrade's names, such as `BTC/USDT:USDT`.
    settings : RecorderSettings, optional
        Pace and limits.
    clock : Clock, optional
        Where time comes from; the machine's unless said.
    """

    def __init__(
        self,
        sources: Sources,
        store: Store,
        pairs: Sequence[str],
        settings: RecorderSettings | None = None,
        clock: Clock = MACHINE,
    ) -> None:
        self.sources = sources
        self.pairs = tuple(dict.fromkeys(pairs))
        self.settings = settings or RecorderSettings()
        self._clock = clock
        self._chance = random.Random(self.settings.seed)
        self._buffer = Buffer(store, self.settings.max_rows)
        self._counters = Counters()
        self._latest: dict[Stream, Row] = {}
        self._recent: dict[Stream, deque[Row]] = {}

    def recent(self, pair: str, kind: Kind, first_ms: int) -> list[Row]:
        """Return the newest rows of a pair, written or not; from any thread, without waiting.

        Parameters
        ----------
        pair : str
            Freqtrade's name.
        kind : Kind
            Which table.
        first_ms : int
            First `known_ms` wanted.

        Returns
        -------
        list of dict
            Copies, of the last `RECENT_ROWS` at most.
        """
        rows = list(self._recent.get((pair, kind), ()))
        return [row.copy() for row in rows if row["known_ms"] >= first_ms]

    def latest(self, pair: str, kind: Kind) -> Row | None:
        """Return the newest row of a pair, or None; from any thread, without waiting.

        Parameters
        ----------
        pair : str
            Freqtrade's name.
        kind : Kind
            Which table.

        Returns
        -------
        dict or None
            A copy of the row; the reader judges its age by `known_ms`.
        """
        row = self._latest.get((pair, kind))
        return None if row is None else row.copy()

    def health(self) -> Health:
        """Return the counts so far; from any thread."""
        counters, buffer = self._counters, self._buffer
        return Health(
            dict(counters.readings),
            dict(counters.failures),
            dict(counters.gaps),
            dict(counters.repeated),
            buffer.written,
            buffer.waiting,
            buffer.dropped,
            buffer.write_failures,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Record until told to stop, then write what is held and let go of the exchange.

        Parameters
        ----------
        stop : asyncio.Event
            Ends the recording when set.
        """
        readers = self.sources.readers
        intervals = {kind: self._interval_s(kind) for kind in readers}
        tasks = [
            asyncio.create_task(self._record((pair, kind), readers[kind], intervals[kind]))
            for kind in readers
            for pair in self.pairs
        ]
        tasks.append(asyncio.create_task(self._write_regularly()))
        try:
            await stop.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._buffer.close()
            with contextlib.suppress(Exception):  # the rows are safe, and there is nobody left to tell
                await self.sources.close()

    def _interval_s(self, kind: Kind) -> float:
        asked = self.settings.interval_s.get(kind, 0.0)
        allowed = self.sources.least_interval_s(kind, len(self.pairs))
        if allowed > asked:
            logger.warning(
                "%s every %g s for %d pairs is more than the exchange allows: recorded every %.1f s",
                kind.value,
                asked,
                len(self.pairs),
                allowed,
            )
        return max(asked, allowed)

    async def _record(self, stream: Stream, reader: Reader, interval: float) -> None:
        backoff = Backoff(self.settings.retry_first_s, self.settings.retry_most_s, self._chance)
        # Spread over the interval: requests in one burst would meet the exchange's limits.
        due = self._clock.elapsed_s() + interval * self.pairs.index(stream[0]) / len(self.pairs)
        while True:
            await self._clock.sleep(max(0.0, due - self._clock.elapsed_s()))
            wait = 0.0
            try:
                async with asyncio.timeout(self.settings.timeout_s if interval else None):
                    rows = await _reading(reader, stream[0])
                self._keep(stream, rows)
                backoff.worked()
                self._counters.worked(stream)
            except Exception as error:  # whatever a client library raises costs one reading
                wait = backoff.failed()
                self._counters.gaps[stream] += 1
                self._counters.failed(stream, error, max(wait, interval))
            due = self._next_due(stream, due, wait, interval)

    def _next_due(self, stream: Stream, due: float, wait: float, interval: float) -> float:
        earliest = self._clock.elapsed_s() + wait
        if not interval:
            return earliest
        due += interval
        if due < earliest:
            missed = -int((due - earliest) // interval)
            self._counters.gaps[stream] += missed
            due += missed * interval
        return due

    def _keep(self, stream: Stream, rows: Sequence[Row]) -> None:
        for row in rows:
            before = self._latest.get(stream)
            # Several forced orders may share a millisecond; a book with an old time is an old book.
            reading = stream[1] is not Kind.LIQUIDATIONS
            if reading and before is not None and row["time_ms"] <= before["time_ms"]:
                self._counters.repeated[stream] += 1
                continue
            self._latest[stream] = dict(row)
            self._recent.setdefault(stream, deque(maxlen=RECENT_ROWS)).append(dict(row))
            self._counters.readings[stream] += 1
            self._buffer.add(stream, row)

    async def _write_regularly(self) -> None:
        retained_day = -1
        while True:
            await self._clock.sleep(self.settings.flush_s)
            await self._buffer.flush()
            today = self._clock.now_ms() // DAY_MS
            if self.settings.retain_days is not None and today != retained_day:
                retained_day = today
                await self._buffer.retain(self.settings.retain_days, self._clock.now_ms())
