"""A bot is killed with SIGKILL in the middle of its writing, and started again from what it has left.

Each life is a process of its own, forked so that it need not import everything anew. It dies before or after
one of its writes: a statement or commit of the database, a file that takes another's place. Which one is
drawn from the seed in the name. What the dead process has seen of the stops is held against the database
and against what the next one makes of it. Weak: the orders of a dry run die with their process.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from sqlalchemy import Engine, event

from outrigger.errors import OutriggerError
from outrigger.ledger.book import directory_in, read_ledger
from outrigger.market.moment import to_ms
from outrigger.rehearsal.driven_bot import AFTER_CLOSE, RESTART_AFTER, DrivenBot
from outrigger.rehearsal.host_faults import WRITES
from outrigger.rehearsal.invariants import Invariants
from outrigger.rehearsal.met import KEYS, MOST_RESTARTS, Met, logged, secrets_in
from outrigger.rehearsal.stretch import Stretch
from outrigger.review.database import read_database

KIND = "killed"
SEEDS = range(1, 7)
# For each life that ends by a kill the latest of its writes, from its third loop on: later there are none.
LIVES = (50, 20)
LIFE_S = 120.0
SEEN = "seen.json"
_NAME = "killed in its writing, seed "


def names() -> tuple[str, ...]:
    """Faults of this kind."""
    return tuple(f"{_NAME}{seed}" for seed in SEEDS)


class _Death:
    """Ends the process at one of its writes."""

    def __init__(self, at: int, note: Path) -> None:
        self._left, self._note, self.armed = at, note, False
        self._unwritten = False

    def __call__(self, what: str) -> None:
        self._left -= self.armed
        if self.armed and self._left == 0:
            self._note.write_text(what, encoding="utf-8")
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Be told of every write."""

        def statement(when: str) -> Any:
            def told(_: Any, __: Any, sql: str, *___: Any) -> None:
                if sql.startswith(WRITES):
                    self._unwritten = True
                    self(f"{when} {' '.join(sql.split()[:3])}")

            return told

        def commit(_: Any) -> None:
            # Most commits end a reading.
            if self._unwritten:
                self._unwritten = False
                self("before a commit")

        replace = Path.replace

        def replaced(path: Path, target: Any) -> Path:
            name = Path(target).name
            # The sign of life is written in every loop, and nobody reads it again.
            beats = name.startswith("health-")
            if not beats:
                self(f"before {name} is replaced")
            done = replace(path, target)
            if not beats:
                self(f"after {name} is replaced")
            return done

        event.listen(Engine, "before_cursor_execute", statement("before"))
        event.listen(Engine, "after_cursor_execute", statement("after"))
        event.listen(Engine, "commit", commit)
        with mock.patch.object(Path, "replace", replaced):
            yield


def _live(stretch: Stretch, config: Path, out: Path, life: int, start: datetime, writes: int) -> None:
    """One life, in a process of its own; what it has seen stays in a file."""
    before = _seen(out)
    watch = Invariants({int(number): stop for number, stop in before["stops"].items()})
    watch.broken += before["broken"]
    watch.loops, watch.positions = before["loops"], before["positions"]
    death = _Death(writes, out / f"died-{life}.txt")

    watched = stretch.watched(watch)

    def look(bot: Any, now: datetime) -> bool:
        over = watched(bot, now)
        death.armed = watch.loops > 2
        kept = {name: getattr(watch, name) for name in ("stops", "broken", "loops", "positions")}
        (out / SEEN).write_text(json.dumps({**kept, "at": now.timestamp()}), encoding="utf-8")
        return over

    exchange = {"pair_whitelist": list(stretch.pairs), "key": KEYS.key, "secret": KEYS.secret}
    span = (start, stretch.until)
    bot = DrivenBot(stretch.datadir, [config], out, *span, overlay={"exchange": exchange}, resume=True)
    with logged(out / f"bot-{life}.log"), bot, death.watching():
        bot.run(look, restarts=MOST_RESTARTS)


def _seen(out: Path) -> dict[str, Any]:
    """What lives so far have seen."""
    if not (out / SEEN).exists():
        return {"stops": {}, "broken": [], "loops": 0, "positions": 0}
    seen: dict[str, Any] = json.loads((out / SEEN).read_text(encoding="utf-8"))
    return seen


def meet(name: str, stretch: Stretch, config: Path, out: Path) -> Met:
    """Let a bot be killed, start it again, kill it again.

    Parameters
    ----------
    name : str
        One of `names`.
    stretch : Stretch
        When and where.
    config : Path
        Freqtrade configuration.
    out : Path
        Where the bot writes.

    Returns
    -------
    Met
    """
    # Lives inherit what is imported here, which takes longer than they do.
    import_module("outrigger.bot.outlook")
    draw = np.random.default_rng(int(name.removeprefix(_NAME)))
    start, killed = stretch.start, 0
    broken: list[str] = []
    told: list[str] = []
    out.mkdir(parents=True, exist_ok=True)
    for life, latest in enumerate((*LIVES, None)):
        # Nothing is ever the write before the first.
        writes = 0 if latest is None else int(draw.integers(1, latest + 1))
        process = multiprocessing.get_context("fork").Process(
            target=_live, args=(stretch, config, out, life, start, writes)
        )
        process.start()
        process.join(LIFE_S)
        if process.exitcode != -signal.SIGKILL:
            break
        killed += 1
        told.append((out / f"died-{life}.txt").read_text(encoding="utf-8"))
        broken += _differs(out)
        last = datetime.fromtimestamp(_seen(out)["at"], UTC)
        start = last + RESTART_AFTER - AFTER_CLOSE
    if process.exitcode != 0:
        process.kill()
        broken.append(f"a life ended with {process.exitcode}")
    seen = _seen(out)
    broken += seen["broken"]
    for log in sorted(out.glob("bot-*.log")):
        broken += secrets_in(log)
    trades = read_database(str(out / "driven.sqlite"), to_ms(stretch.until)).trades
    rows = {row.trade_id for row in read_ledger(directory_in(out))}
    told += [f"exit of trade {t.number} is not in the ledger" for t in trades if t.number not in rows]
    if not killed or not seen["positions"]:
        broken.append("it was never killed, or met no position")
    still_open = sum(trade.is_open for trade in trades)
    counts = (killed, seen["loops"], seen["positions"], len(trades), still_open, killed)
    return Met(KIND, name, *counts, broken, told)


def _differs(out: Path) -> Iterator[str]:
    """What a dead process has left that is not as its own last look had it."""
    stops = _seen(out)["stops"]
    with closing(sqlite3.connect(out / "driven.sqlite")) as database:
        if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            yield "the database is damaged"
        kept = database.execute("SELECT id, is_short, stop_loss FROM trades WHERE is_open").fetchall()
    for number, is_short, stop in kept:
        before = stops.get(str(number), stop)
        if (stop - before) * (-1 if is_short else 1) < 0:
            yield f"trade {number}: the database has the stop {stop}, it was {before}"
    try:
        read_ledger(directory_in(out))
    except OutriggerError as error:
        yield f"the ledger cannot be read: {error}"
