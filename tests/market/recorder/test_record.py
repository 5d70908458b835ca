"""Recording as a command: its time, its lines, its interruption."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from outrigger.errors import SettingsError, StateError
from outrigger.market.recorder.buffer import frame_of
from outrigger.market.recorder.exchange_recorder import exchange_recorder
from outrigger.market.recorder.record import record
from outrigger.market.recorder.recorder import Recorder
from outrigger.market.recorder.rows import Row
from outrigger.market.recorder.settings import RecorderSettings
from outrigger.market.store.schema import VERSION, Kind
from outrigger.market.store.store import MarketStore
from tests.market.recorder.desk import BTC, START_MS, DrivenClock, MemoryStore, ScriptedSources, plain_row

SETTINGS = RecorderSettings(interval_s={Kind.BOOK: 10.0}, flush_s=3600.0)


class Desk:
    """A recorder whose clock is driven as soon as it is built."""

    def __init__(self, pairs: tuple[str, ...] = (BTC,), interrupt_after: int | None = None) -> None:
        self.driven, self.store = DrivenClock(), MemoryStore()
        self.pairs = pairs
        self.interrupt_after = interrupt_after
        self.read_so_far = 0
        self.said: list[str] = []

    async def read(self, _: str) -> Sequence[Row]:
        self.read_so_far += 1
        if self.read_so_far == self.interrupt_after:
            signal.raise_signal(signal.SIGTERM)
        return [plain_row(self.driven.now_ms())]

    def build(self, sleepers: int) -> Recorder:
        self.driving = asyncio.get_running_loop().create_task(self.driven.drive(1e6, sleepers))
        sources = ScriptedSources({Kind.BOOK: self.read})
        return Recorder(sources, self.store, self.pairs, SETTINGS, self.driven.clock)


def test_record_for_a_time_ends_by_itself_with_a_line_a_minute_and_all_written() -> None:
    desk = Desk()
    health = record(lambda: desk.build(4), for_s=125.0, say=desk.said.append, clock=desk.driven.clock)
    assert desk.store.times(BTC) == [START_MS + 10_000 * i for i in range(13)]
    assert (health.written, health.waiting) == (13, 0)
    assert len(desk.said) == 2
    assert "6 book" in desk.said[0]


def test_record_that_is_terminated_writes_what_it_has_and_gives_the_signal_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    desk = Desk(interrupt_after=3)
    health = record(lambda: desk.build(3), say=desk.said.append, clock=desk.driven.clock)
    assert health.written == len(desk.store.times(BTC)) >= 3
    assert desk.store.closed
    assert signal.getsignal(signal.SIGTERM) is before


def test_record_without_pairs_is_refused() -> None:
    desk = Desk(pairs=())
    with pytest.raises(SettingsError, match="at least one pair"):
        record(lambda: desk.build(3), clock=desk.driven.clock)


def test_record_into_a_store_from_a_newer_version_says_so_and_records_nothing(tmp_path: Path) -> None:
    with MarketStore(tmp_path) as older:
        older.append(BTC, Kind.BOOK, frame_of(Kind.BOOK, [plain_row(START_MS)]))
    (manifest,) = (tmp_path / "binance").glob("*.json")
    manifest.write_text(manifest.read_text().replace(str(VERSION), str(VERSION + 1)))
    with pytest.raises(StateError):
        record(lambda: exchange_recorder("binance", [BTC], tmp_path))
