"""Command line of the benchmarks; `make bench` runs it.

A missed target is reported, not a failure: the exit code says only whether everything could be measured.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.benchmarks import machine, report
from tests.benchmarks.bench import Bench
from tests.benchmarks.rows import ROWS
from tests.conftest import REPOSITORY


def parser() -> argparse.ArgumentParser:
    """Options of the command."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    options.add_argument("--only", action="append", choices=tuple(ROWS), help="this row; may be repeated")
    options.add_argument("--quick", action="store_true", help="small sizes: does everything run?")
    options.add_argument("--synthetic", action="store_true", help="synthetic candles, never real ones")
    options.add_argument("--json", type=Path, default=REPOSITORY / "user_data" / "bench.json", metavar="FILE")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write."""
    chosen = parser().parse_args(arguments)
    console = Console()
    described = machine.describe()
    results = []
    with tempfile.TemporaryDirectory(prefix="outrigger-bench-") as home:
        bench = Bench(Path(home), quick=chosen.quick, synthetic=chosen.synthetic)
        for name in chosen.only or ROWS:
            with console.status(f"measuring {name} ..."):
                results.append(ROWS[name](bench))
    report.print_table(results, described, console)
    report.write_json(results, described, chosen.quick, chosen.json)
    console.print(f"written to {chosen.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
