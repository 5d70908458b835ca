"""Time and memory from a year of one pair's depth archives to features."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.bench import Bench
from tests.benchmarks.result import Result

TARGET_S, TARGET_MB = 120.0, 600.0


def _details(bench: Bench) -> dict[str, Any]:
    used = bench.depth_year
    return {
        "days": bench.depth_days,
        "wall_seconds": round(used.wall, 2),
        "cpu_seconds": round(used.cpu, 2),
        "peak_mb": round(used.peak_mb, 1),
    }


def depth_year(bench: Bench) -> Result:
    """Whole process: start-up, import of the archives into a store, features on five-minute closes."""
    wall = bench.depth_year.wall
    return Result("depth-year", "a year of bookDepth to features", wall, "s", TARGET_S, _details(bench))


def depth_year_memory(bench: Bench) -> Result:
    """Peak resident size of the process that the `depth-year` row times."""
    measures, peak = "peak memory of a year of bookDepth to features", bench.depth_year.peak_mb
    return Result("depth-year-memory", measures, peak, "MB", TARGET_MB, _details(bench))
