"""Candle files: read as Freqtrade writes them, checked by name, mended without inventing anything.

Freqtrade's dates are `datetime64[ms]` in backtests and `[us]` live, with different timezone objects;
`normalise` makes them one type, so that frames can be merged and compared. Defects have names and are
counted, because "bad data" helps nobody to decide whether to download again. `mend` sorts, drops
duplicates and masks prices that cannot be right; a missing candle stays missing.

Checks are per frame: a price that is wrong but plausible is not seen. Files are read whole.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyarrow import ArrowException

from outrigger.errors import DataError
from outrigger.market.moment import in_utc
from outrigger.market.timeframe import timeframe_ms

OHLCV = ("date", "open", "high", "low", "close", "volume")
# Readings that are no candles: one or two numbers at a time.
FUNDING = ("date", "funding_rate")
INTEREST = ("date", "open_interest_amount", "open_interest_value")
_PRICES = ["open", "high", "low", "close"]
# One candle without a trade is a quiet market, this many in a row are an outage.
OUTAGE_CANDLES = 3
# The epoch was a Thursday, weekly candles open on Mondays.
_MONDAY_MS = 4 * 86_400_000

MEANINGS = {
    "missing_dates": "rows without a date: cannot be placed in time",
    "unsorted_dates": "candles older than the one before them",
    "duplicate_dates": "further candles of a date that is already there",
    "misaligned_dates": "dates that are no opening time of this timeframe",
    "gaps": "candles missing between the first and the last",
    "nan_prices": "candles with a price that is not a number",
    "non_positive_prices": "candles with a price of zero or less",
    "impossible_ranges": "candles whose open, high, low and close contradict each other",
    "unusable_volume": "candles with a negative volume or none at all",
    "zero_volume_runs": f"candles in runs of {OUTAGE_CANDLES} or more without a trade: exchange outages",
}


@dataclass(frozen=True, slots=True)
class Defect:
    """One kind of defect of one candle frame.

    Parameters
    ----------
    name : str
        A key of `MEANINGS`.
    count : int
        Rows concerned; for `gaps`, candles that are not there.
    first : pandas.Timestamp or None
        Date of the first of them, UTC; None where it has no date.
    """

    name: str
    count: int
    first: pd.Timestamp | None

    @property
    def meaning(self) -> str:
        """What the name means."""
        return MEANINGS[self.name]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        first = None if self.first is None else self.first.isoformat()
        return {**asdict(self), "first": first, "meaning": self.meaning}


def normalise(frame: pd.DataFrame, name: str, columns: tuple[str, ...] = OHLCV) -> pd.DataFrame:
    """Bring a frame to one layout: set columns, float values, dates as UTC `datetime64[ms]`.

    Parameters
    ----------
    frame : DataFrame
        Left as it is; dates without a timezone are taken as UTC, as Freqtrade does.
    name : str
        File or pair, for the error message.
    columns : tuple of str
        Columns required and returned, `date` first.

    Returns
    -------
    DataFrame
        A copy with a fresh index; no row is dropped, added or moved.

    Raises
    ------
    DataError
        If a column is missing, dates are no dates or values are no numbers.
    """
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        has = ", ".join(map(str, frame.columns)) or "none"
        raise DataError(f"{name}: column {', '.join(missing)} is missing, it has {has}; download it again")
    chosen = frame.loc[:, list(columns)].reset_index(drop=True)
    if not pd.api.types.is_datetime64_any_dtype(chosen["date"]):
        raise DataError(
            f"{name}: column date holds {chosen['date'].dtype}, not dates; download the file again"
        )
    utc = in_utc(pd.DatetimeIndex(chosen["date"]))
    try:
        values = chosen.drop(columns="date").astype("float64")
    except (TypeError, ValueError) as error:
        raise DataError(f"{name}: a value is not a number ({error}); download the file again") from error
    values.insert(0, "date", utc.as_unit("ms"))
    return values


def find_defects(frame: pd.DataFrame, timeframe: str) -> tuple[Defect, ...]:
    """Find and count what is wrong with a candle frame.

    Parameters
    ----------
    frame : DataFrame of shape (n_candles, 6)
        Candles with the columns of `OHLCV`.
    timeframe : str
        Length of a candle: `"5m"`.

    Returns
    -------
    tuple of Defect
        In the order of `MEANINGS`; empty for a sound frame. A frame without any volume, as mark
        price candles are, has no `zero_volume_runs`.

    Raises
    ------
    DataError
        If the frame cannot be normalised.
    SettingsError
        If the timeframe cannot be read.
    """
    candles = normalise(frame, "candle frame")
    length = timeframe_ms(timeframe)
    dates, dated = candles["date"], candles["date"].dropna()
    offset = _MONDAY_MS if timeframe.endswith("w") else 0
    stamps = dated.to_numpy(dtype="datetime64[ms]").astype(np.int64)
    marks = {
        "missing_dates": dates.isna(),
        "unsorted_dates": dated < dated.cummax(),
        "duplicate_dates": dated.duplicated(),
        "misaligned_dates": pd.Series((stamps - offset) % length != 0, index=dated.index),
        **_price_defects(candles),
        **_volume_defects(candles),
    }
    found = {name: _defect(name, mark, dates) for name, mark in marks.items()}
    found["gaps"] = _gaps(np.unique(stamps), length)
    return tuple(found[name] for name in MEANINGS if found[name].count)


def mend(frame: pd.DataFrame) -> pd.DataFrame:
    """Mend what can be mended without inventing a candle.

    Parameters
    ----------
    frame : DataFrame of shape (n_candles, 6)
        Candles with the columns of `OHLCV`.

    Returns
    -------
    DataFrame of shape (n_mended, 6)
        Sorted, one row a date (the last given), none without; prices that cannot be right are NaN, all
        four of the candle. Gaps stay.

    Raises
    ------
    DataError
        If the frame cannot be normalised.
    """
    candles = normalise(frame, "candle frame").dropna(subset=["date"])
    candles = candles.drop_duplicates("date", keep="last").sort_values("date", ignore_index=True)
    unusable = pd.concat(_price_defects(candles), axis=1).any(axis=1)
    candles.loc[unusable, _PRICES] = np.nan
    return candles


def read_candles(
    datadir: Path | str, pair: str, timeframe: str, candle_type: str = "futures"
) -> pd.DataFrame:
    """Read one file of a Freqtrade data directory.

    Parameters
    ----------
    datadir : path
        What Freqtrade's `--datadir` names: the directory that holds `futures/`.
    pair : str
        `"BTC/USDT:USDT"`.
    timeframe : str
        `"5m"`; funding rates and mark prices are `"1h"` files.
    candle_type : str
        `futures`, `mark`, `funding_rate`, `open_interest`, `spot`, …

    Returns
    -------
    DataFrame
        Normalised, otherwise as it is in the file: see `find_defects` and `mend`.

    Raises
    ------
    DataError
        If the directory or the file is missing, empty or cannot be read.
    """
    path = candle_path(datadir, pair, timeframe, candle_type)
    command = (
        f"freqtrade download-data --datadir {datadir} --pairs {pair} --timeframes {timeframe} "
        f"--trading-mode {'spot' if candle_type == 'spot' else 'futures'} --candle-types {candle_type}"
    )
    if not Path(datadir).is_dir():
        raise DataError(f"{datadir} is not a directory: name the one that holds futures/, or run `{command}`")
    if not path.is_file():
        raise DataError(f"{_absence(Path(datadir), path)}; run `{command}`")
    try:
        frame = pd.read_feather(path)
    except (OSError, ValueError, ArrowException) as error:
        raise DataError(
            f"{path} is truncated or no feather file ({error}): delete it and run `{command}`"
        ) from error
    columns = {"funding_rate": FUNDING, "open_interest": INTEREST}.get(candle_type, OHLCV)
    if candle_type == "funding_rate" and "funding_rate" not in frame.columns:
        # Freqtrade used to store the rate as the open of a candle.
        frame = frame.rename(columns={"open": "funding_rate"})
    normalised = normalise(frame, str(path), columns)
    if normalised.empty:
        raise DataError(f"{path} holds no candles: delete it and run `{command}`")
    return normalised


def candle_path(datadir: Path | str, pair: str, timeframe: str, candle_type: str = "futures") -> Path:
    """Name the file in which Freqtrade keeps a pair's candles.

    Parameters
    ----------
    datadir : path
        Freqtrade's data directory.
    pair, timeframe, candle_type : str
        As for `read_candles`.

    Returns
    -------
    Path
        `futures/BTC_USDT_USDT-5m-futures.feather`, or `BTC_USDT-5m.feather` for spot.
    """
    stem = f"{re.sub(r'[/ .@$+:]', '_', pair)}-{timeframe}"
    if candle_type == "spot":
        return Path(datadir) / f"{stem}.feather"
    return Path(datadir) / "futures" / f"{stem}-{candle_type}.feather"


def _absence(datadir: Path, path: Path) -> str:
    """What is missing: everything, or one file among others."""
    others = len(list(path.parent.glob("*.feather")))
    missing = f"{path} is missing ({others} other feather files are there)"
    return missing if any(datadir.iterdir()) else f"{datadir} is empty: {path.name} is needed"


def _price_defects(candles: pd.DataFrame) -> dict[str, pd.Series]:
    """Rows whose prices cannot be right, by the defect's name."""
    prices = candles[_PRICES]
    readable = pd.Series(np.isfinite(prices.to_numpy()).all(axis=1), index=prices.index)
    positive = (prices > 0).all(axis=1)
    consistent = (prices.max(axis=1) == prices["high"]) & (prices.min(axis=1) == prices["low"])
    return {
        "nan_prices": ~readable,
        "non_positive_prices": readable & ~positive,
        "impossible_ranges": readable & ~consistent,
    }


def _volume_defects(candles: pd.DataFrame) -> dict[str, pd.Series]:
    """Rows whose volume is unusable or tells of an outage, by the defect's name."""
    volume = candles["volume"]
    none = volume == 0
    run = none.groupby((~none).cumsum()).transform("sum")
    # Mark prices have no volume at all, and that is no outage.
    outage = none & (run >= OUTAGE_CANDLES) & (volume.max() > 0)
    return {"unusable_volume": ~volume.between(0, np.inf, inclusive="left"), "zero_volume_runs": outage}


def _defect(name: str, mark: pd.Series, dates: pd.Series) -> Defect:
    """Count the marked rows and date the first of them."""
    first = dates[mark[mark].index].min()
    return Defect(name, int(mark.sum()), None if pd.isna(first) else first)


def _gaps(stamps: np.ndarray[Any, np.dtype[np.int64]], length: int) -> Defect:
    """Count the candles missing between sorted, unique dates in ms."""
    missing = np.maximum(np.diff(stamps) // length - 1, 0)
    before = stamps[:-1][missing > 0]
    first = pd.Timestamp(int(before[0]) + length, unit="ms", tz="UTC") if len(before) else None
    return Defect("gaps", int(missing.sum()), first)
