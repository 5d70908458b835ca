"""A reader, or a crash, never sees half a file."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from outrigger.atomic import write_bytes, write_text


def no_space(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def interrupted(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_write_text_replaces_all_of_a_longer_content(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_text(path, "a long old content")
    write_text(path, "σ = 1.2 %")
    assert path.read_bytes() == "σ = 1.2 %".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_write_bytes_makes_missing_directories(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "state.bin"
    write_bytes(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"


def test_written_file_is_readable_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "chart.html"
    write_text(path, "page")
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("owner", "step"), [(os, "fsync"), (Path, "replace"), (Path, "chmod")], ids=["fsync", "replace", "chmod"]
)
@pytest.mark.parametrize(
    ("failure", "raised"),
    [(no_space, OSError), (interrupted, KeyboardInterrupt)],
    ids=["full disk", "Ctrl-C"],
)
def test_crash_in_the_middle_leaves_the_old_content_and_no_rest(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    step: str,
    failure: Any,
    raised: type[BaseException],
) -> None:
    path = tmp_path / "state.json"
    write_text(path, "old")
    with monkeypatch.context() as broken:
        broken.setattr(owner, step, failure)
        with pytest.raises(raised):
            write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_crash_in_the_first_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", no_space)
        with pytest.raises(OSError, match="No space"):
            write_text(tmp_path / "state.json", "new")
    assert list(tmp_path.iterdir()) == []


def test_reader_sees_old_content_until_the_new_one_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen, real = tmp_path / "state.json", [], os.fsync
    write_text(path, "old")

    def look(handle: int) -> None:
        real(handle)
        seen.append(path.read_text())

    monkeypatch.setattr(os, "fsync", look)
    write_text(path, "new")
    assert (seen, path.read_text()) == (["old"], "new")


def test_file_in_the_directory_s_place_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("")
    with pytest.raises(OSError, match="folder"):
        write_text(tmp_path / "folder" / "state.json", "new")
