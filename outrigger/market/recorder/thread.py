"""The recorder inside a bot: a thread with an event loop of its own, which the bot never waits for.

Starting, stopping and asking for the newest row take microseconds whatever the exchange does. Nothing that
happens in the thread reaches the bot but through `state`, `health` and the log. The thread dies with the
process: rows not yet written are lost unless `stop` and `join` were called.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from outrigger.market.recorder.health import Health
from outrigger.market.recorder.recorder import Recorder
from outrigger.market.recorder.rows import Row
from outrigger.market.store.schema import Kind

logger = logging.getLogger(__name__)

STOP_POLL_S: Final = 0.2


class State(StrEnum):
    """Where a recorder thread is in its life."""

    NEW = "new"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"


class RecorderThread:
    """A recording in the background.

    Parameters
    ----------
    build : callable
        Makes the recorder; called in the thread, because a client library takes its time.
    """

    def __init__(self, build: Callable[[], Recorder]) -> None:
        self._build = build
        self._recorder: Recorder | None = None
        self._asked_to_stop = threading.Event()
        self._begin = threading.Event()
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="outrigger-recorder", daemon=True)
        self.state = State.NEW

    def start(self) -> None:
        """Begin; a second call does nothing."""
        with self._guard:
            if self.state is State.NEW:
                self.state = State.RUNNING
                self._thread.start()
                # A new thread keeps the interpreter for its first milliseconds unless it has to wait.
                self._begin.set()

    def stop(self) -> None:
        """Ask for the end and return at once; `join` waits for the last write."""
        self._asked_to_stop.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end.

        Parameters
        ----------
        timeout_s : float
            Longest wait, seconds.

        Returns
        -------
        bool
            Whether the thread has ended, with everything written that could be.
        """
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def latest(self, pair: str, kind: Kind) -> Row | None:
        """Return the newest row of a pair, or None; never waits and never raises."""
        recorder = self._recorder
        return None if recorder is None else recorder.latest(pair, kind)

    def recent(self, pair: str, kind: Kind, first_ms: int) -> list[Row]:
        """Return the newest rows of a pair, written or not; never waits and never raises."""
        recorder = self._recorder
        return [] if recorder is None else recorder.recent(pair, kind, first_ms)

    def health(self) -> Health | None:
        """Return the counts so far, or None before the recorder is made."""
        recorder = self._recorder
        return None if recorder is None else recorder.health()

    def _run(self) -> None:
        self._begin.wait()
        try:
            asyncio.run(self._main())
            self.state = State.STOPPED
        except Exception:
            self.state = State.FAILED
            logger.exception("the recorder has ended; the bot goes on without new order book rows")

    async def _main(self) -> None:
        recorder = self._build()
        self._recorder = recorder
        stop = asyncio.Event()
        watching = asyncio.create_task(self._watch(stop))
        try:
            await recorder.run(stop)
        finally:
            watching.cancel()

    async def _watch(self, stop: asyncio.Event) -> None:
        # Waking the loop from outside would hand it the interpreter in the middle of the bot's call.
        while not self._asked_to_stop.is_set():
            await asyncio.sleep(STOP_POLL_S)
        stop.set()
