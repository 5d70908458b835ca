"""Every fault the replay exchange knows, against a bot that holds a position whose stop is hit meanwhile.

For each fault the same recorded minutes: a position is opened, the fault acts for some minutes in which
the market runs through the stop, and ends. After every loop `Invariants` looks at the bot, and at the end no
secret may be in the log. A position that is still open then is told: a bad tick widens a trail for a while.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from outrigger.commands.refusing import refusing
from outrigger.errors import DataError
from outrigger.market.moment import to_ms
from outrigger.rehearsal.driven_bot import DrivenBot
from outrigger.rehearsal.invariants import Invariants
from outrigger.replay.faults import FUNDING, MARK, NO_ANSWER, RULES, FaultPlan, catalogue
from outrigger.review.database import read_database

KEY, SECRET = "key-that-must-stay-secret", "secret-that-must-stay-secret"
# What a bot asks for at its start and each hour only: a fault of these acts from the start.
_ASKED_SELDOM = (MARK, FUNDING)
# One a minute while a fault lasts.
MOST_RESTARTS = 20
# Waits are real: short where nothing answers, long enough for a busy machine elsewhere.
CLIENT_TIMEOUT_MS, IMPATIENT_MS = 5_000, 500


@dataclass(frozen=True, slots=True)
class Stretch:
    """Recorded minutes in which a position is opened and then stopped.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory.
    pairs : tuple of str
        What is traded.
    start, until : datetime
        First loop, and the end (UTC).
    fault_from, fault_until : datetime
        When the fault acts: after the entry, around the stop.
    """

    datadir: Path
    pairs: tuple[str, ...]
    start: datetime
    until: datetime
    fault_from: datetime
    fault_until: datetime


def crash_of_february(market: Path) -> Stretch:
    """Give the minutes of 2025-02-03 in which a short on ETH is opened and stopped seven minutes later.

    Parameters
    ----------
    market : Path
        Directory that holds the data directory `binance-1m-2025-02`.

    Returns
    -------
    Stretch
    """
    night = datetime(2025, 2, 3, 1, tzinfo=UTC)
    at = {minute: night + timedelta(minutes=minute) for minute in (46, 51, 58, 65)}
    return Stretch(market / "binance-1m-2025-02", ("ETH/USDT:USDT",), at[46], at[65], at[51], at[58])


@dataclass(frozen=True, slots=True)
class Met:
    """What a fault did to the bot.

    Parameters
    ----------
    fault : str
        Its name.
    requests : int
        Requests that met it.
    loops, positions : int
        Loops of the bot, and open positions seen in them.
    trades, left_open : int
        Trades made, and those still open at the end.
    restarts : int
        How often Freqtrade ended by itself, stopped or crashed, and was started again.
    broken : list of str
        What did not hold; empty is good.
    """

    fault: str
    requests: int
    loops: int
    positions: int
    trades: int
    left_open: int
    restarts: int
    broken: list[str]


def meet(name: str, stretch: Stretch, config: Path, out: Path) -> Met:
    """Let a bot meet one fault.

    Parameters
    ----------
    name : str
        Of the catalogue.
    stretch : Stretch
        When and where.
    config : Path
        Freqtrade configuration.
    out : Path
        Where the bot writes.

    Returns
    -------
    Met

    Raises
    ------
    DataError
        If there is no such fault.
    ReplayError
        If the bot ended by itself.
    """
    known = catalogue()
    if name not in known:
        raise DataError(f"no fault {name!r}: choose from {', '.join(known)}")
    begins = stretch.start if known[name].route in _ASKED_SELDOM else stretch.fault_from
    plan = FaultPlan(known[name], to_ms(begins), to_ms(stretch.fault_until))
    watch = Invariants()
    patience = {"timeout": IMPATIENT_MS if name == NO_ANSWER else CLIENT_TIMEOUT_MS}
    overlay = {
        "exchange": {
            "pair_whitelist": list(stretch.pairs),
            "key": KEY,
            "secret": SECRET,
            # Freqtrade asks for the contracts once an hour: at once, where that is what fails.
            "markets_refresh_interval": 1 if known[name].route == RULES else 60,
            "ccxt_config": patience,
            "ccxt_async_config": patience,
        },
        # Funding is asked for only where it has a say.
        "outrigger": {"squeeze": {"funding": True}},
    }
    bot = DrivenBot(
        stretch.datadir, [config], out, stretch.start, stretch.until, overlay=overlay, faults=[plan]
    )
    log = out / "bot.log"
    with logged(log), bot:
        ran = bot.run(watch, restarts=MOST_RESTARTS)
    found = read_database(str(bot.database), to_ms(stretch.until))
    still_open = sum(trade.is_open for trade in found.trades)
    broken = list(watch.broken)
    text = log.read_text(encoding="utf-8")
    broken += [f"{what} is in the log" for what, value in (("key", KEY), ("secret", SECRET)) if value in text]
    if not plan.met or not watch.positions:
        broken.append("it met no request, or no position")
    counts = (plan.met, watch.loops, watch.positions, len(found.trades), still_open, ran.restarts)
    return Met(name, *counts, broken)


@contextmanager
def logged(file: Path) -> Iterator[None]:
    """Write everything that is logged to a file, and nothing to the terminal."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    handler = logging.FileHandler(file, mode="w", encoding="utf-8")
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        handler.close()
        root.handlers[:] = before
        root.setLevel(level)


@refusing
def main(argv: Sequence[str] | None = None) -> int:
    """Run the matrix from the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; the process's own by default.

    Returns
    -------
    int
        0 if everything held, 1 if something did not, 2 where something was refused.
    """
    parser = argparse.ArgumentParser(prog="python -m outrigger.rehearsal.fault_matrix", description=__doc__)
    parser.add_argument("--market", type=Path, required=True, help="directory of the data directories")
    parser.add_argument("--config", type=Path, default=Path("config.json"))
    parser.add_argument("--faults", nargs="+", help="names; all by default")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(argv)
    stretch = crash_of_february(given.market)
    met: list[Met] = []
    told = Console(stderr=True)
    for name in track(given.faults or list(catalogue()), "Faults", console=told):
        with tempfile.TemporaryDirectory(prefix="outrigger-fault-") as place:
            met.append(meet(name, stretch, given.config, Path(place)))
        told.print(f"{name}: {'; '.join(met[-1].broken) or 'no harm'}", markup=False)
    if given.json:
        sys.stdout.write(json.dumps([asdict(one) for one in met]) + "\n")
    else:
        Console().print(_table(met))
    return int(any(one.broken for one in met))


def _table(met: Sequence[Met]) -> Table:
    table = Table(title=f"{sum(not one.broken for one in met)} of {len(met)} faults met without harm")
    for heading in (
        "fault",
        "requests",
        "loops",
        "with a position",
        "trades",
        "left open",
        "restarts",
        "broken",
    ):
        table.add_column(heading, justify="left" if heading in ("fault", "broken") else "right")
    for one in met:
        counts: tuple[Any, ...] = (
            one.requests,
            one.loops,
            one.positions,
            one.trades,
            one.left_open,
            one.restarts,
        )
        table.add_row(one.fault, *map(str, counts), "; ".join(one.broken) or "nothing")
    return table


if __name__ == "__main__":
    sys.exit(main())
