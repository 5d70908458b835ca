"""Binance's daily `bookDepth` archives: cumulative depth in bands around the mid, about every 30 s.

Columns `timestamp, percentage, depth, notional`; bands are written `-5` … `5` in older files, `-5.00` …
`5.00` with `-0.20` and `0.20` in newer ones, with or without a header; timestamps are naive UTC. The
best prices are not in it. A snapshot counts as known at its timestamp: it is a reading of that second
(cut to whole seconds, so it may be up to a second younger than it says). Faulty values become missing;
see `MEANINGS` in `defect`. Verdicts on a snapshot use earlier ones only.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outrigger.market.archives.archive_file import Source, read_table
from outrigger.market.archives.book_faults import FROZEN_MS, Depth, Mask, frozen, negative, non_monotone
from outrigger.market.archives.book_prices import price_faults
from outrigger.market.archives.defect import Defect, counted, pauses
from outrigger.market.store.schema import BANDS, BOOK, band_name

COLUMNS: Final = ("timestamp", "percentage", "depth", "notional")
_SIDES: Final = ("bid", "ask")


def read_book_depth(
    source: Source, symbol: str, *, frozen_ms: int = FROZEN_MS
) -> tuple[pd.DataFrame, tuple[Defect, ...]]:
    """Read one archive of order book depth.

    Parameters
    ----------
    source : path or bytes
        A CSV, or a zip that holds one.
    symbol : str
        Whose it is, such as `BTCUSDT`; for messages.
    frozen_ms : int, optional
        Longest time, in milliseconds, for which a band may stand still.

    Returns
    -------
    rows : DataFrame
        The columns of `BOOK`, sorted by time; one row a snapshot, faulty values NaN.
    defects : tuple of Defect
        What was wrong, in the order in which it was looked for.

    Raises
    ------
    ArchiveError
        If the file is refused as a whole.
    OSError
        If it cannot be read.
    """
    table = read_table(source, f"{symbol} bookDepth", COLUMNS)
    percentage = table.numbers["percentage"]
    band = np.searchsorted(np.asarray(BANDS), np.abs(percentage) / 100 - 1e-6)
    known = (band < len(BANDS)) & np.isfinite(percentage)
    band = np.where(known, band, 0)
    known &= np.abs(np.abs(percentage) / 100 - np.asarray(BANDS)[band]) < 1e-6
    lines = table.times_ms[known]
    times, row = np.unique(lines, return_inverse=True)
    side = (percentage[known] > 0).astype(np.int64)
    place = (row, side, band[known])
    depth = np.full((len(times), 2, len(BANDS), 2), np.nan)
    # Of repeated lines the last stands.
    depth[place] = np.stack((table.numbers["depth"][known], table.numbers["notional"][known]), axis=1)
    defects = _order_defects(lines, times, np.ravel_multi_index(place, depth.shape[:3]))
    if table.unreadable:
        defects = (Defect("unreadable_lines", table.unreadable, 0, None), *defects)
    defects += counted("unknown_bands", table.times_ms, ~known)
    defects += mask_faults(times, depth, frozen_ms)
    return _rows(times, depth), defects


def mask_faults(times_ms: NDArray[np.int64], depth: Depth, frozen_ms: int = FROZEN_MS) -> tuple[Defect, ...]:
    """Find what is wrong with snapshots and mask it in place.

    Parameters
    ----------
    times_ms : ndarray of int64, shape (n,)
        Sorted times of the snapshots.
    depth : ndarray of shape (n, 2, bands, 2)
        Cumulative depth, bids and asks, bands of `BANDS`, base and quote; faulty bands become NaN.
    frozen_ms : int, optional
        Longest time, in milliseconds, for which a band may stand still.

    Returns
    -------
    tuple of Defect
        What was wrong.
    """
    present = np.isfinite(depth).all(axis=3)
    usual = present.any(axis=0)
    found = counted("incomplete_snapshots", times_ms, np.logical_and(usual, ~present))
    # Half a value is none.
    depth[~present & ~np.isinf(depth).any(axis=3)] = np.nan
    found += _mask(times_ms, depth, {"negative_depth": negative(depth)})
    still, book = frozen(times_ms, depth, frozen_ms)
    found += _mask(times_ms, depth, {"frozen_book": still & book[:, None, None], **_by_side("frozen", still)})
    found += _mask(times_ms, depth, _by_side("non_monotone", non_monotone(depth)))
    prices = price_faults(times_ms, depth)
    whole = np.ones(depth.shape[:3], dtype=np.bool_)
    return found + _mask(
        times_ms,
        depth,
        {
            "crossed_sides": whole & prices.crossed[:, None, None],
            "shifted_book": whole & prices.shifted[:, None, None],
            **_by_side("misaligned", prices.misaligned),
        },
    )


def _by_side(name: str, mask: Mask) -> dict[str, Mask]:
    bids, asks = mask.copy(), mask.copy()
    bids[:, 1], asks[:, 0] = False, False
    return {f"{name}_bids": bids, f"{name}_asks": asks}


def _mask(times_ms: NDArray[np.int64], depth: Depth, faults: dict[str, Mask]) -> tuple[Defect, ...]:
    """Mask what is not masked yet and count it under the first name it has."""
    found: tuple[Defect, ...] = ()
    for name, mask in faults.items():
        touched = mask & ~np.isnan(depth).all(axis=3)
        found += counted(name, times_ms, touched, depth.shape[3])
        depth[touched] = np.nan
    return found


def _order_defects(
    lines: NDArray[np.int64], times: NDArray[np.int64], place: NDArray[np.int64]
) -> tuple[Defect, ...]:
    _, first = np.unique(place, return_index=True)
    repeated = np.ones(len(lines), dtype=np.bool_)
    repeated[first] = False
    again = np.isin(times, lines[repeated])
    backward = np.isin(times, lines[lines < np.maximum.accumulate(lines)])
    return (
        *counted("duplicated_timestamps", times, again),
        *counted("backward_timestamps", times, backward),
        *pauses(times),
    )


def _rows(times_ms: NDArray[np.int64], depth: Depth) -> pd.DataFrame:
    columns: dict[str, NDArray[np.int64] | NDArray[np.float64]] = {"time_ms": times_ms, "known_ms": times_ms}
    columns |= {name: np.full(len(times_ms), np.nan) for name in BOOK.values}
    for side, side_name in enumerate(_SIDES):
        for band, width in enumerate(BANDS):
            for unit, unit_name in enumerate(("base", "quote")):
                columns[band_name(side_name, width, unit_name)] = depth[:, side, band, unit]
    return pd.DataFrame(columns)[list(BOOK.columns)]
