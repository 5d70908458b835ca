"""The ledger's files: months, torn lines, two writers, a full disk."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from outrigger.errors import StateError
from outrigger.ledger.book import append, directory_in, read_ledger
from tests.bot.trading import ms
from tests.ledger.entries import exit_order

MONTH_MINUTES = 31 * 24 * 60


def test_entries_of_two_months_are_read_in_order_of_their_fills(tmp_path: Path) -> None:
    late, early = exit_order(2, filled_ms=ms(MONTH_MINUTES)), exit_order(1)
    assert append(tmp_path, late).name == "2025-06.jsonl"
    assert append(tmp_path, early).name == "2025-05.jsonl"
    assert read_ledger(tmp_path) == (early, late)
    assert read_ledger(tmp_path / "2025-06.jsonl") == (late,)


def test_absent_ledger_is_empty(tmp_path: Path) -> None:
    assert read_ledger(directory_in(tmp_path)) == ()
    assert read_ledger(tmp_path / "2025-05.jsonl") == ()


def test_writer_killed_at_any_byte_costs_that_line_and_no_other(tmp_path: Path) -> None:
    path = append(tmp_path, exit_order(1))
    first = path.stat().st_size
    append(tmp_path, exit_order(2))
    whole = path.read_bytes()
    for cut in range(first, len(whole) + 1):
        path.write_bytes(whole[:cut])
        # Whole but for its end of line is whole.
        known = (1, 2) if cut >= len(whole) - 1 else (1,)
        assert tuple(entry.trade_id for entry in read_ledger(tmp_path)) == known
        append(tmp_path, exit_order(3))
        assert tuple(entry.trade_id for entry in read_ledger(tmp_path)) == (*known, 3)
        assert path.read_bytes().count(b"\n") == len(known) + 1


def test_line_that_no_crash_makes_is_an_error_with_its_number(tmp_path: Path) -> None:
    path = append(tmp_path, exit_order(1))
    path.write_bytes(b"{}\n" + path.read_bytes())
    with pytest.raises(StateError, match=r"2025-05\.jsonl, line 1: .*mend or remove the line"):
        read_ledger(tmp_path)


def test_order_that_is_told_twice_counts_once_as_it_was_told_last(tmp_path: Path) -> None:
    append(tmp_path, exit_order(1, amount=0.04, left=0.06))
    append(tmp_path, exit_order(1))
    assert read_ledger(tmp_path) == (exit_order(1),)


def test_same_order_number_of_a_dry_run_and_of_money_are_two(tmp_path: Path) -> None:
    append(tmp_path, exit_order(1))
    append(tmp_path, exit_order(1, dry=False))
    assert len(read_ledger(tmp_path)) == 2


def test_full_disk_leaves_no_part_of_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = append(tmp_path, exit_order(1))
    before = path.read_bytes()

    class Full(io.FileIO):
        def write(self, content: Any) -> int:
            if len(content) < 50:
                raise OSError(28, "No space left on device")
            return super().write(content[:-49])

    with monkeypatch.context() as full:
        full.setattr("outrigger.ledger.book.io.FileIO", Full)
        with pytest.raises(OSError, match="No space left"):
            append(tmp_path, exit_order(2))
    assert path.read_bytes() == before
    append(tmp_path, exit_order(2))
    assert len(read_ledger(tmp_path)) == 2
