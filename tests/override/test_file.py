"""Several commands at once, a torn file, a held lock."""

from __future__ import annotations

import fcntl
import multiprocessing
from pathlib import Path

import pytest

from outrigger.errors import StateError
from outrigger.override import file
from outrigger.override.document import Words
from outrigger.override.word import Kind
from tests.override.words import word


def say(path: Path, number: int) -> None:
    for turn in range(5):
        coin = f"C{number}X{turn}/USDT:USDT"
        file.update(path, lambda words, coin=coin: words.said(word(Kind.PAUSE, pair=coin)))


def test_commands_at_once_undo_nothing_of_each_other(tmp_path: Path) -> None:
    path = file.path_in(tmp_path)
    context = multiprocessing.get_context("fork")
    started = [context.Process(target=say, args=(path, number)) for number in range(4)]
    for process in started:
        process.start()
    for process in started:
        process.join(30)
    words = file.read(path)
    assert sorted(one.number for one in words.words) == list(range(1, 21))
    assert len({one.pair for one in words.words}) == 20


def test_absent_file_says_nothing(tmp_path: Path) -> None:
    assert file.read(file.path_in(tmp_path)) == Words()


def test_unreadable_file_is_refused_with_what_to_do_and_kept(tmp_path: Path) -> None:
    path = file.path_in(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(StateError, match=r"override\.json: .*mend it, or delete it"):
        file.update(path, lambda words: words.said(word(Kind.PAUSE)))
    assert path.read_text() == "{"


def test_held_lock_is_told_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "PATIENCE_S", 0.0)
    path = file.path_in(tmp_path)
    path.parent.mkdir(parents=True)
    with path.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StateError, match="held by another command"):
            file.update(path, lambda words: words)
    assert file.update(path, lambda words: words) == Words()


def test_interrupted_change_leaves_the_old_words(tmp_path: Path) -> None:
    path = file.path_in(tmp_path)
    file.update(path, lambda words: words.said(word(Kind.PAUSE)))

    def interrupted(_: Words) -> Words:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        file.update(path, interrupted)
    assert [one.kind for one in file.read(path).words] == [Kind.PAUSE]
