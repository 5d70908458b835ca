from __future__ import annotations

import io
import subprocess
import sys

import pytest
from pandas.testing import assert_frame_equal

from outrigger.errors import DataError, StateError
from outrigger.market.store import journal as journal_module
from outrigger.market.store import partition as partition_module
from outrigger.market.store.packed import write_packed
from outrigger.market.store.partition import Partition
from outrigger.market.store.record import HEADER_BYTES, record_type
from outrigger.market.store.rows import from_frame
from outrigger.market.store.schema import BOOK, LIQUIDATIONS, Kind
from outrigger.market.store.store import MarketStore
from tests.conftest import REPOSITORY

from .readings import MIDNIGHT, PAIR, readings

KIND = Kind.LIQUIDATIONS
# Two int64 times, four float64 values, a 32-bit checksum.
RECORD = 2 * 8 + 4 * 8 + 4


@pytest.fixture
def written(tmp_path):
    """A store with one journal of four rows, its path, its bytes and the rows."""
    rows = readings([MIDNIGHT + i for i in range(4)], KIND)
    with MarketStore(tmp_path) as store:
        store.append(PAIR, KIND, rows)
    (path,) = tmp_path.rglob("*.journal")
    return tmp_path, path, path.read_bytes(), rows


def test_record_has_the_size_of_its_numbers():
    assert record_type(LIQUIDATIONS).itemsize == RECORD
    assert record_type(BOOK).itemsize == 30 * 8 + 4


def test_journal_cut_at_any_byte_keeps_every_whole_row_and_takes_new_ones(written):
    root, path, content, rows = written
    new = readings([MIDNIGHT + 9], KIND, value=50)
    assert len(content) == HEADER_BYTES + 4 * RECORD
    for size in range(len(content) + 1):
        path.write_bytes(content[:size])
        whole = max(size - HEADER_BYTES, 0) // RECORD
        with MarketStore(root) as store:
            assert_frame_equal(store.read(PAIR, KIND), rows[:whole])
            store.append(PAIR, KIND, new)
            assert store.read(PAIR, KIND)["time_ms"].tolist() == [*rows["time_ms"][:whole], MIDNIGHT + 9]
        assert path.stat().st_size == HEADER_BYTES + (whole + 1) * RECORD


def test_journal_followed_by_zeros_of_a_power_cut_is_mended(written):
    root, path, content, rows = written
    path.write_bytes(content + bytes(3 * RECORD + 5))
    with MarketStore(root) as store:
        assert_frame_equal(store.read(PAIR, KIND), rows)
        store.append(PAIR, KIND, readings([MIDNIGHT + 9], KIND))
        assert len(store.read(PAIR, KIND)) == 5
    assert path.stat().st_size == HEADER_BYTES + 5 * RECORD


def test_journal_of_nothing_but_zeros_begins_anew(written):
    root, path, content, _ = written
    path.write_bytes(bytes(len(content)))
    with MarketStore(root) as store:
        assert len(store.read(PAIR, KIND)) == 0
        store.append(PAIR, KIND, readings([MIDNIGHT + 9], KIND))
        assert len(store.read(PAIR, KIND)) == 1


def test_damaged_byte_costs_its_own_row_alone(written):
    root, path, content, rows = written
    for position in range(HEADER_BYTES, len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 0x10
        path.write_bytes(damaged)
        lost = (position - HEADER_BYTES) // RECORD
        found = MarketStore(root).read(PAIR, KIND)
        assert_frame_equal(found, rows.drop(index=lost).reset_index(drop=True))


@pytest.mark.parametrize("position", [0, 9, 14, HEADER_BYTES - 1])
def test_file_that_is_no_journal_is_refused_and_left_alone(written, position):
    root, path, content, _ = written
    damaged = bytearray(content)
    damaged[position] ^= 1
    path.write_bytes(damaged)
    with MarketStore(root) as store:
        with pytest.raises(StateError, match="is no journal of the market store: move it"):
            store.read(PAIR, KIND)
        with pytest.raises(StateError, match="is no journal of the market store: move it"):
            store.append(PAIR, KIND, readings([MIDNIGHT + 9], KIND))
    assert path.read_bytes() == bytes(damaged)


def test_journal_of_other_columns_is_refused(written):
    root, path, content, _ = written
    other = path.parent.parent / "metrics"
    other.mkdir()
    (other / path.name).write_bytes(content)
    with pytest.raises(StateError, match="holds other columns than metrics"):
        MarketStore(root).read(PAIR, Kind.METRICS)


def test_crash_between_packing_and_removing_the_journal_counts_no_row_twice(written):
    root, path, content, rows = written
    partition = Partition(path.parent, MarketStore(root).days(PAIR, KIND)[0], LIQUIDATIONS)
    partition.pack()
    assert not path.exists()
    path.write_bytes(content)
    with MarketStore(root) as store:
        assert_frame_equal(store.read(PAIR, KIND), rows)
        # The journal's rows are packed: it begins anew, and what is appended now counts.
        store.append(PAIR, KIND, readings([MIDNIGHT + 9], KIND))
        assert len(store.read(PAIR, KIND)) == 5
        assert path.stat().st_size == HEADER_BYTES + RECORD


def test_crash_between_replacing_a_day_and_removing_its_journal_shows_no_old_row(written):
    root, path, content, _ = written
    store = MarketStore(root)
    new = readings([MIDNIGHT + 9], KIND)
    store.replace_day(PAIR, KIND, store.days(PAIR, KIND)[0], new)
    path.write_bytes(content)
    assert_frame_equal(store.read(PAIR, KIND), new)


def test_reader_overtaken_by_packing_sees_every_row_once(written, monkeypatch):
    """The day is packed after the reader has read the journal and before it reads the table."""
    root, path, _, rows = written
    store = MarketStore(root)
    partition = Partition(path.parent, store.days(PAIR, KIND)[0], LIQUIDATIONS)
    read_journal = partition_module.read_journal

    def overtaken(*arguments):
        monkeypatch.setattr(partition_module, "read_journal", read_journal)
        found = read_journal(*arguments)
        partition.pack()
        return found

    monkeypatch.setattr(partition_module, "read_journal", overtaken)
    assert_frame_equal(store.read(PAIR, KIND), rows)
    assert not path.exists()


class FullDisk(io.FileIO):
    """Takes a number of bytes, then reports a full disk, as the kernel does."""

    room = 0

    def write(self, content):
        if self.room == 0:
            raise OSError(28, "No space left on device")
        taken = super().write(content[: self.room])
        type(self).room -= taken
        return taken


@pytest.mark.parametrize("room", [0, 1, RECORD - 1, RECORD, RECORD + 7])
def test_full_disk_stores_all_rows_or_none_and_says_so(written, monkeypatch, room):
    root, path, content, _ = written
    monkeypatch.setattr(FullDisk, "room", room)
    two = readings([MIDNIGHT + 8, MIDNIGHT + 9], KIND, value=50)
    with MarketStore(root) as store:
        with monkeypatch.context() as patched:
            patched.setattr("outrigger.market.store.journal.io.FileIO", FullDisk)
            with pytest.raises(
                OSError, match=r"No space left on device; these rows were not stored.*journal"
            ):
                store.append(PAIR, KIND, two)
        assert path.read_bytes() == content
        assert store.append(PAIR, KIND, two) == 2
        assert len(store.read(PAIR, KIND)) == 6


def test_write_that_the_kernel_splits_arrives_whole(written, monkeypatch):
    class Splitting(io.FileIO):
        def write(self, content):
            return super().write(content[: max(1, len(content) - 3)])

    root, _, _, _ = written
    monkeypatch.setattr("outrigger.market.store.journal.io.FileIO", Splitting)
    with MarketStore(root) as store, pytest.raises(OSError, match="only a part of the rows"):
        # Three bytes remain, of which one is taken: neither whole nor refused.
        store.append(PAIR, KIND, readings([MIDNIGHT + 9], KIND))
    with MarketStore(root) as store:
        assert len(store.read(PAIR, KIND)) == 4


def test_packed_table_of_other_columns_is_refused(written):
    root, path, _, rows = written
    columns = from_frame(rows, LIQUIDATIONS, "test")
    columns["volume"] = columns.pop("base")
    write_packed(path.with_suffix(".feather"), columns, b"12345678")
    with pytest.raises(DataError, match="its columns are"):
        MarketStore(root).read(PAIR, KIND)


def test_writer_whose_file_is_packed_before_it_has_the_lock_opens_a_new_one(written, monkeypatch):
    root, path, _, rows = written
    flock = journal_module.fcntl.flock
    partition = Partition(path.parent, MarketStore(root).days(PAIR, KIND)[0], LIQUIDATIONS)

    def overtaken(file, operation):
        monkeypatch.setattr(journal_module.fcntl, "flock", flock)
        partition.pack()
        flock(file, operation)

    monkeypatch.setattr(journal_module.fcntl, "flock", overtaken)
    with MarketStore(root) as store:
        store.append(PAIR, KIND, readings([MIDNIGHT + 9], KIND))
        assert store.read(PAIR, KIND)["time_ms"].tolist() == [*rows["time_ms"], MIDNIGHT + 9]


WRITER = """
import sys
from itertools import count
from pathlib import Path
from outrigger.market.store.schema import Kind
from outrigger.market.store.store import MarketStore
from tests.market.store.readings import MIDNIGHT, PAIR, readings

store = MarketStore(Path(sys.argv[1]))
for i in count():
    store.append(PAIR, Kind.LIQUIDATIONS, readings([MIDNIGHT + i], Kind.LIQUIDATIONS))
    print(i, flush=True)
"""


def test_killed_writer_loses_no_row_that_it_had_reported(tmp_path):
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as writer:
        reported = [int(writer.stdout.readline()) for _ in range(50)]
        writer.kill()
        reported += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
    assert reported == list(range(len(reported)))
    with MarketStore(tmp_path) as store:
        found = (store.read(PAIR, KIND)["time_ms"] - MIDNIGHT).tolist()
        assert found in (reported, [*reported, len(reported)])
        # Its lock died with it.
        assert store.append(PAIR, KIND, readings([MIDNIGHT + 10**6], KIND)) == 1
