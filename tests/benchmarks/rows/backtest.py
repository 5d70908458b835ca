"""Wall time of a backtest over that of the floor strategy."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.backtests import Run, shared_entries
from tests.benchmarks.bench import Bench
from tests.benchmarks.result import Result

TARGET = 1.25


def backtest(bench: Bench) -> Result:
    """Whole process, start-up and data included; the engine's loop alone is in the details."""
    found = bench.backtests
    ours, floor = found.ours[-1], found.floor[-1]
    details: dict[str, Any] = {
        "market": bench.market.label,
        "turns": len(found.ours),
        "wall_seconds": found.summary(lambda run: run.wall),
        "cpu_seconds": found.summary(lambda run: run.cpu),
        "trades": {
            "ours": len(ours.trades),
            "floor": len(floor.trades),
            "shared": shared_entries(ours.trades, floor.trades),
        },
        "minutes_in_trade": {"ours": ours.minutes, "floor": floor.minutes},
    }
    for phase in ("load", "indicators", "loop"):
        details[f"{phase}_seconds"] = found.summary(lambda run, phase=phase: run.phases[phase])
    if ours.minutes and floor.minutes:
        details["loop_us_per_minute_in_trade"] = found.summary(_per_minute, digits=1)
    return Result(
        "backtest",
        "wall time of a 1m backtest over a floor strategy's",
        found.ratio(lambda run: run.wall),
        "×",
        TARGET,
        details,
    )


def _per_minute(run: Run) -> float:
    return run.phases["loop"] / run.minutes * 1e6
