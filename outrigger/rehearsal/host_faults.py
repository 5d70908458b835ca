"""What goes wrong on the machine that a bot runs on: its disk, its database, its files, its clock.

A full disk and a read-only one are played inside the process, where the bot writes: that needs no rights and
spares the machine. The lock on the database, the garbled files and the garbled records are real. Killed
processes have a room of their own.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from outrigger.bot.breaker_file import path_in as breaker_in
from outrigger.bot.recording import store_in
from outrigger.ledger.book import directory_in
from outrigger.override.file import path_in as override_in
from outrigger.rehearsal.driven_bot import DrivenBot

WRITES = ("INSERT", "UPDATE", "DELETE")
# A lock that lasts costs this for every statement that waits for it.
LOCK_PATIENCE_S = 0.05


@dataclass(slots=True)
class Scene:
    """Where a fault acts.

    Parameters
    ----------
    bot : DrivenBot
        The bot.
    out : Path
        Its user data directory.
    config : Path
        The configuration that it was started with.
    strikes : int
        How often the fault has struck.
    """

    bot: DrivenBot
    out: Path
    config: Path
    strikes: int = 0


Act = Callable[[Scene], AbstractContextManager[None]]
Settings = Mapping[str, Any]


@contextmanager
def _nothing(_: Scene) -> Iterator[None]:
    yield


@dataclass(frozen=True, slots=True)
class HostFault:
    """One way in which a machine fails a bot.

    Parameters
    ----------
    act : callable
        Entered when the fault begins, left when it ends.
    before : callable
        Called before the bot starts, with its user data directory and its configuration; counts as a strike
        where it leaves something behind.
    outrigger : mapping
        Settings without which the fault has nothing to spoil.
    heard : str
        What the log has to say of it.
    crashes : bool
        Whether the bot ends at once when the fault begins, and is started again.
    """

    act: Act = _nothing
    before: Callable[[Path, Path], int] = lambda _, __: 0
    outrigger: Settings = field(default_factory=dict)
    heard: str = ""
    crashes: bool = False


@contextmanager
def _locked(scene: Scene) -> Iterator[None]:
    """Hold the database as somebody else does who writes for long."""
    other = sqlite3.connect(scene.bot.database, isolation_level=None, timeout=5.0)
    other.execute("BEGIN EXCLUSIVE")
    scene.strikes += 1
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def _files_refuse(code: int) -> Act:
    """Refuse to write Outrigger's own files, with an error of the system."""

    @contextmanager
    def act(scene: Scene) -> Iterator[None]:
        def refuse(*_: Any, **__: Any) -> None:
            scene.strikes += 1
            raise OSError(code, os.strerror(code))

        with (
            mock.patch("tempfile.mkstemp", refuse),
            mock.patch("os.fsync", refuse),
            mock.patch.object(Path, "write_text", refuse),
        ):
            yield

    return act


def _database_refuses(words: str) -> Act:
    """Refuse every change of the database, in SQLite's words."""

    @contextmanager
    def act(scene: Scene) -> Iterator[None]:
        def refuse(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
            if statement.startswith(WRITES):
                scene.strikes += 1
                raise OperationalError(statement, parameters, sqlite3.OperationalError(words))

        event.listen(Engine, "before_cursor_execute", refuse)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", refuse)

    return act


def _both(first: Act, second: Act) -> Act:
    @contextmanager
    def act(scene: Scene) -> Iterator[None]:
        with first(scene), second(scene):
            yield

    return act


def _stepped(seconds: float) -> Act:
    """Set the machine's clock wrong, and right again at the end."""

    @contextmanager
    def act(scene: Scene) -> Iterator[None]:
        scene.bot.step_clock(seconds)
        scene.strikes += 1
        yield
        scene.bot.step_clock(-seconds)

    return act


def _records(statement: str) -> Act:
    """Change what the database keeps of the stops."""

    @contextmanager
    def act(scene: Scene) -> Iterator[None]:
        with sqlite3.connect(scene.bot.database) as other:
            scene.strikes += other.execute(statement).rowcount
        other.close()
        yield

    return act


def _override(content: bytes) -> Act:
    """Leave an override file that nobody can read."""

    @contextmanager
    def act(scene: Scene) -> Iterator[None]:
        path = override_in(scene.out)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        scene.strikes += 1
        yield
        path.unlink()

    return act


def _left(path: Path, content: bytes) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return 1


def database_in(out: Path) -> str:
    """Address of the bot's database, which waits for a lock only as long as a rehearsal can."""
    return f"sqlite:///{out / 'driven.sqlite'}?timeout={LOCK_PATIENCE_S}"


def _breaker(out: Path, _: Path) -> int:
    return _left(breaker_in(out, database_in(out)), b'{"peaks": [[17385')


def _ledger(out: Path, _: Path) -> int:
    return _left(directory_in(out) / "2025-02.jsonl", b'no line of a ledger\n{"version":1,"trade_')


def _store(out: Path, _: Path) -> int:
    """Leave a recorded day whose file is no table, and one that says nothing of its version."""
    rows = store_in(out) / "binance" / "ETH%2FUSDT%3AUSDT" / "book"
    return _left(rows / "2025-02-02.feather", b"ARROW1 and no more") + _left(
        rows / "2025-02-03.journal", b"\x00" * 64
    )


def bundle_in(out: Path) -> Path:
    """Where a fault finds a bundle that it may spoil."""
    return out / "bundle"


def _bundle(spoil: Callable[[Path], None] | None) -> Callable[[Path, Path], int]:
    def before(out: Path, config: Path) -> int:
        shutil.copytree(config.parent / "models" / "default", bundle_in(out))
        if spoil is not None:
            spoil(bundle_in(out))
        return int(spoil is not None)

    return before


def _cut(bundle: Path) -> None:
    for model in bundle.glob("*.skops"):
        model.write_bytes(model.read_bytes()[:1000])


def _edited(bundle: Path) -> None:
    for model in bundle.glob("*.skops"):
        content = bytearray(model.read_bytes())
        content[len(content) // 2] ^= 1
        model.write_bytes(content)


@contextmanager
def _cut_meanwhile(scene: Scene) -> Iterator[None]:
    _cut(bundle_in(scene.out))
    scene.strikes += 1
    yield


def host_faults() -> dict[str, HostFault]:
    """Every fault of a machine, by name.

    Returns
    -------
    dict of str to HostFault
    """
    regime, depth = {"regime": {"enabled": True}}, {"squeeze": {"depth": True}}
    locked, full = "database is locked", "database or disk is full"
    closed = "attempt to write a readonly database"
    read_only = _both(_files_refuse(errno.EROFS), _database_refuses(closed))
    garbled = _records('UPDATE trade_custom_data SET cd_value = \'{"version":1,"pol\'')
    half, no_text = b'{"version": 1, "words": [{"ki', b"\xff\xfe\x00\xd8"
    unread, rebuilt = "override.json", "the stop is rebuilt from the candles"
    unknown, stays = "REGIME UNKNOWN", "the new regime bundle is not used"
    return {
        "database locked": HostFault(_locked, heard=locked),
        "disk full: own files": HostFault(_files_refuse(errno.ENOSPC), heard="not in the ledger"),
        "disk full: database": HostFault(_database_refuses(full), heard=full),
        "everything read-only": HostFault(read_only, heard=closed),
        "record of the stop garbled, then a crash": HostFault(garbled, heard=rebuilt, crashes=True),
        "record of the stop gone, then a crash": HostFault(
            _records("DELETE FROM trade_custom_data"), crashes=True
        ),
        "override file half written": HostFault(_override(half), heard=unread),
        "override file no text": HostFault(_override(no_text), heard=unread),
        "breaker's file cut": HostFault(before=_breaker, heard="starts with the present equity"),
        "ledger garbled": HostFault(before=_ledger),
        "recorded market no tables": HostFault(before=_store, outrigger=depth, heard="market data failed"),
        "bundle cut": HostFault(before=_bundle(_cut), outrigger=regime, heard=unknown),
        "bundle edited": HostFault(before=_bundle(_edited), outrigger=regime, heard=unknown),
        "bundle cut while it is in use": HostFault(_cut_meanwhile, _bundle(None), regime, stays),
        "clock set five minutes ahead, then back": HostFault(_stepped(300.0)),
        "clock set five minutes back, then ahead": HostFault(_stepped(-300.0)),
    }
