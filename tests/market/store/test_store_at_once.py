"""Several at once: who may write a day, what readers see of it meanwhile, and packing that fails."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from outrigger.errors import StateError
from outrigger.market.store.partition import Partition
from outrigger.market.store.schema import METRICS, Kind
from outrigger.market.store.store import MarketStore

from .readings import DAY, MIDNIGHT, PAIR, readings


def test_second_writer_of_a_day_is_refused_until_the_first_lets_go(tmp_path):
    first, second = MarketStore(tmp_path), MarketStore(tmp_path)
    first.append(PAIR, Kind.METRICS, readings([MIDNIGHT]))
    with pytest.raises(StateError, match="being written by another bot or recorder"):
        second.append(PAIR, Kind.METRICS, readings([MIDNIGHT + 1]))
    with pytest.raises(StateError, match="being written by another bot or recorder"):
        second.replace_day(PAIR, Kind.METRICS, date(2025, 10, 10), readings([MIDNIGHT + 1]))
    second.replace_day(PAIR, Kind.METRICS, date(2025, 10, 9), readings([MIDNIGHT - 1]))
    first.close()
    assert second.append(PAIR, Kind.METRICS, readings([MIDNIGHT + 1])) == 1
    assert len(first.read(PAIR, Kind.METRICS)) == 3
    second.close()


def test_day_that_another_writer_holds_is_left_to_it(tmp_path):
    first, second = MarketStore(tmp_path), MarketStore(tmp_path)
    first.append(PAIR, Kind.METRICS, readings([MIDNIGHT]))
    second.append(PAIR, Kind.METRICS, readings([MIDNIGHT + DAY]))
    assert len(list(tmp_path.rglob("*.journal"))) == 2
    assert len(second.read(PAIR, Kind.METRICS)) == 2
    first.close()
    second.close()


def test_readers_of_a_growing_store_see_every_row_once_and_none_vanish(tmp_path):
    """One thread appends across many midnights, so that days are packed; the other reads all the while."""
    total, a_day = 150, 10
    finished = threading.Event()
    times = [MIDNIGHT + i * (DAY // a_day) for i in range(total)]

    def read_on() -> list[list[int]]:
        reader = MarketStore(tmp_path)
        seen = []
        while not finished.is_set():
            seen.append(reader.read(PAIR, Kind.METRICS, columns=["funding_rate"])["time_ms"].tolist())
        return seen

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_on)
        try:
            with MarketStore(tmp_path) as writer:
                for time in times:
                    writer.append(PAIR, Kind.METRICS, readings([time]))
        finally:
            finished.set()
        seen = reading.result()
    assert seen
    assert all(found == times[: len(found)] for found in seen)
    lengths = [len(found) for found in seen]
    assert lengths == sorted(lengths)


def test_packing_that_fails_loses_nothing_and_is_reported(tmp_path, monkeypatch, caplog):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("outrigger.market.store.partition.write_packed", full)
    with MarketStore(tmp_path) as store, caplog.at_level(logging.WARNING):
        assert store.append(PAIR, Kind.METRICS, readings([MIDNIGHT, MIDNIGHT + DAY])) == 2
        assert len(store.read(PAIR, Kind.METRICS)) == 2
    assert "2025-10-10.journal stays a journal, nothing is lost" in caplog.text


def test_day_that_is_packed_while_it_is_looked_for_has_rows(tmp_path, monkeypatch):
    """A reader that asks for the table just before it is there must not then miss the journal."""
    with MarketStore(tmp_path) as store:
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT]))
    (journal,) = tmp_path.rglob("*.journal")
    partition = Partition(journal.parent, date.fromisoformat(journal.stem), METRICS)
    exists = Path.exists

    def packed_right_after(path):
        there = exists(path)
        if path == partition.packed_path and not there:
            partition.pack()
        return there

    monkeypatch.setattr(Path, "exists", packed_right_after)
    assert partition.holds_rows
