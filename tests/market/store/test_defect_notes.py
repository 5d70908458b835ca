"""Notes of defects beside the days they are about."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from outrigger.errors import StateError
from outrigger.market.store.defect_notes import DefectNote, read_notes
from outrigger.market.store.schema import Kind
from outrigger.market.store.store import MarketStore

from .readings import DAY, MIDNIGHT, PAIR, readings

FIRST, SECOND = date(2025, 10, 10), date(2025, 10, 11)
FROZEN = DefectNote("bookDepth", "frozen_bids", 25, 100)
BLANK = DefectNote("metrics", "blank_values", 3, 0)


def notes_file(root: Path) -> Path:
    (path,) = root.rglob("*.defects.json")
    return path


def test_notes_of_a_source_replace_its_earlier_ones_and_leave_those_of_others(tmp_path: Path) -> None:
    store = MarketStore(tmp_path)
    store.note_defects(PAIR, Kind.METRICS, FIRST, "bookDepth", [FROZEN])
    store.note_defects(PAIR, Kind.METRICS, FIRST, "metrics", [BLANK])
    store.note_defects(PAIR, Kind.METRICS, SECOND, "metrics", [BLANK])
    store.note_defects(PAIR, Kind.METRICS, FIRST, "bookDepth", [])
    assert MarketStore(tmp_path).defect_notes(PAIR, Kind.METRICS) == {FIRST: (BLANK,), SECOND: (BLANK,)}
    store.note_defects(PAIR, Kind.METRICS, FIRST, "metrics", [])
    assert list(store.defect_notes(PAIR, Kind.METRICS)) == [SECOND]
    assert store.defect_notes(PAIR, Kind.BOOK) == {}


def test_notes_are_no_rows_and_go_with_their_day(tmp_path: Path) -> None:
    with MarketStore(tmp_path) as store:
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT + DAY]))
        store.note_defects(PAIR, Kind.METRICS, FIRST, "metrics", [BLANK])
        assert store.days(PAIR, Kind.METRICS) == (SECOND,)
        assert len(store.read(PAIR, Kind.METRICS)) == 1
        assert store.retain(1, MIDNIGHT + 2 * DAY) == 1
        assert store.defect_notes(PAIR, Kind.METRICS) == {}


@pytest.mark.parametrize("content", ["", "[]", '{"format": "other", "version": 1}', '{"version": 1'])
def test_damaged_notes_are_told_of_and_give_way_to_new_ones(tmp_path: Path, content: str) -> None:
    store = MarketStore(tmp_path)
    store.note_defects(PAIR, Kind.METRICS, FIRST, "metrics", [BLANK])
    notes_file(tmp_path).write_text(content)
    with pytest.raises(StateError, match="delete it and download"):
        store.defect_notes(PAIR, Kind.METRICS)
    store.note_defects(PAIR, Kind.METRICS, FIRST, "metrics", [BLANK])
    assert store.defect_notes(PAIR, Kind.METRICS) == {FIRST: (BLANK,)}


def test_notes_of_a_newer_version_are_refused_and_kept(tmp_path: Path) -> None:
    store = MarketStore(tmp_path)
    store.note_defects(PAIR, Kind.METRICS, FIRST, "metrics", [BLANK])
    path = notes_file(tmp_path)
    path.write_text(path.read_text().replace('"version": 1', '"version": 2'))
    before = path.read_bytes()
    for use in (
        lambda: read_notes(path.parent),
        lambda: store.note_defects(PAIR, Kind.METRICS, FIRST, "metrics", []),
    ):
        with pytest.raises(StateError, match="newer Outrigger"):
            use()
    assert path.read_bytes() == before
