"""Time from one live snapshot to features."""

from __future__ import annotations

from time import perf_counter_ns, thread_time_ns

import numpy as np
import pandas as pd

from outrigger.market.features.live_book import LiveBook
from outrigger.market.store.schema import BOOK
from tests.benchmarks.bench import Bench
from tests.benchmarks.pairing import percentiles
from tests.benchmarks.result import Result

TARGET_US = 300.0
START_MS, STEP_MS, A_DAY = 1_740_787_200_000, 10_000, 8_640


def _rows(count: int) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({name: np.exp(rng.normal(8, 0.1, count)) for name in BOOK.values})
    rows["best_bid"], rows["best_ask"] = 100.0, 100.1
    times = START_MS + STEP_MS * np.arange(count, dtype=np.int64)
    return rows.assign(time_ms=times, known_ms=times)


def live_snapshot(bench: Bench) -> Result:
    """99th percentile of taking in a snapshot and asking for all columns, with a fortnight of history."""
    history, count = bench.size(15, 1) * A_DAY, bench.size(20_000, 200)
    rows = _rows(history + count)
    live = LiveBook.from_history(rows.iloc[:history])
    wall, cpu = [], []
    for row in rows.iloc[history:].to_dict("records"):
        begun, busy = perf_counter_ns(), thread_time_ns()
        live.update(row)
        live.features(int(row["known_ms"]))
        cpu.append((thread_time_ns() - busy) / 1000)
        wall.append((perf_counter_ns() - begun) / 1000)
    shares = (0.5, 0.99, 0.999)
    p50, p99, p999 = percentiles(wall, *shares)
    busy_p50, busy_p99, _ = percentiles(cpu, *shares)
    details = {
        "snapshots": count, "p50_us": p50, "p999_us": p999, "cpu_p50_us": busy_p50, "cpu_p99_us": busy_p99,
    }  # fmt: skip
    return Result("live-snapshot", "p99 of one live snapshot to features", p99, "µs", TARGET_US, details)
