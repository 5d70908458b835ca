"""Weeks of recorded minutes through the live engine with faults on: whether it lasts, and stays small.

Every few hours the exchange fails in a way drawn from the catalogue, for some minutes. Looked at after every
loop: the invariants; every hour: the process's memory; in the end: what was logged as an error. The memory is
that of bot, exchange and recorded data together, its growth a robust slope after the first day's warming up.
The allocator is as its variables say: the container's is asked for with `MALLOC_TRIM_THRESHOLD_=131072`.

Run `python -m outrigger.rehearsal.soak --datadir DIR --start 2025-06-02 --days 3 --pairs BTC/USDT:USDT`.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import re
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from freqtrade.loggers import bufferHandler
from scipy.stats import theilslopes

from outrigger.bot.memory import resident_mb
from outrigger.commands.refusing import refusing
from outrigger.json_values import plain
from outrigger.market.moment import to_ms
from outrigger.rehearsal.driven_bot import DrivenBot
from outrigger.rehearsal.invariants import Invariants
from outrigger.rehearsal.met import CLIENT_TIMEOUT_MS, logged
from outrigger.rehearsal.patience import Patience
from outrigger.replay.faults import FaultPlan, catalogue
from outrigger.review.database import read_database

MINUTE_MS = 60_000
DAY_HOURS = 24
# No fault outlasts this many minutes, and none begins sooner than an hour after the last.
LONGEST_MINUTES = 15
MOST_RESTARTS = 1_000
_ALLOCATOR = ("MALLOC_", "GLIBC_TUNABLES")
_ERROR = re.compile(r"^\S+ \S+ - (?P<where>[\w.]+) - (?:ERROR|CRITICAL) - (?P<said>.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Soaked:
    """What became of the bot.

    Parameters
    ----------
    days : float
        How long it ran, in recorded time.
    faults, requests : int
        Faults acted out, and requests that met one.
    loops, positions : int
        Loops of the bot, and open positions seen in them.
    trades : int
        Trades made.
    restarts : int
        How often Freqtrade ended by itself, stopped or crashed, and was started again.
    broken : list of str
        Invariants that did not hold.
    errors : dict of str to int
        What was logged as an error, by its beginning.
    memory_mb : list of float
        Resident memory each hour, in MB.
    memory_mb_a_day : float
        Its slope after the first day (Theil-Sen); NaN for shorter runs.
    memory_peak_mb : float
        The most that was ever resident, in MB, for however short a time.
    allocator : dict of str to str
        Variables that the C library's allocator goes by.
    loop_ms_p99 : float
        99th percentile of a loop's processor time in ms, the exchange's share included.
    """

    days: float
    faults: int
    requests: int
    loops: int
    positions: int
    trades: int
    restarts: int
    broken: list[str]
    errors: dict[str, int]
    memory_mb: list[float]
    memory_mb_a_day: float
    memory_peak_mb: float
    allocator: dict[str, str]
    loop_ms_p99: float


def plans(start: datetime, days: float, every_hours: float, seed: int) -> list[FaultPlan]:
    """Draw faults, one after the other with pauses between them.

    Parameters
    ----------
    start : datetime
        First loop; the first fault comes an hour later at the earliest.
    days : float
        How long.
    every_hours : float
        Mean time between the beginnings of two faults.
    seed : int
        Same seed, same faults.

    Returns
    -------
    list of FaultPlan
        In order; every fault of the catalogue comes before any comes again.
    """
    draw = np.random.default_rng(seed)
    waiting: list[str] = []
    made: list[FaultPlan] = []
    at = to_ms(start)
    end = at + days * DAY_HOURS * 60 * MINUTE_MS
    while True:
        at += round((60 + draw.exponential(max(every_hours * 60 - 60, 1.0))) * MINUTE_MS)
        if at >= end:
            return made
        waiting = waiting or list(draw.permutation(list(catalogue())))
        lasts = round(draw.uniform(1, LONGEST_MINUTES) * MINUTE_MS)
        made.append(FaultPlan(catalogue()[waiting.pop()], at, at + lasts))


class _Watch:
    """Invariants after every loop, memory every hour."""

    def __init__(self) -> None:
        self.invariants = Invariants()
        self.memory_mb: list[float] = []
        self._hour: int | None = None

    def __call__(self, bot: Any, now: datetime) -> None:
        self.invariants(bot, now)
        hour = to_ms(now) // (60 * MINUTE_MS)
        if hour != self._hour:
            self._hour = hour
            gc.collect()
            self.memory_mb.append(resident_mb() or float("nan"))
            if hour % DAY_HOURS == 0:
                # The log is in a file: a run of hours has to show that it lives.
                held, broken = self.memory_mb[-1], len(self.invariants.broken)
                sys.stderr.write(f"{now:%Y-%m-%d}: {held:.0f} MB, {broken} invariants broken\n")


def growth_mb_a_day(hourly_mb: Sequence[float]) -> float:
    """Slope of hourly memory after the first day, in MB a day.

    Parameters
    ----------
    hourly_mb : sequence of float
        Resident memory each hour.

    Returns
    -------
    float
        Theil-Sen slope; NaN with less than half a day after the first.
    """
    later = np.asarray(hourly_mb[DAY_HOURS:], dtype=float)
    if later.size < DAY_HOURS // 2:
        return float("nan")
    return float(theilslopes(later).slope) * DAY_HOURS


def soak(
    datadir: Path,
    configs: Sequence[Path],
    start: datetime,
    days: float,
    out: Path,
    *,
    pairs: Sequence[str] = (),
    fault_hours: float = 6.0,
    seed: int = 1,
    every_seconds: int = 20,
) -> Soaked:
    """Let a bot live through recorded days on an exchange that fails again and again.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory with one-minute candles.
    configs : sequence of Path
        Freqtrade configurations, merged in order.
    start : datetime
        First minute (UTC).
    days : float
        How long.
    out : Path
        Where the bot writes.
    pairs : sequence of str
        What is traded, where not all that is configured.
    fault_hours : float
        Mean time between two faults.
    seed : int
        Of the faults.
    every_seconds : int
        Seconds between two loops of the bot.

    Returns
    -------
    Soaked

    Raises
    ------
    OutriggerError
        If the data cannot be served, or the bot ended by itself.
    """
    until = start + timedelta(days=days)
    acted, watch = plans(start, days, fault_hours, seed), _Watch()
    waits, patience = {"timeout": CLIENT_TIMEOUT_MS}, Patience(acted)
    exchange: dict[str, Any] = {"ccxt_config": waits, "ccxt_async_config": waits}
    if pairs:
        exchange["pair_whitelist"] = list(pairs)
    overlay = {"exchange": exchange}
    how: dict[str, Any] = {"every_seconds": every_seconds, "overlay": overlay, "faults": acted}
    bot = DrivenBot(datadir, list(configs), out, start, until, meanwhile=patience, **how)
    with logged(out / "bot.log"), bot:
        # A live bot has it too: errors among its last thousand records hold the candles they came up with.
        logging.getLogger().addHandler(bufferHandler)
        ran = bot.run(patience.watching(watch), restarts=MOST_RESTARTS)
    found = read_database(str(bot.database), to_ms(until))
    said = _ERROR.findall((out / "bot.log").read_text(encoding="utf-8"))
    return Soaked(
        days=days,
        faults=len(acted),
        requests=sum(plan.met for plan in acted),
        loops=watch.invariants.loops,
        positions=watch.invariants.positions,
        trades=len(found.trades),
        restarts=ran.restarts,
        broken=watch.invariants.broken,
        errors=dict(Counter(f"{where}: {text[:60]}" for where, text in said)),
        memory_mb=watch.memory_mb,
        memory_mb_a_day=growth_mb_a_day(watch.memory_mb),
        memory_peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        allocator={name: said for name, said in os.environ.items() if name.startswith(_ALLOCATOR)},
        loop_ms_p99=float(np.percentile([seconds for _, seconds in ran.spent], 99) * 1e3),
    )


@refusing
def main(argv: Sequence[str] | None = None) -> int:
    """Run a soak from the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; the process's own by default.

    Returns
    -------
    int
        0 if every invariant held, 1 if not, 2 where something was refused.
    """
    parser = argparse.ArgumentParser(prog="python -m outrigger.rehearsal.soak", description=__doc__)
    parser.add_argument("--datadir", type=Path, required=True, help="Freqtrade data directory")
    parser.add_argument("--config", type=Path, nargs="+", default=[Path("config.json")])
    parser.add_argument("--start", type=datetime.fromisoformat, required=True, help="first minute, UTC")
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument(
        "--pairs", nargs="+", default=(), help="such as BTC/USDT:USDT; all configured by default"
    )
    parser.add_argument("--fault-hours", type=float, default=6.0, help="mean hours between two faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=20, help="seconds between two loops of the bot")
    parser.add_argument("--out", type=Path, help="keep the bot's database and log here")
    given = parser.parse_args(argv)
    start = given.start if given.start.tzinfo else given.start.replace(tzinfo=UTC)
    with tempfile.TemporaryDirectory(prefix="outrigger-soak-") as place:
        found = soak(
            given.datadir,
            given.config,
            start,
            given.days,
            given.out or Path(place),
            pairs=given.pairs,
            fault_hours=given.fault_hours,
            seed=given.seed,
            every_seconds=given.every,
        )
    sys.stdout.write(json.dumps(plain(asdict(found)), indent=2) + "\n")
    return int(bool(found.broken))


if __name__ == "__main__":
    sys.exit(main())
