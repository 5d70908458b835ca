"""Time to put book, open-interest and funding features onto a year of one minute candles."""

from __future__ import annotations

from statistics import median

import numpy as np
import pandas as pd

from outrigger.market.features.book import BOOK_COLUMNS, book_features
from outrigger.market.features.funding import funding_features, funding_rows
from outrigger.market.features.interest import interest_features
from outrigger.market.store.schema import METRICS
from tests.benchmarks.bench import Bench
from tests.benchmarks.pairing import seconds
from tests.benchmarks.result import Result

TARGET_S = 1.0
START = pd.Timestamp("2024-06-01", tz="UTC")
START_MS = int(START.timestamp()) * 1000
MINUTE_MS, BOOK_MS, METRICS_MS, DAY_MS = 60_000, 30_000, 300_000, 86_400_000


def _rows(columns: tuple[str, ...], days: int, step_ms: int, delay_ms: int) -> pd.DataFrame:
    """Readings at an archive's pace, every column present."""
    count = days * DAY_MS // step_ms
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({name: np.exp(rng.normal(0, 0.1, count)) for name in columns})
    times = START_MS + step_ms * np.arange(count, dtype=np.int64)
    return rows.assign(time_ms=times, known_ms=times + delay_ms)


def feature_merge(bench: Bench) -> Result:
    """All columns of all three sources: norms and changes worked out, and carried to every minute's close."""
    days = bench.size(365, 20)
    book = _rows(BOOK_COLUMNS, days, BOOK_MS, 0)
    metrics = _rows(METRICS.values, days, METRICS_MS, METRICS_MS)
    events = pd.date_range(START, periods=3 * days, freq="8h", unit="ms")
    paid = pd.DataFrame(
        {"date": events, "funding_rate": np.random.default_rng(7).normal(1e-4, 1e-4, len(events))}
    )
    clock = START_MS + MINUTE_MS * np.arange(1, days * 1440 + 1, dtype=np.int64)

    parts = {
        "book": lambda: book_features(book, clock),
        "interest": lambda: interest_features(metrics, clock),
        "funding": lambda: funding_features(funding_rows(paid, "BTC/USDT:USDT"), clock),
    }
    times = {name: [seconds(part) for _ in range(bench.size(7, 1) + 1)][1:] for name, part in parts.items()}
    medians = {name: median(found) for name, found in times.items()}
    details = {
        "candles": len(clock),
        "snapshots": len(book),
        "turns": len(times["book"]),
        **{f"{name}_seconds": round(value, 3) for name, value in medians.items()},
    }
    measures = "a year of features onto 1m candles"
    return Result("feature-merge", measures, sum(medians.values()), "s", TARGET_S, details)
