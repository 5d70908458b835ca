"""The breaker's memory survives restarts, and no file of any content stops the bot."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.bot import breaker_file
from outrigger.bot.faults import FaultLog
from outrigger.risk.breaker import BreakerState, advance
from outrigger.settings.risk import RiskSettings

HOUR = 3_600_000

DATABASE = "sqlite:///dry.sqlite"


def test_path_lies_in_a_folder_of_its_own(tmp_path: Path) -> None:
    path = breaker_file.path_in(tmp_path, DATABASE)
    assert path.parent == tmp_path / "outrigger"
    assert path == breaker_file.path_in(tmp_path, DATABASE)
    assert path != breaker_file.path_in(tmp_path, "postgresql://user:secret@host/live")
    assert "secret" not in str(breaker_file.path_in(tmp_path, "postgresql://user:secret@host/live"))


@given(
    peaks=st.lists(st.tuples(st.integers(0, 10**6), st.floats(1, 1e9)), max_size=5),
    until=st.integers(0, 2**53),
    fall=st.floats(0, 1),
)
def test_save_then_load_gives_the_same_state(
    tmp_path_factory: pytest.TempPathFactory, peaks: list[tuple[int, float]], until: int, fall: float
) -> None:
    path = breaker_file.path_in(tmp_path_factory.mktemp("bot"), DATABASE)
    state = BreakerState(tuple(peaks), until // 2, until, fall)
    breaker_file.save(path, state)
    assert breaker_file.load(path) == state
    assert list(path.parent.iterdir()) == [path]


def test_restart_in_the_middle_of_a_fall_does_not_take_the_fallen_equity_for_a_peak(tmp_path: Path) -> None:
    path, settings = breaker_file.path_in(tmp_path, DATABASE), RiskSettings(breaker_drawdown=0.06)
    before = advance(advance(BreakerState(), 1000.0, HOUR, settings), 950.0, 2 * HOUR, settings)
    assert before.tripped_until_ms == 0
    breaker_file.save(path, before)
    after = advance(breaker_file.load(path), 939.0, 3 * HOUR, settings)
    assert after.tripped_until_ms > 3 * HOUR
    assert after.fall == pytest.approx(0.061)


def test_load_without_a_file_starts_afresh_and_says_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert breaker_file.load(tmp_path / "none.json") == BreakerState()
    assert not caplog.records


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[1, 2]",
        b'"text"',
        b"7",
        b"{}",
        b"\xff\xfe\x00",
        json.dumps({**BreakerState().to_dict(), "version": 99}).encode(),
        json.dumps({**BreakerState().to_dict(), "peaks": "high"}).encode(),
        json.dumps({**BreakerState().to_dict(), "fall": None}).encode(),
        b'{"version": 1, "peaks": [[1, Infinity]], "as_of_ms": 0, "tripped_until_ms": 0, "fall": 0}',
    ],
)
def test_load_damaged_file_starts_afresh_and_warns(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    path = tmp_path / "breaker.json"
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert breaker_file.load(path) == BreakerState()
    assert str(path) in caplog.text
    assert "starts with the present equity" in caplog.text


def test_load_directory_in_its_place_starts_afresh(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert breaker_file.load(tmp_path) == BreakerState()
    assert str(tmp_path) in caplog.text


def test_save_where_nothing_can_be_written_raises_os_error(tmp_path: Path) -> None:
    (tmp_path / "outrigger").write_text("a file where the folder belongs")
    with pytest.raises(OSError, match="outrigger"):
        breaker_file.save(breaker_file.path_in(tmp_path, DATABASE), BreakerState())


def test_save_news_writes_when_more_than_the_clock_has_moved(tmp_path: Path) -> None:
    path, faults = breaker_file.path_in(tmp_path, DATABASE), FaultLog()
    quiet = BreakerState(((1, 1000.0),), HOUR)
    breaker_file.save_news(path, quiet, replace(quiet, as_of_ms=2 * HOUR), faults)
    assert not path.exists()
    tripped = BreakerState((), 2 * HOUR, 3 * HOUR, 0.1)
    breaker_file.save_news(path, quiet, tripped, faults)
    assert breaker_file.load(path) == tripped
    assert faults.total() == 0
