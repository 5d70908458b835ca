"""Candles on an unbroken five-minute clock, so that "the last 48 candles" always means four hours.

A row that Freqtrade does not have becomes a missing candle, not a shorter window. A candle whose
prices contradict each other counts as missing too. A candle without volume is an outage filled in by
the downloader: its close is kept, because a return across it is real, but its range is not an observation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.errors import DataError
from outrigger.market.moment import in_utc
from outrigger.volatility.ranges import usable
from outrigger.volatility.windows import Array

MINUTES = 5
BARS_PER_HOUR = 60 // MINUTES
BARS_PER_DAY = 24 * BARS_PER_HOUR
BARS_PER_WEEK = 7 * BARS_PER_DAY
_PERIOD_MS = MINUTES * 60_000
# 1970-01-01 was a Thursday and weeks here start on Monday.
_EPOCH_SLOT = 3 * BARS_PER_DAY
_COLUMNS = ("date", "open", "high", "low", "close", "volume")


def _periods(dates: pd.Series) -> npt.NDArray[np.int64]:
    """Five-minute periods since 1970-01-01 UTC, after refusing dates that are not a 5m clock's."""
    if not pd.api.types.is_datetime64_any_dtype(dates.dtype):
        raise DataError(f"candles: column 'date' has dtype {dates.dtype}; convert it with pandas.to_datetime")
    stamps = dates.array
    if bool(stamps.isna().any()):
        raise DataError("candles: column 'date' has empty values; drop those rows")
    period, rest = np.divmod(stamps.as_unit("ms").asi8, _PERIOD_MS)
    if rest.any():
        at = _utc(dates, int(np.flatnonzero(rest)[0]))
        raise DataError(f"candles: {at} is not the start of a 5m candle; pass candles of timeframe 5m")
    steps = np.diff(period)
    if bool((steps <= 0).any()):
        at = _utc(dates, int(np.flatnonzero(steps <= 0)[0]) + 1)
        raise DataError(f"candles: {at} does not follow the row before it; sort by date, drop duplicates")
    if len(steps) >= BARS_PER_HOUR and np.median(steps) > 1:
        raise DataError(
            f"candles: rows are {int(np.median(steps)) * MINUTES} minutes apart; pass timeframe 5m"
        )
    return np.asarray(period, dtype=np.int64)


def _utc(dates: pd.Series, row: int) -> pd.Timestamp:
    return in_utc(pd.DatetimeIndex(dates.iloc[[row]]))[0]


@dataclass(frozen=True, slots=True, eq=False)
class CandleGrid:
    """One pair's 5m candles with a place for every period from the first to the last.

    Parameters
    ----------
    first : int
        Period of element 0: number of five-minute periods since 1970-01-01 UTC.
    open, high, low, close : ndarray of shape (n_periods,)
        Prices; NaN where the candle is missing or contradicts itself.
    traded : ndarray of bool, shape (n_periods,)
        Whether the candle is there and had volume.
    rows : ndarray of int, shape (n_rows,)
        Element that each row of the original frame became.
    """

    first: int
    open: Array
    high: Array
    low: Array
    close: Array
    traded: npt.NDArray[np.bool_]
    rows: npt.NDArray[np.int64]

    @classmethod
    def from_frame(cls, candles: pd.DataFrame) -> Self:
        """Lay a frame of candles out on the clock.

        Parameters
        ----------
        candles : DataFrame of shape (n_rows, >= 6)
            Columns date (UTC, candle open, ascending), open, high, low, close, volume; gaps are allowed.

        Returns
        -------
        CandleGrid

        Raises
        ------
        DataError
            A column is missing, or the dates are not those of ascending 5m candles.
        """
        absent = [name for name in _COLUMNS if name not in candles.columns]
        if absent:
            raise DataError(f"candles: column(s) {', '.join(absent)} missing; pass Freqtrade's 5m candles")
        if candles.empty:
            nothing = np.empty(0)
            whole = np.empty(0, dtype=np.int64)
            return cls(0, nothing, nothing, nothing, nothing, np.empty(0, dtype=np.bool_), whole)
        period = _periods(candles["date"])
        first, rows = int(period[0]), period - period[0]
        prices = [candles[name].to_numpy(dtype=np.float64) for name in _COLUMNS[1:5]]
        volume = candles["volume"].to_numpy(dtype=np.float64)
        sound = usable(*prices)
        laid = np.full((4, int(rows[-1]) + 1), np.nan)
        laid[:, rows] = np.where(sound, np.stack(prices), np.nan)
        traded = np.zeros(int(rows[-1]) + 1, dtype=np.bool_)
        traded[rows] = sound & (volume > 0)
        return cls(first, laid[0], laid[1], laid[2], laid[3], traded, rows)

    def __len__(self) -> int:
        return len(self.close)

    def until(self, moment: datetime) -> CandleGrid:
        """Give the candles that have closed by a moment.

        Parameters
        ----------
        moment : datetime
            Time with a time zone.

        Returns
        -------
        CandleGrid

        Raises
        ------
        DataError
            The time has no time zone.
        """
        if moment.tzinfo is None:
            raise DataError(
                f"{moment} has no time zone; pass a time such as datetime(2025, 4, 1, tzinfo=UTC)"
            )
        end = max(int(moment.timestamp() * 1000 // _PERIOD_MS) - self.first, 0)
        return CandleGrid(
            self.first,
            self.open[:end],
            self.high[:end],
            self.low[:end],
            self.close[:end],
            self.traded[:end],
            self.rows[self.rows < end],
        )

    def week_slots(self) -> npt.NDArray[np.int64]:
        """Give each candle's place in the week, 0 (Monday 00:00 UTC) to 2015, shape (n_periods,)."""
        return (np.arange(self.first, self.first + len(self)) + _EPOCH_SLOT) % BARS_PER_WEEK

    def log_returns(self) -> Array:
        """Give log returns from close to close, shape (n_periods,); NaN beside a missing candle."""
        if len(self) == 0:
            return np.empty(0)
        return np.diff(np.log(self.close), prepend=np.nan)

    def starts(self) -> npt.NDArray[np.datetime64]:
        """Give the opening times in UTC, shape (n_periods,), datetime64[ms]."""
        period = np.arange(self.first, self.first + len(self), dtype=np.int64)
        return (period * _PERIOD_MS).astype("datetime64[ms]")
