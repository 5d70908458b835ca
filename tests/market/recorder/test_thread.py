"""The recorder beside a bot: it never waits, never raises, and writes what it has when it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from outrigger.market.recorder.clock import MACHINE
from outrigger.market.recorder.recorder import Recorder
from outrigger.market.recorder.rows import Row
from outrigger.market.recorder.settings import RecorderSettings
from outrigger.market.recorder.thread import RecorderThread, State
from outrigger.market.store.schema import Kind
from tests.market.recorder.desk import BTC, ETH, START_MS, MemoryStore, ScriptedSources, plain_row

ENOUGH_S = 10.0


class Desk:
    """BTC answers at once, ETH never does."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.answered, self.hanging = threading.Event(), threading.Event()
        self.thread = RecorderThread(self.build)

    async def read(self, pair: str) -> Sequence[Row]:
        if pair == ETH:
            self.hanging.set()
            await asyncio.Event().wait()
        asyncio.get_running_loop().call_soon(self.answered.set)
        return [plain_row(START_MS)]

    def build(self) -> Recorder:
        settings = RecorderSettings(interval_s={Kind.BOOK: 0.01}, timeout_s=3600.0, flush_s=3600.0)
        return Recorder(ScriptedSources({Kind.BOOK: self.read}), self.store, (BTC, ETH), settings, MACHINE)


def test_thread_with_a_hanging_request_answers_and_stops_and_writes() -> None:
    desk = Desk()
    assert desk.thread.latest(BTC, Kind.BOOK) is None
    assert desk.thread.health() is None
    desk.thread.start()
    desk.thread.start()
    assert desk.hanging.wait(ENOUGH_S)
    assert desk.answered.wait(ENOUGH_S)
    row = desk.thread.latest(BTC, Kind.BOOK)
    assert row is not None
    assert row["time_ms"] == START_MS
    assert desk.thread.latest(ETH, Kind.BOOK) is None
    desk.thread.stop()
    assert desk.thread.join(ENOUGH_S)
    assert desk.thread.state is State.STOPPED
    assert desk.store.times(BTC) == [START_MS]
    health = desk.thread.health()
    assert health is not None
    assert health.written == 1


def test_thread_calls_do_not_wait_for_a_loop_that_is_held_up() -> None:
    held, let_go = threading.Event(), threading.Event()

    async def blocks_its_loop(_: str) -> Sequence[Row]:
        held.set()
        let_go.wait(ENOUGH_S)
        return [plain_row(START_MS)]

    store = MemoryStore()
    thread = RecorderThread(
        lambda: Recorder(ScriptedSources({Kind.BOOK: blocks_its_loop}), store, (BTC,), RecorderSettings())
    )
    thread.start()
    assert held.wait(ENOUGH_S)
    # Any of these would hang for good if it needed the loop.
    assert thread.latest(BTC, Kind.BOOK) is None
    assert thread.health() is not None
    thread.stop()
    thread.stop()
    assert not thread.join(0.0)
    let_go.set()
    assert thread.join(ENOUGH_S)


def test_thread_that_cannot_build_its_recorder_fails_without_raising(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def build() -> Recorder:
        raise PermissionError("store is read-only")

    thread = RecorderThread(build)
    thread.start()
    assert thread.join(ENOUGH_S)
    assert thread.state is State.FAILED
    assert "store is read-only" in caplog.text
    thread.stop()
    assert thread.latest(BTC, Kind.BOOK) is None


def test_thread_stopped_before_it_started_records_nothing() -> None:
    desk = Desk()
    desk.thread.stop()
    desk.thread.start()
    assert desk.thread.join(ENOUGH_S)
    assert desk.store.frames == []
