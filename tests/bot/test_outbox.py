"""Texts that wait for a bot: sent once, in order, and never at the price of the bot's loop."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from outrigger.bot.outbox import LARGEST_BYTES, Outbox, folder_in, put
from outrigger.errors import DataError


def test_deliver_sends_what_waits_in_order_and_once(tmp_path: Path) -> None:
    said: list[str] = []
    box = Outbox(tmp_path, said.append)
    assert box.deliver() == 0
    for text in ("first", "second\nof two lines", "drittens: σ"):
        put(tmp_path, text)
    assert box.deliver() == 3
    assert said == ["first", "second\nof two lines", "drittens: σ"]
    assert box.deliver() == 0
    assert list(folder_in(tmp_path).iterdir()) == []


def test_a_text_whose_sending_fails_is_not_sent_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[str] = []

    def fails_once(text: str) -> None:
        said.append(text)
        if len(said) == 1:
            raise RuntimeError("no network")

    put(tmp_path, "first")
    put(tmp_path, "second")
    box = Outbox(tmp_path, fails_once)
    with caplog.at_level(logging.WARNING):
        assert box.deliver() == 0
        assert box.deliver() == 1
    assert said == ["first", "second"]
    assert len(caplog.records) == 1


@pytest.mark.parametrize("content", [b"", b"  \n", b"\xff\xfe\xff", b"x" * (LARGEST_BYTES + 1)])
def test_what_is_no_message_is_moved_aside_with_one_warning(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path, "good")
    for name in ("0-bad.txt", "1-bad.txt"):
        (folder_in(tmp_path) / name).write_bytes(content)
    said: list[str] = []
    with caplog.at_level(logging.WARNING):
        assert Outbox(tmp_path, said.append).deliver() == 1
    assert said == ["good"]
    assert len(caplog.records) == 1
    assert sorted(path.name for path in (folder_in(tmp_path) / "broken").iterdir()) == [
        "0-bad.txt",
        "1-bad.txt",
    ]


def test_deliver_leaves_half_written_files_alone(tmp_path: Path) -> None:
    folder_in(tmp_path).mkdir(parents=True)
    (folder_in(tmp_path) / ".20250101-x.txt.abc").write_text("half")
    assert Outbox(tmp_path, print).deliver() == 0


def test_deliver_of_a_folder_that_cannot_be_read_is_no_fault_of_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path, "waits")
    box = Outbox(tmp_path, print)
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(PermissionError("read only")))
    with caplog.at_level(logging.WARNING):
        assert box.deliver() == 0
        assert box.deliver() == 0
    assert len(caplog.records) == 1
    assert "read only" in caplog.text


@pytest.mark.parametrize("text", ["", " \n", "x" * (LARGEST_BYTES + 1), "σ" * LARGEST_BYTES])
def test_put_refuses_what_is_no_message(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="between 1 and 4000 bytes"):
        put(tmp_path, text)
    assert not folder_in(tmp_path).exists()
