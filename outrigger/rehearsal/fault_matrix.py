"""Every fault that can be rehearsed, against a bot that holds a position whose stop is hit meanwhile.

For each fault the same recorded minutes: a position is opened, the fault acts around its stop, and ends.
After every loop `Invariants` looks at the bot, and at the end no secret may be in the log.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import track

from outrigger.commands.refusing import refusing
from outrigger.errors import DataError
from outrigger.rehearsal import exchange_cases, host_cases, kill_cases, order_cases
from outrigger.rehearsal.met import Met, table_of
from outrigger.rehearsal.stretch import Stretch, crash_of_february

Meet = Callable[[str, Stretch, Path, Path], Met]
KINDS = {room.KIND: room for room in (exchange_cases, order_cases, host_cases, kill_cases)}


def all_faults() -> dict[str, Meet]:
    """Every fault by name, with what lets a bot meet it."""
    return {name: room.meet for room in KINDS.values() for name in room.names()}


def meet(name: str, stretch: Stretch, config: Path, out: Path) -> Met:
    """Let a bot meet one fault.

    Parameters
    ----------
    name : str
        One of `all_faults`.
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
        If the bot ended by itself too often.
    """
    known = all_faults()
    if name not in known:
        raise DataError(f"no fault {name!r}: choose from {', '.join(known)}")
    return known[name](name, stretch, config, out)


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
    parser.add_argument("--kind", choices=list(KINDS), help="only faults of one kind")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(argv)
    stretch = crash_of_february(given.market)
    wanted = given.faults or (KINDS[given.kind].names() if given.kind else list(all_faults()))
    met: list[Met] = []
    told = Console(stderr=True)
    for name in track(wanted, "Faults", console=told):
        with tempfile.TemporaryDirectory(prefix="outrigger-fault-") as place:
            met.append(meet(name, stretch, given.config, Path(place)))
        told.print(f"{name}: {'; '.join(met[-1].broken) or 'no harm'}", markup=False)
    if given.json:
        sys.stdout.write(json.dumps([asdict(one) for one in met]) + "\n")
    else:
        Console().print(table_of(met))
    return int(any(one.broken for one in met))


if __name__ == "__main__":
    sys.exit(main())
