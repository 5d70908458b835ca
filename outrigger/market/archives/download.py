"""Downloads Binance's public daily archives into the store.

Days that the store holds are skipped, so an interrupted download resumes by being run again. A day that
was not published, or whose file cannot be used, is reported and the others go on; a refused file is kept
aside for inspection and never stored. Files are small (about half a megabyte), so one that broke off is
fetched anew. Requests run in parallel within a limit; the store is written in between, by one task at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import aiohttp

from outrigger.atomic import write_bytes
from outrigger.errors import DataError
from outrigger.market.archives.directory import KINDS, read_archive
from outrigger.market.archives.fetch import Fetcher, RefusedFileError, Wait
from outrigger.market.archives.file_name import FileName, daily_name, pair_of, symbol_of
from outrigger.market.archives.refusal import ArchiveError
from outrigger.market.archives.report import MISSING, PRESENT, STORED, ArchiveReport, Delivery, Progress
from outrigger.market.archives.storing import Store, holds_day, note_defects, store_rows

BASE_URL: Final = "https://data.binance.vision"
DAILY: Final = ("bookDepth", "metrics")
PARALLEL: Final = 4
MOST_PARALLEL: Final = 16


def download(
    store: Store,
    pairs: Sequence[str],
    start: date,
    end: date,
    *,
    kinds: Sequence[str] = DAILY,
    base_url: str = BASE_URL,
    parallel: int = PARALLEL,
    again: bool = False,
    aside: Path | None = None,
    progress: Progress | None = None,
    wait: Wait = asyncio.sleep,
) -> ArchiveReport:
    """Download daily archives of order book depth and metrics.

    Parameters
    ----------
    store : Store
        Where to.
    pairs : sequence of str
        As Freqtrade writes them: `BTC/USDT:USDT`.
    start, end : date
        First and last UTC day.
    kinds : sequence of str, optional
        Of `bookDepth` and `metrics`.
    base_url : str, optional
        Host of the archives.
    parallel : int, optional
        Requests at the same time, 1 to 16.
    again : bool, optional
        Fetch days that the store holds once more.
    aside : Path, optional
        Directory for refused files; they are dropped where None.
    progress : callable, optional
        Called with (file, done, total).
    wait : callable, optional
        Waits for a number of seconds between attempts.

    Returns
    -------
    ArchiveReport
        What became of each file.

    Raises
    ------
    DataError
        If an argument cannot be used, or the disk refuses a file.
    StateError
        If another writer holds a day of the store.
    """
    symbols = _check(pairs, start, end, kinds, parallel)
    days = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    wanted = [(symbol, kind, day) for symbol in symbols for kind in kinds for day in days]
    run = _Run(store, base_url.rstrip("/"), again, aside, progress, len(wanted))
    try:
        return ArchiveReport(tuple(asyncio.run(run.all(wanted, parallel, wait))))
    except ExceptionGroup as group:
        # The first failure has stopped the other tasks.
        raise group.exceptions[0] from None


def _check(pairs: Sequence[str], start: date, end: date, kinds: Sequence[str], parallel: int) -> list[str]:
    if not pairs:
        raise DataError("download without pairs: name at least one, for example 'BTC/USDT:USDT'")
    if start > end:
        raise DataError(f"download from {start} to {end}: the first day is after the last; exchange them")
    if not 1 <= parallel <= MOST_PARALLEL:
        raise DataError(f"download with {parallel} requests at a time: choose 1 to {MOST_PARALLEL}")
    if not kinds or not set(kinds) <= set(DAILY):
        raise DataError(f"download of {', '.join(kinds) or 'nothing'}: choose from {', '.join(DAILY)}")
    return list(dict.fromkeys(symbol_of(pair) for pair in pairs))


@dataclass(slots=True)
class _Run:
    store: Store
    base_url: str
    again: bool
    aside: Path | None
    progress: Progress | None
    total: int
    done: int = 0

    async def all(self, wanted: Sequence[tuple[str, str, date]], parallel: int, wait: Wait) -> list[Delivery]:
        found: list[Delivery | None] = [None] * len(wanted)
        queue = iter(range(len(wanted)))
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            fetcher = Fetcher(session, wait)

            async def work() -> None:
                # The workers share one iterator: each takes the next file as soon as it is free.
                for index in queue:
                    found[index] = await self._one(fetcher, *wanted[index])

            for _ in range(min(parallel, len(wanted))):
                group.create_task(work())
        return [delivery for delivery in found if delivery is not None]

    async def _one(self, fetcher: Fetcher, symbol: str, kind: str, day: date) -> Delivery:
        name, pair = daily_name(symbol, kind, day), pair_of(symbol)
        try:
            delivery = await self._deliver(fetcher, FileName(symbol, kind), name, day)
        except ArchiveError as error:
            if isinstance(error, RefusedFileError) and self.aside is not None:
                write_bytes(self.aside / f"{name}.{error.refusal}", error.content)
            delivery = Delivery(name, pair, KINDS[kind], error.refusal, message=str(error))
        except OSError as error:
            raise DataError(
                f"{name}: cannot be stored ({error}); make room or allow writing, then run the download again"
            ) from error
        self.done += 1
        if self.progress is not None:
            self.progress(name, self.done, self.total)
        return delivery

    async def _deliver(self, fetcher: Fetcher, what: FileName, name: str, day: date) -> Delivery:
        pair, kind = pair_of(what.symbol), KINDS[what.kind]
        if not self.again and holds_day(self.store, pair, kind, day):
            return Delivery(name, pair, kind, PRESENT)
        url = f"{self.base_url}/data/futures/um/daily/{what.kind}/{what.symbol}/{name}"
        content = await fetcher.archive(url)
        if content is None:
            return Delivery(name, pair, kind, MISSING, message=f"{url}: not published")
        try:
            rows, defects = read_archive(content, what)
        except ArchiveError as error:
            raise RefusedFileError(error, content) from error
        stored = store_rows(self.store, pair, kind, rows)
        note_defects(self.store, pair, kind, what.kind, defects, day=day)
        return Delivery(name, pair, kind, STORED, stored, defects)
