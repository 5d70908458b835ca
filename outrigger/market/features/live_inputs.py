"""The inputs of one pair as its market moves, for a bot that cannot go through months of rows a candle.

A candle's inputs never change once it has closed, so only new candles are worked out, from what has become
known since; book features, liquidation levels and the rest then equal the batch's numbers. Memory is bounded:
rows older than the longest window are dropped. Assumes that rows are handed over in the order in which they
became known, each once, and not before they were known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from outrigger.market.alignment import rows_at
from outrigger.market.features import fragility, level_columns
from outrigger.market.features.asof import Array, Times
from outrigger.market.features.book import BOOK_NAMES
from outrigger.market.features.funding import funding_columns
from outrigger.market.features.inputs import (
    CHART,
    HISTORY_MS,
    INPUT_NAMES,
    InputTerms,
    PairRows,
    market_inputs,
)
from outrigger.market.features.interest import interest_columns
from outrigger.market.features.liquidation_levels import LiquidationLevels
from outrigger.market.features.live_book import LiveBook
from outrigger.market.features.norm import HOUR_MS
from outrigger.market.store.schema import Kind
from outrigger.market.timeframe import timeframe_ms

_COLUMNS: Final = pd.Index(INPUT_NAMES)
# Percentiles of fragility look back on whole hours.
_FRAGILE_MS: Final = (fragility.PERCENTILE_HOURS + 1) * HOUR_MS

Rows = Callable[[int, int], PairRows]
"""From the first `known_ms` wanted and the last, both included, to rows; funding always whole, or None.

Before the first candles have been taken in, the two are the first and last close, and rows have to reach back
as far as inputs look.
"""


class LiveInputs:
    """Inputs of one pair, kept up candle by candle.

    Parameters
    ----------
    terms : InputTerms, optional
        Age limits and assumptions.
    levels : bool
        Whether liquidation levels and fragility are wanted.
    """

    def __init__(self, terms: InputTerms | None = None, *, levels: bool = True) -> None:
        self.terms = terms or InputTerms()
        self._wanted = levels
        self._levels = LiquidationLevels(self.terms.model, timeframe_ms(CHART))
        self._book = LiveBook(self.terms.book)
        self._recent = PairRows()
        self._closed: Times = np.empty(0, dtype=np.int64)
        self._known: Array = np.empty((0, len(INPUT_NAMES)))

    @property
    def begun(self) -> bool:
        """Whether history has been taken in."""
        return bool(self._closed.size)

    def update(self, candles: pd.DataFrame, rows: Rows) -> pd.DataFrame:
        """Take in the candles that have closed since the last call.

        Parameters
        ----------
        candles : DataFrame of shape (n_candles, ...)
            Closed 5m candles as Freqtrade holds them: the newest at the end, the oldest dropped over time.
        rows : callable
            Asked for readings that became known since the last candle; the first time with all history.

        Returns
        -------
        DataFrame of float64, shape (n_candles, n_inputs)
            As `market_inputs`, with the candles' index; NaN for candles from before the first call's.

        Raises
        ------
        DataError
            If columns are missing, dates do not increase or rows are out of order.
        """
        closed = level_columns.close_times(candles, CHART)
        if closed.size and not self._closed.size:
            self._begin(candles, closed, rows(int(closed[0]), int(closed[-1])))
        elif closed.size and closed[-1] > self._closed[-1]:
            self._go_on(candles, closed, rows)
        kept = self._closed >= (closed[0] if closed.size else 0) - _FRAGILE_MS
        self._closed, self._known = self._closed[kept], self._known[kept]
        return pd.DataFrame(rows_at(closed, self._closed, self._known), columns=_COLUMNS, index=candles.index)

    def _begin(self, candles: pd.DataFrame, closed: Times, history: PairRows) -> None:
        """Work out all history at once, and what goes on from there."""
        self._book = LiveBook.from_history(history.book, self.terms.book)
        known = market_inputs(candles, history, self.terms, levels=False)
        columns = {str(name): known[name].to_numpy(np.float64) for name in known.columns}
        if self._wanted:
            columns |= self._forced(candles, closed, history)
        self._closed, self._known = closed, _table(columns, len(closed))
        self._keep(history, int(closed[-1]))

    def _go_on(self, candles: pd.DataFrame, all_closed: Times, rows: Rows) -> None:
        """Add the candles that are new in a frame."""
        closed = all_closed[all_closed > self._closed[-1]]
        fresh = rows(int(self._closed[-1]) + 1, int(closed[-1]))
        joined = PairRows(
            _joined(self._recent.book, fresh.book),
            _joined(self._recent.metrics, fresh.metrics),
            fresh.funding,
        )
        columns = self._book_columns(fresh.book, closed) | funding_columns(joined.charged, closed)
        if not joined.metrics.empty:
            columns |= interest_columns(joined.metrics, closed, self.terms.interest)
        if self._wanted:
            columns |= self._forced(candles, all_closed, joined)
        self._closed = np.concatenate((self._closed, closed))
        self._known = np.concatenate((self._known, _table(columns, len(closed))))
        self._keep(joined, int(closed[-1]))

    def _book_columns(self, book: pd.DataFrame, closed: Times) -> dict[str, Array]:
        """Feed the live book up to each close and read it there."""
        records: list[Any] = [] if book.empty else book.to_dict("records")
        known = book["known_ms"].to_numpy(np.int64)
        read, fed = [], 0
        for close in closed.tolist():
            until = int(np.searchsorted(known, close, side="right"))
            for record in records[fed:until]:
                self._book.update(record)
            fed = until
            read.append(self._book.features(close))
        return {name: np.array([values[name] for values in read]) for name in BOOK_NAMES}

    def _forced(self, candles: pd.DataFrame, all_closed: Times, rows: PairRows) -> dict[str, Array]:
        """Levels and fragility of the frame's new candles, moving the levels' state on."""
        fresh = all_closed > (self._closed[-1] if self._closed.size else -1)
        closed, age = all_closed[fresh], self.terms.interest.max_age_ms
        # Open interest in quote currency is converted at the price of its moment, maybe an older candle's.
        closes = candles["close"].to_numpy(np.float64)
        interest, ratio = level_columns.positions_at(all_closed, closes, rows.metrics, age)
        taken = level_columns.candles_of(candles[fresh], closed, interest[fresh])
        values = level_columns.levels_along(self._levels, taken, ratio[fresh])
        forced = pd.DataFrame(values, columns=list(level_columns.COLUMNS))
        fragile = fragility.fragility(forced, closed, rows.book, depth_age_ms=self.terms.book.max_age_ms)
        clock = np.concatenate((self._closed, closed))
        for side in level_columns.SIDES:
            name = fragility.fragility_name(side, fragility.PERCENTILE_WITHIN)
            before = self._known[:, _COLUMNS.get_loc(name)]
            ratio = np.concatenate((before, fragile[name].to_numpy(np.float64)))
            fragile[fragility.percentile_name(side)] = fragility.percentiles(clock, ratio)[-len(closed) :]
        both = pd.concat([forced, fragile], axis=1)
        return {name: both[name].to_numpy(np.float64) for name in both.columns}

    def _keep(self, rows: PairRows, now_ms: int) -> None:
        """Hold on to what the next candle can still look back on."""
        self._recent = PairRows(
            _since(rows.book, now_ms - self.terms.book.max_age_ms),
            _since(rows.metrics, now_ms - HISTORY_MS[Kind.METRICS]),
        )


def _table(columns: Mapping[str, Array], size: int) -> Array:
    """Columns in the order of `INPUT_NAMES`, NaN where there is none."""
    missing = np.full(size, np.nan)
    return np.column_stack([columns.get(name, missing) for name in INPUT_NAMES])


def _since(rows: pd.DataFrame, first_ms: int) -> pd.DataFrame:
    # Carried values are aged by their event, which is not after the moment they became known.
    return rows if rows.empty else rows[rows["known_ms"].to_numpy() >= first_ms]


def _joined(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    if before.empty or after.empty:
        return after if before.empty else before
    return pd.concat([before, after], ignore_index=True)
