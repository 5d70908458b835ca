"""How much would be forced out within x % of the price, for each unit of depth that could absorb it.

A cluster of liquidations is harmless before a deep book and dangerous before a thin one; the ratio says which
it is. Forced longs sell into bids, forced shorts buy from asks. Depth is what the book showed, and it may be
withdrawn when it is needed; the numerator is an estimate. Weak: a level's notional ignores that the fall
itself may be stopped by buyers who were not in the book. Its level says nothing: compare it with its own
past, as the percentile column does.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from outrigger.errors import DataError
from outrigger.market.features.asof import Array, Times, carry, last_known, readings
from outrigger.market.features.level_columns import SIDES, WITHIN, within_name
from outrigger.market.features.norm import HOUR_MS, trailing_percentile
from outrigger.market.features.spec import FeatureSpec
from outrigger.market.store.schema import band_name

DEPTH_AGE_MS: Final = 300_000
_BOOK_SIDE: Final = {"long": "bid", "short": "ask"}
# Of the last five days' hours, the most that a bot's start-up candles allow for, these many must be known.
PERCENTILE_HOURS: Final = 120
PERCENTILE_MINIMUM_HOURS: Final = 48
PERCENTILE_WITHIN: Final = 0.01


def fragility_name(side: str, within: float) -> str:
    """Column name, such as `fragility_long_2`: the distance in per cent."""
    return f"fragility_{side}_{within * 100:g}"


def percentile_name(side: str) -> str:
    """Column name, such as `fragility_long_percentile`."""
    return f"fragility_{side}_percentile"


_RATIOS: Final = tuple(
    FeatureSpec(
        fragility_name(side, x),
        "ratio",
        "as the liquidation levels",
        f"{within_name(side, x)}; book: {band_name(_BOOK_SIDE[side], x, 'quote')}",
        DEPTH_AGE_MS // 1000,
        f"{side}s forced out by a move of {x:.0%} over the depth within it; large is fragile",
    )
    for side in SIDES
    for x in WITHIN
)
SPECS: Final = (
    *_RATIOS,
    *(
        FeatureSpec(
            percentile_name(side),
            "0 to 1",
            f"last readings of {PERCENTILE_HOURS} hours before, at least {PERCENTILE_MINIMUM_HOURS} of them",
            fragility_name(side, PERCENTILE_WITHIN),
            DEPTH_AGE_MS // 1000,
            f"{side}s are seldom as fragile as this",
        )
        for side in SIDES
    ),
)
COLUMNS: Final = tuple(spec.name for spec in SPECS)
RATIO_COLUMNS: Final = tuple(spec.name for spec in _RATIOS)


def fragility(
    levels: pd.DataFrame, clock_ms: Times, book: pd.DataFrame | None, *, depth_age_ms: int = DEPTH_AGE_MS
) -> pd.DataFrame:
    """Forced notional over depth, for each side and distance.

    Parameters
    ----------
    levels : DataFrame of shape (n_candles, ...)
        What `level_columns` returns.
    clock_ms : ndarray of int64, shape (n_candles,)
        Closes of the same candles, milliseconds since 1970.
    book : DataFrame or None
        Rows of the store's BOOK table, ordered by `known_ms`; None for no depth at all.
    depth_age_ms : int, optional
        Age from which depth no longer counts.

    Returns
    -------
    DataFrame of shape (n_candles, n_columns)
        Columns of `COLUMNS` with the index of `levels`; NaN without levels or without positive depth, and for
        percentiles without enough history.

    Raises
    ------
    DataError
        If the clock and the levels differ in length or book rows cannot be read.
    """
    if len(clock_ms) != len(levels):
        raise DataError(
            f"fragility: {len(clock_ms)} closes for {len(levels)} rows of levels: pass one a candle"
        )
    result = pd.DataFrame(np.nan, index=levels.index, columns=list(COLUMNS), dtype=np.float64)
    if book is None or book.empty:
        return result
    bands = {(side, x): band_name(_BOOK_SIDE[side], x, "quote") for side in SIDES for x in WITHIN}
    read = readings(book, bands.values(), "book")
    at = last_known(clock_ms, read.known_ms)
    for (side, x), band in bands.items():
        depth = carry(read.values[band], at, clock_ms, read.time_ms, depth_age_ms)
        forced = levels[within_name(side, x)].to_numpy(np.float64)
        result[fragility_name(side, x)] = forced / np.where(depth > 0, depth, np.nan)
    for side in SIDES:
        ratio = result[fragility_name(side, PERCENTILE_WITHIN)].to_numpy(np.float64)
        result[percentile_name(side)] = percentiles(clock_ms, ratio)
    return result


def percentiles(clock_ms: Times, ratio: Array) -> Array:
    """Where fragility stands in its own last days.

    Parameters
    ----------
    clock_ms : ndarray of int64, shape (n_candles,)
        Closes of the candles.
    ratio : ndarray of shape (n_candles,)
        Fragility; NaN is missing.

    Returns
    -------
    ndarray of shape (n_candles,)
        Between 0 and 1; NaN where history is too short.
    """
    hours = (clock_ms - 1) // HOUR_MS
    return trailing_percentile(hours, ratio, PERCENTILE_HOURS, PERCENTILE_MINIMUM_HOURS)
