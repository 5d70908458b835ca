"""Time from one day's depth archive to features."""

from __future__ import annotations

from statistics import median

import numpy as np

from outrigger.market.archives.book_depth import read_book_depth
from outrigger.market.features.book import book_features
from tests.benchmarks.bench import Bench
from tests.benchmarks.pairing import seconds
from tests.benchmarks.result import Result
from tests.market.archives.archive_samples import book, text, zipped

TARGET_S = 0.3
CLOSE_MS = 300_000


def depth_day(bench: Bench) -> Result:
    """Unzip, read, look for defects, and make the columns of every five-minute close; median of the turns."""
    lines = book(bench.size(2_880, 200))
    archive = zipped(text(lines))

    def turn() -> None:
        rows, _ = read_book_depth(archive, "BTCUSDT")
        first, last = int(rows["time_ms"].iloc[0]), int(rows["time_ms"].iloc[-1])
        book_features(rows, np.arange(first + CLOSE_MS, last, CLOSE_MS, dtype=np.int64))

    turn()
    times = [seconds(turn) for _ in range(bench.size(15, 1))]
    details = {
        "lines": len(lines),
        "turns": len(times),
        "range_s": [round(min(times), 4), round(max(times), 4)],
    }
    return Result("depth-day", "one day of bookDepth to features", median(times), "s", TARGET_S, details)
