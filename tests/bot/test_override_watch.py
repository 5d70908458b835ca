"""A running bot hears the trader: reads what changed, keeps the last good words, tells everything once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from outrigger.bot.faults import FaultLog
from outrigger.bot.override_watch import OverrideWatch
from outrigger.override import file
from outrigger.override.word import Kind
from tests.bot.trading import PAIR, ms
from tests.override.words import ETH, word


class Listening:
    """A watch, what it told, and how often it read the file."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[str] = []
        self.reads = 0
        self.faults = FaultLog()
        self.home, self.path = home, file.path_in(home)
        read = file.read

        def counted(path: Path) -> Any:
            self.reads += 1
            return read(path)

        monkeypatch.setattr(file, "read", counted)
        self.start()

    def start(self, database: str = "sqlite:///a") -> None:
        config = {"user_data_dir": self.home, "db_url": database}
        self.watch = OverrideWatch(config, self.faults, self.told.append)

    def say(self, kind: Kind, minute: float = 3, **changed: Any) -> None:
        file.update(self.path, lambda words: words.said(word(kind, said=minute, **changed)))

    def look(self, minute: float) -> list[str]:
        """Look, and return what was told since the last time."""
        self.told.clear()
        self.watch.look(ms(minute), lambda: {PAIR})
        return list(self.told)


@pytest.fixture
def listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Listening:
    return Listening(tmp_path, monkeypatch)


def test_silence_leaves_no_file_behind(listening: Listening) -> None:
    assert [listening.look(minute) for minute in range(3)] == [[], [], []]
    assert not list(listening.home.iterdir())
    assert listening.watch.words == ()


def test_file_is_read_only_when_it_has_changed(listening: Listening) -> None:
    listening.say(Kind.PAUSE)
    before = listening.reads
    for minute in range(4, 10):
        listening.look(minute)
    assert listening.reads == before + 1
    listening.say(Kind.PAUSE, minute=10, reason="again")
    before = listening.reads
    listening.look(10)
    listening.look(11)
    assert listening.reads == before + 1
    assert listening.watch.words[-1].reason == "again"


def test_replaced_file_of_the_same_size_and_time_is_seen(listening: Listening) -> None:
    listening.say(Kind.WIDEN, factor=1.5)
    listening.look(4)
    stamp = listening.path.stat()
    text = listening.path.read_text().replace("1.5", "2.5")
    fresh = listening.path.with_name("fresh")
    fresh.write_text(text)
    os.utime(fresh, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    fresh.replace(listening.path)
    listening.look(5)
    assert listening.watch.words[0].factor == 2.5


def test_beginning_and_end_are_told_once(listening: Listening) -> None:
    listening.say(Kind.PAUSE, until=20)
    assert listening.look(4) == [f"override 1: no entries on {PAIR} until 2025-05-05 00:20 UTC (news)"]
    assert [listening.look(minute) for minute in (5, 19)] == [[], []]
    assert listening.look(20) == [f"override 1, no entries on {PAIR}, has ended: its time is over"]
    assert listening.look(21) == []


@pytest.mark.parametrize("how", ["cleared", "replaced", "no longer in the file"])
def test_end_before_its_time_is_told_with_its_cause(listening: Listening, how: str) -> None:
    def cleared() -> None:
        file.update(listening.path, lambda words: words.cleared({1}, ms(5)))

    ways: dict[str, Callable[[], None]] = {
        "cleared": cleared,
        "replaced": lambda: listening.say(Kind.PAUSE, minute=5),
        "no longer in the file": listening.path.unlink,
    }
    listening.say(Kind.PAUSE)
    listening.look(4)
    ways[how]()
    assert listening.look(5)[0].endswith(how)


def test_restart_repeats_nothing_and_forgets_no_end(listening: Listening) -> None:
    listening.say(Kind.PAUSE, until=20)
    listening.look(4)
    listening.start()
    assert listening.look(5) == []
    listening.start()
    assert len(listening.look(30)) == 1
    listening.start()
    assert listening.look(31) == []


def test_bots_of_one_directory_each_tell_their_trader(listening: Listening) -> None:
    listening.say(Kind.PAUSE)
    assert len(listening.look(4)) == 1
    listening.start("sqlite:///b")
    assert len(listening.look(4)) == 1


def test_unreadable_file_keeps_the_last_good_words_and_is_told_once(listening: Listening) -> None:
    listening.say(Kind.PAUSE)
    listening.look(4)
    good = listening.path.read_text()
    listening.path.write_text(good[:-30])
    told = [listening.look(minute) for minute in (5, 6, 7)]
    assert [len(one) for one in told] == [1, 0, 0]
    assert "the overrides that were read last stand" in told[0][0]
    assert [one.kind for one in listening.watch.words] == [Kind.PAUSE]
    listening.path.write_text(good)
    assert listening.look(8) == []


def test_unreadable_file_at_the_start_says_nothing_but_that(listening: Listening) -> None:
    listening.path.parent.mkdir(parents=True)
    listening.path.write_text("{")
    assert len(listening.look(4)) == 1
    assert listening.watch.words == ()


def test_disk_that_answers_again_is_heard_though_the_file_is_unchanged(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening.say(Kind.PAUSE)

    def refuse(*_: Any, **__: Any) -> str:
        raise OSError("input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "read_text", refuse)
        assert len(listening.look(4)) == 1
        assert listening.look(5) == []
    listening.look(6)
    assert [one.kind for one in listening.watch.words] == [Kind.PAUSE]


def test_pair_that_the_bot_does_not_know_is_told(listening: Listening) -> None:
    listening.say(Kind.PAUSE, pair=ETH)
    assert listening.look(4)[0].endswith("This bot does not know the pair")


def test_memory_that_cannot_be_read_or_written_costs_a_repetition_and_no_more(listening: Listening) -> None:
    listening.say(Kind.PAUSE)
    listening.look(4)
    (memory,) = listening.path.parent.glob("override-told-*.json")
    memory.write_text("[")
    listening.start()
    assert len(listening.look(5)) == 1
    memory.unlink()
    memory.mkdir()
    (memory / "in the way").touch()
    listening.start()
    assert len(listening.look(6)) == 1
    assert listening.look(7) == []
    assert listening.faults.total() == 1
