"""The `freqtrade` command with a stopwatch: `python -m tests.benchmarks.timed_freqtrade REPORT …`.

Runs in a process of its own, so that its memory and its start-up are its own. It changes nothing that
Freqtrade does; it only notes how long the phases of a backtest took and what was traded.
"""

from __future__ import annotations

import functools
import json
import resource
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from freqtrade.main import main
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.strategy import IStrategy

PHASES = {
    "load": (Backtesting, "load_bt_data"),
    "indicators": (IStrategy, "advise_all_indicators"),
    "loop": (Backtesting, "backtest"),
}


class Stopwatch:
    """Seconds by phase, and the trades of the last backtest."""

    def __init__(self) -> None:
        self.phases: dict[str, float] = defaultdict(float)
        self.trades: list[dict[str, Any]] = []

    def attach(self, phase: str, owner: type, name: str) -> None:
        method: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(method)
        def timed(*args: Any, **kwargs: Any) -> Any:
            begun = perf_counter()
            answer = method(*args, **kwargs)
            self.phases[phase] += perf_counter() - begun
            if phase == "loop":
                self.trades = trades_of(answer["results"])
            return answer

        setattr(owner, name, timed)


def trades_of(results: Any) -> list[dict[str, Any]]:
    """Pair, side and times (ms) of the trades in Freqtrade's result."""
    return [
        {
            "pair": row.pair,
            "is_short": bool(row.is_short),
            "opened_ms": round(row.open_date.timestamp() * 1000),
            "closed_ms": round(row.close_date.timestamp() * 1000),
        }
        for row in results.itertuples()
    ]


def peak_mb() -> float:
    """Largest resident size of this process so far, in MB."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Unlike ru_maxrss, this does not remember the size of the process that started this one.
        high_water = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(high_water.split()[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def run(report: Path, arguments: list[str]) -> None:
    """Run Freqtrade and write the report, whatever comes of it."""
    watch = Stopwatch()
    for phase, (owner, name) in PHASES.items():
        watch.attach(phase, owner, name)
    try:
        main(arguments)
    finally:
        found = {
            "phases": dict(watch.phases),
            "trades": watch.trades,
            "cpu_seconds": process_time(),
            "peak_mb": peak_mb(),
        }
        report.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2:])
