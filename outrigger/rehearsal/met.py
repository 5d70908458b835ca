"""What a fault did to a bot, as a record, a row of a table, and a log without secrets."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from outrigger.replay.signed_request import Keys

KEYS = Keys("key-that-must-stay-secret", "secret-that-must-stay-secret")
# One a minute while a fault lasts.
MOST_RESTARTS = 20
# Waits are real: long enough for a busy machine; see `patience` for the minutes in which nothing answers.
CLIENT_TIMEOUT_MS = 5_000
# As Freqtrade writes its own log.
LINE = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
_RIGHT = ("met", "loops", "with a position", "trades", "left open", "restarts")


@dataclass(frozen=True, slots=True)
class Met:
    """What a fault did to the bot.

    Parameters
    ----------
    kind, fault : str
        Where it acts, and its name.
    requests : int
        Requests, or whatever else it spoils, that met it.
    loops, positions : int
        Loops of the bot, and open positions seen in them.
    trades, left_open : int
        Trades made, and those still open at the end.
    restarts : int
        How often Freqtrade ended by itself, stopped or crashed, and was started again.
    broken : list of str
        What did not hold; empty is good.
    told : list of str
        What else was seen: facts of the engine that nobody here can help.
    """

    kind: str
    fault: str
    requests: int
    loops: int
    positions: int
    trades: int
    left_open: int
    restarts: int
    broken: list[str]
    told: list[str] = field(default_factory=list)


def secrets_in(log: Path) -> list[str]:
    """Name the secrets that a log gives away."""
    text = log.read_text(encoding="utf-8")
    return [
        f"{what} is in the log"
        for what, value in (("key", KEYS.key), ("secret", KEYS.secret))
        if value in text
    ]


@contextmanager
def logged(file: Path) -> Iterator[None]:
    """Write everything that is logged to a file, and nothing to the terminal."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    handler = logging.FileHandler(file, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter(LINE))
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        handler.close()
        root.handlers[:] = before
        root.setLevel(level)


def table_of(met: Sequence[Met]) -> Table:
    """Draw the matrix."""
    table = Table(title=f"{sum(not one.broken for one in met)} of {len(met)} faults met without harm")
    for heading in ("kind", "fault", *_RIGHT, "broken", "also seen"):
        table.add_column(heading, justify="right" if heading in _RIGHT else "left")
    for one in met:
        counts = (one.requests, one.loops, one.positions, one.trades, one.left_open, one.restarts)
        seen = "; ".join(one.broken) or "nothing", "; ".join(one.told)
        table.add_row(one.kind, one.fault, *map(str, counts), *seen)
    return table
