"""Order book and metrics archives beside the candles: what was recorded, up to a moment of the replay.

Looked for in `orderbook/` and `metrics/` of the data directory, under the names of Binance's daily archives;
read with the same readers as an import, so that faulty values are missing here too. A row is there from the
moment it was known, never before. Days are read when they are first needed and the last few kept: about a
megabyte a contract. A file that cannot be read is told of once and counts as not recorded.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pandas as pd

from outrigger.errors import DataError
from outrigger.market.archives.directory import read_archive
from outrigger.market.archives.file_name import FileName, parse_name
from outrigger.market.archives.metrics import PERIOD_MS
from outrigger.market.store.rows import day_of
from outrigger.market.store.schema import BANDS, band_name

logger = logging.getLogger(__name__)

FOLDERS: Final = {"bookDepth": "orderbook", "metrics": "metrics"}
# The book of now may be yesterday's; the exchange itself tells of a month of open interest.
KEPT_DAYS: Final = {"bookDepth": 2, "metrics": 32}
_DAY: Final = timedelta(days=1)


class ArchiveDays:
    """Daily archives of one data directory, every time moved by the same amount.

    Parameters
    ----------
    datadir : Path
        A Freqtrade data directory; it need not hold archives.
    shift_ms : int
        Added to every time, milliseconds; a whole number of days.
    """

    def __init__(self, datadir: Path, shift_ms: int = 0) -> None:
        self._shift_ms = shift_ms
        self._files = _find(datadir)
        self._read: dict[tuple[str, str], dict[date, pd.DataFrame]] = {}

    def holds(self, symbol: str, kind: str) -> bool:
        """Whether there is any archive of a symbol; `kind` is `bookDepth` or `metrics`."""
        return (symbol, kind) in self._files

    def known(self, symbol: str, kind: str, now_ms: int, since_ms: int) -> pd.DataFrame:
        """Rows that had become known by a moment.

        Parameters
        ----------
        symbol : str
            The exchange's symbol.
        kind : str
            `bookDepth` or `metrics`.
        now_ms : int
            The moment, milliseconds since the epoch, in the replay's time.
        since_ms : int
            Only rows that became known after this.

        Returns
        -------
        DataFrame
            Columns of the store's table, times in the replay's time, ordered by `known_ms`.
        """
        parts = self._known(symbol, kind, now_ms, since_ms)
        rows = pd.concat(parts) if parts else pd.DataFrame({"time_ms": [], "known_ms": []})
        return rows.assign(
            time_ms=rows["time_ms"] + self._shift_ms, known_ms=rows["known_ms"] + self._shift_ms
        )

    def newest_book(self, symbol: str, now_ms: int, since_ms: int) -> dict[str, float] | None:
        """Newest snapshot of the book that shows depth on both sides; see `known`."""
        for part in reversed(self._known(symbol, "bookDepth", now_ms, since_ms)):
            names = [str(name) for name in part.columns]
            for at in range(len(part) - 1, -1, -1):
                row = dict(zip(names, part.iloc[at].tolist(), strict=True))
                if _shows_both_sides(row):
                    return row | {name: row[name] + self._shift_ms for name in ("time_ms", "known_ms")}
        return None

    def _known(self, symbol: str, kind: str, now_ms: int, since_ms: int) -> list[pd.DataFrame]:
        """Rows of each day in question, in the archives' own time."""
        now, since = now_ms - self._shift_ms, since_ms - self._shift_ms
        days = self._files.get((symbol, kind), {})
        # A day's last rows become known on the next one, a period after their time.
        first, last = day_of(since - PERIOD_MS), day_of(now)
        wanted = [first + _DAY * i for i in range((last - first).days + 1)]
        return [_between(self._day(symbol, kind, day), since, now) for day in wanted if day in days]

    def _day(self, symbol: str, kind: str, day: date) -> pd.DataFrame:
        kept = self._read.setdefault((symbol, kind), {})
        if day not in kept:
            path, name = self._files[symbol, kind][day]
            kept[day] = _rows(path, name)
            while len(kept) > KEPT_DAYS[kind]:
                kept.pop(next(iter(kept)))
        return kept[day]


def _find(datadir: Path) -> dict[tuple[str, str], dict[date, tuple[Path, FileName]]]:
    found: dict[tuple[str, str], dict[date, tuple[Path, FileName]]] = {}
    for kind, folder in FOLDERS.items():
        for path in sorted((datadir / folder).glob("*")):
            name = parse_name(path.name)
            if name is not None and name.kind == kind and name.day is not None:
                found.setdefault((name.symbol, kind), {})[name.day] = (path, name)
    return found


def _rows(path: Path, name: FileName) -> pd.DataFrame:
    try:
        rows, _ = read_archive(path, name)
    except (DataError, OSError) as error:
        logger.warning("%s is not served: %s", path, error)
        return pd.DataFrame({"time_ms": [], "known_ms": []}, dtype="int64")
    return rows


def _shows_both_sides(row: Mapping[str, float]) -> bool:
    return all(any(row[band_name(side, band, "quote")] > 0 for band in BANDS) for side in ("bid", "ask"))


def _between(rows: pd.DataFrame, since_ms: int, now_ms: int) -> pd.DataFrame:
    """Rows known after one moment and by another; they are ordered by that time."""
    first, last = rows["known_ms"].searchsorted([since_ms, now_ms], side="right")
    return rows.iloc[first:last]
