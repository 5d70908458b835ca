"""Readings of one pair from the market store and from Freqtrade's own files, put together.

What was recorded or fetched into the store comes first. Funding is taken from Freqtrade's candles where there
are any, since those are what a backtest charges; open-interest candles stand in where the store has no
metrics. Only the columns that inputs read are loaded: a year of the book is large.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd

from outrigger.market.candles import candle_path, read_candles
from outrigger.market.features.book import BOOK_COLUMNS
from outrigger.market.features.funding import funding_rows
from outrigger.market.features.inputs import CHART, HISTORY_MS, PairRows
from outrigger.market.features.interest import interest_rows
from outrigger.market.features.level_columns import WITHIN
from outrigger.market.store.schema import Kind, band_name
from outrigger.market.store.store import MarketStore

FUNDING_CHART: Final = "1h"
BOOK_READ: Final = tuple(
    dict.fromkeys((*BOOK_COLUMNS, *(band_name(side, x, "quote") for side in ("bid", "ask") for x in WITHIN)))
)


def stored_rows(
    store: MarketStore, pair: str, first_ms: int, last_ms: int, *, history: bool = True
) -> PairRows:
    """What the store holds of a pair for inputs over a stretch of time.

    Parameters
    ----------
    store : MarketStore
        Where to look; a store without the pair holds nothing.
    pair : str
        As Freqtrade writes it.
    first_ms, last_ms : int
        First and last moment of the inputs' clock, or `known_ms` of the first and last row wanted.
    history : bool
        Whether to add all that inputs of the first moment look back on.

    Returns
    -------
    PairRows
        Without funding candles.

    Raises
    ------
    DataError
        If a file is damaged.
    """
    first = {kind: first_ms - (back if history else 0) for kind, back in HISTORY_MS.items()}
    book = store.read(pair, Kind.BOOK, first[Kind.BOOK], last_ms + 1, BOOK_READ)
    return PairRows(book, store.read(pair, Kind.METRICS, first[Kind.METRICS], last_ms + 1))


def with_candles(
    rows: PairRows, pair: str, funding: pd.DataFrame | None, interest: pd.DataFrame | None
) -> PairRows:
    """Add what Freqtrade's files hold.

    Parameters
    ----------
    rows : PairRows
        What the store holds.
    pair : str
        Pair, for error messages.
    funding : DataFrame or None
        Funding candles, `date` and `funding_rate`.
    interest : DataFrame or None
        Rows of `interest_rows`; used where the store has no metrics.

    Returns
    -------
    PairRows
        The rows, with funding where there are candles of it.

    Raises
    ------
    DataError
        If a date is missing, repeated or goes back.
    """
    if funding is not None and len(funding):
        rows = replace(rows, funding=funding_rows(funding, pair))
    if rows.metrics.empty and interest is not None and len(interest):
        rows = replace(rows, metrics=interest)
    return rows


def rows_on_disk(
    store: MarketStore | None, datadir: Path, pair: str, first_ms: int, last_ms: int
) -> PairRows:
    """All that files hold of a pair: a store, and funding and open-interest candles of a data directory.

    Parameters
    ----------
    store : MarketStore or None
        Where recordings are; None for a data directory alone.
    datadir : Path
        Freqtrade data directory.
    pair : str
        As Freqtrade writes it.
    first_ms, last_ms : int
        First and last moment of the inputs' clock.

    Returns
    -------
    PairRows
        What was found; nothing is not an error.

    Raises
    ------
    DataError
        If a file is damaged.
    """
    rows = PairRows() if store is None else stored_rows(store, pair, first_ms, last_ms)
    kinds = ((FUNDING_CHART, "funding_rate"), (CHART, "open_interest"))
    funding, interest = (
        read_candles(datadir, pair, chart, kind)
        if candle_path(datadir, pair, chart, kind).is_file()
        else None
        for chart, kind in kinds
    )
    return with_candles(
        rows, pair, funding, None if interest is None else interest_rows(interest, CHART, pair)
    )
