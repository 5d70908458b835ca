"""Entries that somebody else chose: of a backtest, or of a list with pair, time and side.

An entry counts at the open of the first candle that opens at or after its time, so a time inside a candle
waits for the next one and nothing is known before it happened. Legs of hedges in a backtest are left out:
they are no entries. Entries that cannot be replayed are counted, never silently dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outrigger.errors import DataError
from outrigger.hedge.tag import PREFIX
from outrigger.market.timeframe import timeframe_ms
from outrigger.review.backtest_export import read_export
from outrigger.review.pair_market import PairMarket
from outrigger.stops.policies import Floats

RANDOM = "random"
NOTIONAL = 10_000.0
_NEEDED = ("pair", "time", "side")
_SIDES = {"long": 1, "short": -1, "buy": 1, "sell": -1, "1": 1, "-1": -1, "+1": 1}


@dataclass(frozen=True, slots=True)
class GivenEntries:
    """A list of entries.

    Parameters
    ----------
    source : str
        Where it comes from, for reports.
    frame : DataFrame of shape (n_entries, 4)
        `pair`, `opened_ms`, `side` (+1 or -1) and `notional` in quote currency.
    """

    source: str
    frame: pd.DataFrame

    def of(self, pair: str) -> pd.DataFrame:
        """Entries of one pair in order of time."""
        return self.frame[self.frame["pair"] == pair].sort_values("opened_ms", kind="stable")


def read_entries(asked: str) -> GivenEntries | None:
    """Read what `--entries` names.

    Parameters
    ----------
    asked : str
        `random`, a CSV file, or a backtest export (.zip, .json or a results directory).

    Returns
    -------
    GivenEntries or None
        None for random entries.

    Raises
    ------
    DataError
        If the file cannot be read or holds no entry.
    """
    if asked == RANDOM:
        return None
    path = Path(asked)
    if not path.exists():
        raise DataError(
            f"--entries {asked}: no such file; name a CSV with pair,time,side[,size], a backtest's .zip, "
            f"or {RANDOM}"
        )
    frame = _of_csv(path) if path.suffix.lower() == ".csv" else _of_export(path)
    if frame.empty:
        raise DataError(f"{path}: holds no entry; a study needs at least one trade or line")
    return GivenEntries(path.name, frame)


def _of_export(path: Path) -> pd.DataFrame:
    results = read_export(path)
    if len(results) > 1:
        names = ", ".join(one.strategy for one in results)
        raise DataError(f"{path}: holds {len(results)} strategies ({names}); export the backtest of one")
    trades = [one for one in results[0].trades if not one.enter_tag.startswith(PREFIX)]
    rows = [(one.pair, one.opened_ms, one.side, one.notional) for one in trades]
    return _frame(rows)


def _of_csv(path: Path) -> pd.DataFrame:
    try:
        told = pd.read_csv(path, dtype=str, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not readable as CSV ({error}); write pair,time,side[,size]") from error
    told.columns = [str(name).strip().lower() for name in told.columns]
    missing = [name for name in _NEEDED if name not in told.columns]
    if missing:
        raise DataError(
            f"{path}: column {', '.join(missing)} is missing; the first line has to be pair,time,side[,size]"
        )
    sizes = told["size"] if "size" in told.columns else pd.Series([None] * len(told))
    rows = [
        _line(f"{path}, line {number}", *values)
        for number, values in enumerate(
            zip(told["pair"], told["time"], told["side"], sizes, strict=True), start=2
        )
    ]
    return _frame(rows)


def _line(where: str, pair: object, time: object, side: object, size: object) -> tuple[str, int, int, float]:
    if not isinstance(pair, str) or not pair:
        raise DataError(f"{where}: no pair; write it like BTC/USDT:USDT")
    sign = _SIDES.get(str(side).strip().lower())
    if sign is None:
        raise DataError(f"{where}: side is {side!r}; write long or short")
    if not isinstance(size, str):
        return pair, _time_ms(where, time), sign, NOTIONAL
    try:
        notional = float(str(size))
    except ValueError:
        notional = float("nan")
    if not 0 < notional < np.inf:
        raise DataError(f"{where}: size is {size!r}; it is the position's value in quote currency")
    return pair, _time_ms(where, time), sign, notional


def _time_ms(where: str, time: object) -> int:
    """Milliseconds since the epoch of a number of them, or of a written time (UTC unless it says)."""
    text = str(time).strip()
    if text.isdigit():
        return int(text)
    try:
        stamp = pd.Timestamp(text)
    except ValueError as error:
        raise DataError(f"{where}: time is {text!r}; write it as 2025-02-03T04:00 (UTC) or in ms") from error
    if pd.isna(stamp):
        raise DataError(f"{where}: no time; write 2025-02-03T04:00 (UTC) or ms since 1970")
    known = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp
    return int(known.timestamp() * 1000)


def _frame(rows: Sequence[tuple[str, int, int, float]]) -> pd.DataFrame:
    frame = pd.DataFrame.from_records(rows, columns=["pair", "opened_ms", "side", "notional"])
    return frame.astype({"opened_ms": "int64", "side": "int64", "notional": "float64"})


def rows_of(
    market: PairMarket, entries: pd.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats, frozenset[int]]:
    """Candles at whose opens entries are made.

    Parameters
    ----------
    market : PairMarket
        The entries' pair.
    entries : DataFrame of shape (n_entries, 4)
        From `GivenEntries.of`.

    Returns
    -------
    rows, sides : ndarray of int64, shape (n_usable,)
        Candles and sides.
    notionals : ndarray of shape (n_usable,)
        Position values at entry.
    left_out : frozenset of int
        Labels of entries before the first forecast, after the last candle, or in a gap.
    """
    opened, at = market.opened_at_ms, entries["opened_ms"].to_numpy()
    rows = np.searchsorted(opened, at, side="left")
    inside = np.flatnonzero((rows >= 1) & (rows < len(opened) - 1))
    row = rows[inside]
    columns = market.columns
    known = np.isfinite(columns.sigma[row - 1]) & np.isfinite(columns.protect_sigma[row - 1])
    known &= np.isfinite(columns.atr[row - 1]) & np.isfinite(market.candles.open[row])
    known &= opened[row] - at[inside] < timeframe_ms(market.timeframe)
    usable = inside[known]
    sides, sizes = entries["side"].to_numpy()[usable], entries["notional"].to_numpy()[usable]
    left_out = frozenset(entries.index.to_numpy()[np.setdiff1d(np.arange(len(entries)), usable)].tolist())
    return rows[usable].astype(np.int64), sides, sizes, left_out
