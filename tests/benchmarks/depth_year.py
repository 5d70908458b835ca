"""A year of depth archives: written once, then imported and turned into features in a process of its own.

The archives are one synthetic day under every date, packed as the exchange packs them.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from outrigger.market.archives.directory import import_directory
from outrigger.market.features.book import BOOK_COLUMNS, BOOK_NAMES, book_features
from outrigger.market.store.schema import Kind
from outrigger.market.store.store import MarketStore
from tests.benchmarks.measured_process import Usage, measured
from tests.market.archives.archive_samples import START, book, text, zipped

PAIR = "BTC/USDT:USDT"
SNAPSHOTS_A_DAY = 2_880
CLOSE_MS = 300_000


def write_archives(directory: Path, days: int) -> None:
    """Write daily archives of one pair."""
    directory.mkdir()
    first = f"{START:%Y-%m-%d}"
    content = text(book(SNAPSHOTS_A_DAY))
    for number in range(days):
        day = str(date.fromisoformat(first) + timedelta(days=number))
        packed = zipped(content.replace(first.encode(), day.encode()), f"BTCUSDT-bookDepth-{day}.csv")
        (directory / f"BTCUSDT-bookDepth-{day}.zip").write_bytes(packed)


def measure(home: Path, days: int) -> Usage:
    """Import the archives and make features of them, measured from the start of the process."""
    write_archives(home / "archives", days)
    return measured(["-m", "tests.benchmarks.depth_year", str(home), str(days)], home / "log.txt")


def main(home: Path, days: int) -> None:
    """The process that is measured: archives to store to columns on closed candles."""
    with MarketStore(home / "store") as store:
        import_directory(store, home / "archives")
    rows = MarketStore(home / "store").read(PAIR, Kind.BOOK, columns=BOOK_COLUMNS)
    first = int(rows["time_ms"].iloc[0])
    columns = book_features(rows, first + CLOSE_MS * np.arange(1, days * 288 + 1))
    assert len(rows) == days * SNAPSHOTS_A_DAY
    assert columns[list(BOOK_NAMES)]["book_imbalance_1"].notna().all()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
