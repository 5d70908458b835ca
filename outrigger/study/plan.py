"""What a study is made of: sets of candles, windows of time, and one task a pair.

A set is a data directory. Its time is cut into windows of equal length, the same for all its pairs; a trade
belongs to the window in which it is entered, whatever its end. A task covers all policies on some windows of
one pair, so that candles are read once a pair and not once a cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyarrow import feather

from outrigger.errors import DataError
from outrigger.market.candles import candle_path
from outrigger.market.timeframe import timeframe_ms
from outrigger.review.aftermath import CAPTURE_HOURS
from outrigger.review.lab_trade import ReplayTerms
from outrigger.review.pair_market import base_timeframe, pairs_of
from outrigger.review.random_entries import WARM_UP_HOURS
from outrigger.review.same_entry import HORIZON_HOURS
from outrigger.stops.policies import Floats

_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class DataSet:
    """One data directory.

    Parameters
    ----------
    number : int
        Keeps its days apart from those of other sets.
    name : str
        For reports.
    datadir : Path
        Freqtrade data directory.
    timeframe : str
        Base candles.
    pairs : tuple of str
        Its pairs.
    edges_ms : tuple of int
        Bounds of its windows, one more than there are windows.
    """

    number: int
    name: str
    datadir: Path
    timeframe: str
    pairs: tuple[str, ...]
    edges_ms: tuple[int, ...]

    @property
    def windows(self) -> int:
        """How many there are."""
        return len(self.edges_ms) - 1


@dataclass(frozen=True, slots=True)
class StudyTerms:
    """What every cell assumes.

    Parameters
    ----------
    replay : ReplayTerms
        Costs and fills; horizon, leverage and tiers are those of the pair and the policy.
    leverage : float
        At which liquidation is computed, unless a policy has its own.
    per_pair : int
        Random entries a pair and window.
    seed : int
        Of entries and null draws.
    bundle : str
        Directory of the regime bundle.
    pool_per_side : int
        Random entries of each side, in each window of each pair, that null draws are taken from.
    """

    replay: ReplayTerms
    leverage: float
    per_pair: int
    seed: int
    bundle: str
    pool_per_side: int = 100


@dataclass(frozen=True, slots=True)
class Entered:
    """Entries of one pair in one window, and the random ones they are held against.

    Parameters
    ----------
    rows, sides : ndarray of int64, shape (n_entries,)
        Candles and sides.
    notionals : ndarray of shape (n_entries,)
        Position values at entry.
    null_rows, null_sides : ndarray of int64, shape (n_pool,)
        Random entries, as many longs as shorts.
    """

    rows: NDArray[np.int64]
    sides: NDArray[np.int64]
    notionals: Floats
    null_rows: NDArray[np.int64]
    null_sides: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cell:
    """One window of one pair under one policy.

    Parameters
    ----------
    policy : str
        Its name.
    window : int
        Its number in the set.
    key : str
        Hash of all that the cell depends on.
    """

    policy: str
    window: int
    key: str


@dataclass(frozen=True, slots=True)
class PairTask:
    """Cells of one pair that still have to be worked out.

    Parameters
    ----------
    data : DataSet
        The set.
    pair : str
        The pair.
    entered : dict of int to Entered
        By window.
    cells : tuple of Cell
        What is wanted.
    factors : dict of str to float
        By policy: the factor on its widths in the matched reading; none where it is not matched.
    terms : StudyTerms
        Costs and the rest.
    keep : Path or None
        Directory to write finished cells to; None where only whoever asked can write.
    """

    data: DataSet
    pair: str
    entered: dict[int, Entered]
    cells: tuple[Cell, ...]
    factors: dict[str, float]
    terms: StudyTerms
    keep: Path | None = None


def data_sets(datadirs: Sequence[Path], timeframe: str | None, windows: int) -> list[DataSet]:
    """Lay out the sets and their windows.

    Parameters
    ----------
    datadirs : sequence of Path
        Freqtrade data directories.
    timeframe : str or None
        Base timeframe; the finest in each directory by default.
    windows : int
        Windows a set.

    Returns
    -------
    list of DataSet
        In the order given.

    Raises
    ------
    DataError
        If there are no candles, or too few for a single trade.
    """
    if not datadirs or windows < 1:
        raise DataError(f"{len(datadirs)} data directories, {windows} windows: there has to be one of each")
    names = [path.absolute().name for path in datadirs]
    sets = []
    for number, (path, name) in enumerate(zip(datadirs, names, strict=True)):
        base = timeframe or base_timeframe(path)
        pairs = tuple(pairs_of(path, base))
        if not pairs:
            raise DataError(f"{path}/futures holds no {base} futures candles: choose another --timeframe")
        told = name if names.count(name) == 1 else f"{name} ({number + 1})"
        edges = _edges([_span(path, pair, base) for pair in pairs], windows, path)
        sets.append(DataSet(number, told, path, base, pairs, edges))
    return sets


def _span(datadir: Path, pair: str, timeframe: str) -> tuple[int, int]:
    """Open of the first base candle and end of the last one, in ms since the epoch."""
    path = candle_path(datadir, pair, timeframe)
    try:
        dates = pd.DatetimeIndex(feather.read_table(path, columns=["date"])["date"].to_pandas())
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path}: its dates cannot be read ({error}); download the candles again") from error
    if not len(dates):
        raise DataError(f"{path}: holds no candles; download a longer timerange or remove the file")
    stamps = dates.as_unit("ms").asi8
    return int(stamps[0]), int(stamps[-1]) + timeframe_ms(timeframe)


def _edges(spans: Sequence[tuple[int, int]], windows: int, datadir: Path) -> tuple[int, ...]:
    """Equal windows over the time in which a whole trade has its history and its aftermath."""
    first = min(start for start, _ in spans) + round(WARM_UP_HOURS * _HOUR_MS)
    end = max(stop for _, stop in spans)
    last = end - round((HORIZON_HOURS + CAPTURE_HOURS) * _HOUR_MS)
    if last <= first:
        raise DataError(
            f"{datadir}: its base candles cover {(end - first) / 86_400_000 + 2:.1f} days; two days of "
            "history, three of the longest trade and the day after it make six: download a longer timerange"
        )
    edges = np.linspace(first, last, windows + 1).astype(np.int64).tolist()
    # Entries that somebody chose may lie before or after, though their end may then not be seen.
    return (min(start for start, _ in spans), *edges[1:-1], end)
