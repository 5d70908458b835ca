"""Binance's open interest and long/short ratios: daily `metrics` archives and open-interest histories.

`metrics` has a row every five minutes; rows are not in time order and ratios may be blank. Open interest
is a reading at `create_time`, but the taker ratio sums a period, and nothing published says whether
`create_time` is its start or its end. So a row counts as known one period *after* its time: at most five
minutes late, never early. The same rule holds for `openInterestHist` files, whose period (four hours) is
in their name; they are slow, and known for what they are.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outrigger.market.archives.archive_file import Source, Table, read_table
from outrigger.market.archives.defect import Defect, counted, pauses
from outrigger.market.store.schema import METRICS

PERIOD_MS: Final = 300_000
COLUMNS: Final = {
    "create_time": "time_ms",
    "symbol": "symbol",
    "sum_open_interest": "open_interest_base",
    "sum_open_interest_value": "open_interest_quote",
    "count_toptrader_long_short_ratio": "top_account_ratio",
    "sum_toptrader_long_short_ratio": "top_position_ratio",
    "count_long_short_ratio": "account_ratio",
    "sum_taker_long_short_vol_ratio": "taker_ratio",
}
HISTORY_COLUMNS: Final = {"timestamp": "time_ms", **dict(list(COLUMNS.items())[1:4])}


def read_metrics(source: Source, symbol: str) -> tuple[pd.DataFrame, tuple[Defect, ...]]:
    """Read one daily archive of open interest and long/short ratios.

    Parameters
    ----------
    source : path or bytes
        A CSV, or a zip that holds one.
    symbol : str
        Whose it is, such as `BTCUSDT`; rows of others are left out.

    Returns
    -------
    rows : DataFrame
        The columns of `METRICS`, sorted by time; funding columns NaN.
    defects : tuple of Defect
        What was wrong.

    Raises
    ------
    ArchiveError
        If the file is refused as a whole.
    OSError
        If it cannot be read.
    """
    return _read(source, symbol, f"{symbol} metrics", COLUMNS, PERIOD_MS)


def read_open_interest(
    source: Source, symbol: str, period_ms: int
) -> tuple[pd.DataFrame, tuple[Defect, ...]]:
    """Read a history of open interest as Binance's `openInterestHist` gives it.

    Parameters
    ----------
    source : path or bytes
        A CSV, or a zip that holds one: `timestamp, symbol, sum_open_interest, sum_open_interest_value`.
    symbol : str
        Whose it is.
    period_ms : int
        Its period in milliseconds; a row counts as known so long after its time.

    Returns
    -------
    rows : DataFrame
        The columns of `METRICS`; ratios and funding NaN.
    defects : tuple of Defect
        What was wrong.

    Raises
    ------
    ArchiveError
        If the file is refused as a whole.
    OSError
        If it cannot be read.
    """
    return _read(source, symbol, f"{symbol} openInterestHist", HISTORY_COLUMNS, period_ms)


def _read(
    source: Source, symbol: str, name: str, columns: dict[str, str], period_ms: int
) -> tuple[pd.DataFrame, tuple[Defect, ...]]:
    table = read_table(source, name, tuple(columns), ("symbol",))
    own = table.words["symbol"] == symbol
    lines = table.times_ms[own]
    times, first = np.unique(lines[::-1], return_index=True)
    # Found from the back: of repeated times the last line stands.
    last = len(lines) - 1 - first
    rows = pd.DataFrame(np.nan, index=range(len(times)), columns=list(METRICS.values))
    for theirs, ours in columns.items():
        if theirs in table.numbers:
            rows[ours] = table.numbers[theirs][own][last]
    rows.insert(0, "time_ms", times)
    rows.insert(1, "known_ms", times + period_ms)
    if not len(times):
        return rows, _line_defects(table, own, times)
    defects = _line_defects(table, own, times) + pauses(times)
    return rows, defects + _mask(rows, [columns[theirs] for theirs in table.numbers])


def _line_defects(table: Table, own: NDArray[np.bool_], times: NDArray[np.int64]) -> tuple[Defect, ...]:
    lines = table.times_ms[own]
    found = counted("foreign_lines", table.times_ms, ~own)
    if table.unreadable:
        found = (Defect("unreadable_lines", table.unreadable, 0, None), *found)
    if not len(lines):
        return found
    _, counts = np.unique(lines, return_counts=True)
    backward = np.isin(times, lines[lines < np.maximum.accumulate(lines)])
    return (
        *found,
        *counted("duplicated_timestamps", times, counts > 1),
        *counted("backward_timestamps", times, backward),
    )


def _mask(rows: pd.DataFrame, names: list[str]) -> tuple[Defect, ...]:
    """Mask impossible values; count them and the blank ones."""
    times = rows["time_ms"].to_numpy()
    values = rows[names].to_numpy()
    blank = np.isnan(values)
    impossible = ~blank & ((values <= 0) | np.isinf(values))
    rows[names] = np.where(impossible, np.nan, values)
    return (*counted("blank_values", times, blank), *counted("impossible_values", times, impossible, 1))
