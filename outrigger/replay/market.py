"""The market as it stands on the replay exchange at this moment.

Everything here is in the exchange's time and ends at the clock's now: a closed candle is published when
it closes, a funding rate when it is charged. Prices that were not recorded are stood in for: the contract
for a mark price that is finer than the mark files, the mark for the index. Books and positions come from
archives beside the candles, where there are any. Trades and taker volumes were not recorded at all; what is
served of them is zero.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from outrigger.errors import DataError
from outrigger.replay.archive_days import ArchiveDays
from outrigger.replay.candle_path import price_within
from outrigger.replay.candles import (
    CLOSE,
    EMPTY,
    VOLUME,
    Candles,
    TimeRange,
    forming,
    join,
    resample,
    window,
)
from outrigger.replay.clock import Clock
from outrigger.replay.intervals import HOUR_MS, LENGTH_MS, divides, open_of
from outrigger.replay.market_files import Contract, MarketFiles, Readings

logger = logging.getLogger(__name__)

# How long a recorded book stands for the present one: the longest pause between sound snapshots.
BOOK_MS = HOUR_MS
DAY_MS = 24 * HOUR_MS
USUAL_FUNDING_HOURS = 8
# Few, so that a contract whose interval changes is told with the new one after three charges.
RECENT_CHARGES = 6
OPEN_INTEREST_COLUMNS = ("open_interest_amount", "open_interest_value")


@dataclass(frozen=True, slots=True)
class Day:
    """The last 24 hours of a contract.

    Parameters
    ----------
    candles : Candles
        The finest candles of that time, the forming one included.
    price : float
        The price now, in the quote currency.
    now_ms : int
        Now, milliseconds since the epoch.
    """

    candles: Candles
    price: float
    now_ms: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A recorded order book.

    Parameters
    ----------
    row : dict of str to float
        A row of the book table.
    moved : float
        The price now over the price then.
    """

    row: dict[str, float]
    moved: float


class ReplayMarket:
    """What an exchange with these files would know now.

    Parameters
    ----------
    files : MarketFiles
        Recorded data, moved by the clock's shift.
    clock : Clock
        The exchange's time.
    """

    def __init__(self, files: MarketFiles, clock: Clock) -> None:
        self.files = files
        self.clock = clock
        self.archives = ArchiveDays(files.datadir, files.shift_ms)
        self._closed: dict[tuple[str, str, str], Candles] = {}

    @property
    def contracts(self) -> dict[str, Contract]:
        """All contracts by symbol, those not yet listed included."""
        return self.files.contracts

    def finest(self, symbol: str) -> tuple[str, Candles]:
        """Name of the finest interval recorded for a contract, and its candles, past and future.

        Raises
        ------
        DataError
            When no candle file of the contract can be used.
        """
        for interval in self.contracts[symbol].intervals("futures"):
            found = self.files.candles(symbol, "futures", interval)
            if found is not None:
                return interval, found
        raise DataError(
            f"no candles of {self.contracts[symbol].pair} in {self.files.datadir} that survive a "
            "shift by whole days: download candles of one day or less"
        )

    def span(self) -> tuple[int, int]:
        """First and last time that all contracts share, or that any has where they share none."""
        runs = [(int(c.times[0]), int(c.times[-1])) for _, c in map(self.finest, self.contracts)]
        first, last = max(run[0] for run in runs), min(run[1] for run in runs)
        return (first, last) if first < last else (min(run[0] for run in runs), max(run[1] for run in runs))

    def _source(self, symbol: str, kind: str, interval: str) -> tuple[str, str, Candles]:
        """Kind, interval and candles that are the finest recorded ones to build `interval` from."""
        for name in self.contracts[symbol].intervals(kind):
            found = self.files.candles(symbol, kind, name)
            if found is not None and (name == interval or divides(name, interval)):
                return kind, name, found
        stands_in = {"index": "mark", "mark": "futures"}.get(kind)
        return (kind, interval, EMPTY) if stands_in is None else self._source(symbol, stands_in, interval)

    def _recorded(self, symbol: str, kind: str, interval: str) -> Candles:
        key = (symbol, kind, interval)
        if key not in self._closed:
            _, name, fine = self._source(symbol, kind, interval)
            made = fine if name == interval else resample(fine, name, interval)
            # Candles of a file are views: joined with themselves they would be there twice.
            own = None if name == interval else self.files.candles(symbol, kind, interval)
            if own is not None:
                later = int(np.searchsorted(made.times, own.times[-1], side="right"))
                made = join([made.before(int(own.times[0])), own, made.part(later, len(made))])
            self._closed[key] = made
        return self._closed[key]

    def serves(self, symbol: str, interval: str) -> bool:
        """Whether candles of this interval can be made from what was recorded."""
        return bool(len(self._source(symbol, "futures", interval)[2]))

    def candles(self, symbol: str, kind: str, interval: str, asked: TimeRange) -> Candles:
        """Select candles published by now, the last of them still forming.

        Parameters
        ----------
        symbol : str
            The exchange's symbol.
        kind : str
            `"futures"`, `"mark"` or `"index"`.
        interval : str
            Name of the interval.
        asked : TimeRange
            Bounds of the opening time and the most candles returned.

        Returns
        -------
        Candles
            In ascending order.
        """
        now = self.clock.now_ms()
        closed = self._recorded(symbol, kind, interval).before(open_of(now, interval))
        source, name, fine = self._source(symbol, kind, interval)
        # Files of mark and index are coarse: a path of their own would leave the contract's.
        walked = source == "futures"
        current = window(forming(fine, name, interval, now, walked=walked), asked)
        return window(join([window(closed, asked), current]), asked)

    def price(self, symbol: str) -> float | None:
        """Last price in the quote currency, or None before the contract is listed.

        On the path through the finest candle that is forming; after the data has ended, its last close.
        """
        return self._price_at(symbol, self.clock.now_ms())

    def _price_at(self, symbol: str, at_ms: int) -> float | None:
        interval, fine = self.finest(symbol)
        row = int(np.searchsorted(fine.times, at_ms, side="right")) - 1
        if row < 0:
            return None
        opened = int(fine.times[row])
        share = (at_ms - opened) / LENGTH_MS[interval]
        return price_within(opened, fine.values[row], share) if share < 1 else float(fine.values[row, CLOSE])

    def minute_volume(self, symbol: str) -> float:
        """Mean volume a minute over the last closed hour, in the base currency."""
        interval, fine = self.finest(symbol)
        closed = fine.before(open_of(self.clock.now_ms(), interval))
        rows = max(1, HOUR_MS // LENGTH_MS[interval])
        volumes = closed.values[-rows:, VOLUME]
        return float(volumes.mean()) * 60_000 / LENGTH_MS[interval] if len(volumes) else 0.0

    def day(self, symbol: str) -> Day | None:
        """Summarise the last 24 hours of a contract, or None before it is listed."""
        price = self.price(symbol)
        if price is None:
            return None
        now = self.clock.now_ms()
        interval, _ = self.finest(symbol)
        start = open_of(now, interval) - DAY_MS
        asked = TimeRange(start, None, DAY_MS // LENGTH_MS[interval] + 1)
        bars = self.candles(symbol, "futures", interval, asked)
        return Day(bars, price, now)

    def funding(self, symbol: str) -> Readings:
        """Funding rates charged by now: times in milliseconds, values of shape (n, 1)."""
        found = self.files.readings(symbol, "funding_rate", ("funding_rate",))
        if found is None:
            return Readings(np.empty(0, dtype=np.int64), np.empty((0, 1)))
        known = int(np.searchsorted(found.times, self.clock.now_ms(), side="right"))
        return Readings(found.times[:known], found.values[:known])

    def funding_hours(self, symbol: str) -> int:
        """Hours between funding charges: the median of the last few charged by now, 8 where unknown."""
        times = self.funding(symbol).times[-RECENT_CHARGES:]
        if len(times) < 2:
            return USUAL_FUNDING_HOURS
        return max(1, round(float(np.median(np.diff(times))) / HOUR_MS))

    def next_funding_ms(self, symbol: str) -> int:
        """When funding is charged next, milliseconds since the epoch: intervals count from midnight."""
        length = self.funding_hours(symbol) * HOUR_MS
        return (self.clock.now_ms() // length + 1) * length

    def mark_price(self, symbol: str) -> float | None:
        """Last mark price, the contract's own where none was recorded; None before the contract is listed."""
        mark = self.candles(symbol, "mark", self.finest(symbol)[0], TimeRange(None, None, 1))
        return float(mark.values[-1, CLOSE]) if len(mark) else self.price(symbol)

    def open_interest(self, symbol: str) -> Readings | None:
        """Open interest known by now: amount in base, value in quote currency; None where not recorded."""
        found = self.files.readings(symbol, "open_interest", OPEN_INTEREST_COLUMNS)
        if found is None:
            return None
        known = int(np.searchsorted(found.times, self.clock.now_ms(), side="right"))
        return Readings(found.times[:known], found.values[:known])

    def metrics(self, symbol: str, columns: Sequence[str], memory_ms: int) -> Readings | None:
        """Columns of the metrics archives known by now and no older than a memory; None where not recorded.

        Rows in which one of the columns is missing are left out.
        """
        if not self.archives.holds(symbol, "metrics"):
            return None
        now = self.clock.now_ms()
        rows = self.archives.known(symbol, "metrics", now, now - memory_ms)
        values = rows.reindex(columns=list(columns)).to_numpy(dtype=np.float64)
        there = np.isfinite(values).all(axis=1)
        return Readings(rows["time_ms"].to_numpy(dtype=np.int64)[there], values[there])

    def book_snapshot(self, symbol: str) -> Snapshot | None:
        """Newest recorded snapshot with both sides; None where there is none."""
        now = self.clock.now_ms()
        row = self.archives.newest_book(symbol, now, now - BOOK_MS)
        if row is None:
            return None
        then, price = self._price_at(symbol, int(row["time_ms"])), self._price_at(symbol, now)
        return Snapshot(row, price / then if price and then else 1.0)
