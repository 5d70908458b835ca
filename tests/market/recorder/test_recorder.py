"""Schedules, gaps, failures and the end of a recording, on a driven clock."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest

from outrigger.errors import SettingsError
from outrigger.market.recorder.backoff import Backoff
from outrigger.market.recorder.recorder import Recorder
from outrigger.market.recorder.rows import Row
from outrigger.market.recorder.settings import DAY_MS, RecorderSettings
from outrigger.market.store.schema import Kind
from tests.market.recorder.desk import (
    BTC,
    ETH,
    START_MS,
    DrivenClock,
    MemoryStore,
    ScriptedSources,
    plain_row,
)

SETTINGS = RecorderSettings(interval_s={Kind.BOOK: 10.0}, flush_s=5.0, timeout_s=0.05, seed=1)


class Desk:
    def __init__(self, settings: RecorderSettings = SETTINGS, least: float = 0.0) -> None:
        self.driven = DrivenClock()
        self.store = MemoryStore()
        self.failing: set[str] = set()
        self.asked: list[tuple[str, float]] = []
        self.sources = ScriptedSources({Kind.BOOK: self.read}, least)
        self.recorder = Recorder(self.sources, self.store, (BTC, ETH), settings, self.driven.clock)
        self.stop = asyncio.Event()

    async def read(self, pair: str) -> Sequence[Row]:
        self.asked.append((pair, self.driven.elapsed))
        if pair in self.failing:
            raise ConnectionResetError("reset by peer")
        return [plain_row(self.driven.now_ms())]

    async def run(self, seconds: float, sleepers: int = 3) -> None:
        running = asyncio.create_task(self.recorder.run(self.stop))
        await self.driven.drive(seconds, sleepers)
        self.stop.set()
        await running


async def _recorded(settings: RecorderSettings = SETTINGS, least: float = 0.0, seconds: float = 59.0) -> Desk:
    desk = Desk(settings, least)
    await desk.run(seconds)
    return desk


def test_recorder_of_two_pairs_keeps_the_interval_and_spreads_the_pairs() -> None:
    desk = asyncio.run(_recorded())
    assert desk.store.times(BTC) == [START_MS + 10_000 * i for i in range(6)]
    assert desk.store.times(ETH) == [START_MS + 5_000 + 10_000 * i for i in range(6)]
    health = desk.recorder.health()
    assert (health.written, health.waiting, sum(health.gaps.values())) == (12, 0, 0)
    assert desk.sources.closed
    assert desk.store.closed


def test_recorder_faster_than_the_exchange_allows_slows_down(caplog: pytest.LogCaptureFixture) -> None:
    desk = asyncio.run(_recorded(least=20.0))
    assert desk.store.times(BTC) == [START_MS + 20_000 * i for i in range(3)]
    assert "recorded every 20.0 s" in caplog.text


def test_recorder_with_one_failing_pair_records_the_other_and_counts_gaps() -> None:
    async def scenario() -> Desk:
        desk = Desk()
        desk.failing.add(BTC)
        await desk.run(59.0)
        return desk

    desk = asyncio.run(scenario())
    assert len(desk.store.times(ETH)) == 6
    assert desk.store.times(BTC) == []
    health = desk.recorder.health()
    asked = sum(pair == BTC for pair, _ in desk.asked)
    assert health.failures == {(BTC, Kind.BOOK): asked}
    assert health.gaps[BTC, Kind.BOOK] >= 6 - 1  # waits longer than the interval are missed readings too
    assert asked < 6


def test_recorder_after_an_outage_goes_on_without_filling_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    async def scenario() -> Desk:
        desk = Desk()
        running = asyncio.create_task(desk.recorder.run(desk.stop))
        await desk.driven.drive(12.0, 3)
        desk.failing.add(BTC)
        await desk.driven.drive(20.0, 3)
        desk.failing.clear()
        await desk.driven.drive(60.0, 3)
        desk.stop.set()
        await running
        return desk

    desk = asyncio.run(scenario())
    times = [(t - START_MS) // 1000 for t in desk.store.times(BTC)]
    assert times[:2] == [0, 10]
    assert not {20, 30} & set(times)
    assert times[-1] == 90
    assert desk.recorder.health().gaps[BTC, Kind.BOOK] + len(times) == 10
    assert caplog.text.count("could not be recorded") == 1
    assert "is recorded again" in caplog.text


def test_recorder_with_a_hanging_request_gives_it_up_and_records_the_rest() -> None:
    async def scenario() -> Desk:
        desk = Desk()

        async def hang(pair: str) -> Sequence[Row]:
            if pair == BTC:
                await asyncio.Event().wait()
            return await desk.read(pair)

        desk.sources.readers = {Kind.BOOK: hang}
        await desk.run(29.0)
        return desk

    desk = asyncio.run(scenario())
    assert len(desk.store.times(ETH)) == 3
    assert desk.recorder.health().failures[BTC, Kind.BOOK] >= 2


def test_recorder_whose_client_cancels_a_request_counts_a_failure_and_goes_on() -> None:
    async def scenario() -> Desk:
        desk = Desk()

        async def cancelled(pair: str) -> Sequence[Row]:
            if pair == BTC:
                raise asyncio.CancelledError
            return await desk.read(pair)

        desk.sources.readers = {Kind.BOOK: cancelled}
        await desk.run(29.0)
        return desk

    assert asyncio.run(scenario()).recorder.health().failures[BTC, Kind.BOOK] >= 2


def test_recorder_told_the_same_book_again_leaves_it_out() -> None:
    async def scenario() -> Desk:
        desk = Desk()

        async def frozen(pair: str) -> Sequence[Row]:
            return [plain_row(START_MS)]

        desk.sources.readers = {Kind.BOOK: frozen}
        await desk.run(29.0)
        return desk

    desk = asyncio.run(scenario())
    assert desk.store.times(BTC) == [START_MS]
    assert desk.recorder.health().repeated[BTC, Kind.BOOK] == 2


def test_recorder_on_a_calendar_set_back_records_on() -> None:
    async def scenario() -> Desk:
        desk = Desk()

        async def stamped(pair: str) -> Sequence[Row]:
            return [plain_row(START_MS + round(desk.driven.elapsed * 1000))]

        desk.sources.readers = {Kind.BOOK: stamped}
        running = asyncio.create_task(desk.recorder.run(desk.stop))
        await desk.driven.drive(15.0, 3)
        desk.driven.start_ms -= 3_600_000
        await desk.driven.drive(44.0, 3)
        desk.stop.set()
        await running
        return desk

    assert len(asyncio.run(scenario()).store.times(BTC)) == 6


def test_recorder_on_a_full_disk_keeps_rows_and_writes_them_in_order_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> tuple[Desk, int]:
        desk = Desk()
        desk.store.full = True
        running = asyncio.create_task(desk.recorder.run(desk.stop))
        await desk.driven.drive(31.0, 3)
        waiting = desk.recorder.health().waiting
        desk.store.full = False
        await desk.driven.drive(10.0, 3)
        desk.stop.set()
        await running
        return desk, waiting

    desk, waiting = asyncio.run(scenario())
    assert waiting == 7
    assert desk.store.times(BTC) == [START_MS + 10_000 * i for i in range(5)]
    assert desk.recorder.health().dropped == 0
    assert caplog.text.count("No space left on device") == 1


def test_recorder_on_a_disk_that_stays_full_drops_the_oldest_and_counts_them() -> None:
    async def scenario() -> Desk:
        desk = Desk(RecorderSettings(interval_s={Kind.BOOK: 10.0}, max_rows=4, seed=1))
        desk.store.full = True
        await desk.run(59.0)
        return desk

    health = asyncio.run(scenario()).recorder.health()
    assert (health.written, health.waiting, health.dropped) == (0, 4, 8)
    assert "lost 8" in health.line()


def test_recorder_with_retention_prunes_once_a_day() -> None:
    desk = asyncio.run(
        _recorded(
            RecorderSettings(interval_s={Kind.BOOK: 3600.0}, flush_s=1800.0, retain_days=7),
            seconds=2 * DAY_MS / 1000 - 1,
        )
    )
    assert [days for days, _ in desk.store.retained] == [7, 7]


def test_latest_returns_the_newest_row_as_a_copy() -> None:
    desk = asyncio.run(_recorded())
    row = desk.recorder.latest(BTC, Kind.BOOK)
    assert row is not None
    assert row["time_ms"] == START_MS + 50_000
    row["best_bid"] = -1.0
    again = desk.recorder.latest(BTC, Kind.BOOK)
    assert again is not None
    assert again["best_bid"] == 1.0
    assert desk.recorder.latest(BTC, Kind.METRICS) is None


def test_backoff_doubles_within_its_bounds_and_starts_again() -> None:
    backoff = Backoff(2.0, 60.0, random.Random(3))
    for ceiling in (2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0):
        assert ceiling / 2 <= backoff.failed() <= ceiling
    backoff.worked()
    assert backoff.failed() <= 2.0


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"flush_s": 0.0}, "flush_s"),
        ({"interval_s": {Kind.BOOK: -1.0}}, "interval_s of book"),
        ({"retain_days": 0}, "retain_days"),
        ({"retry_first_s": 10.0, "retry_most_s": 5.0}, "retry_most_s"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(bad: dict[str, object], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        RecorderSettings(**bad)
