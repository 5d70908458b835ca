"""Peak memory of a backtest over that of the floor strategy."""

from __future__ import annotations

from tests.benchmarks.bench import Bench
from tests.benchmarks.result import Result

TARGET = 1.5


def memory(bench: Bench) -> Result:
    """Peak resident size of the whole process, of the same runs that the `backtest` row times."""
    found = bench.backtests
    details = {"market": bench.market.label, "peak_mb": found.summary(lambda run: run.peak_mb)}
    return Result(
        "memory",
        "peak resident memory of a 1m backtest over a floor strategy's",
        found.ratio(lambda run: run.peak_mb),
        "×",
        TARGET,
        details,
    )
