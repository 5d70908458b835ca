"""Funding, order book and open interest of a pair, from wherever it has them.

Funding comes from Freqtrade's candles, book and open interest from Outrigger's store; what is not there is
missing, never zero. The columns are made by the function that also makes them in a backtest and live.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from outrigger.market.alignment import open_times_ms
from outrigger.market.candles import candle_path, read_candles
from outrigger.market.features.funding import funding_rows
from outrigger.market.features.inputs import HISTORY_MS, InputTerms, PairRows, market_inputs
from outrigger.market.pair_rows import stored_rows
from outrigger.market.store.store import MarketStore
from outrigger.market.timeframe import timeframe_ms

_FUNDING = ("1h", "funding_rate")


def pair_inputs(
    datadirs: Sequence[Path],
    pair: str,
    candles5m: pd.DataFrame,
    store: MarketStore | None,
    terms: InputTerms | None = None,
) -> pd.DataFrame | None:
    """Make a pair's input columns.

    Parameters
    ----------
    datadirs : sequence of Path
        Freqtrade data directories; funding of the first one that has an event counts.
    pair : str
        The pair.
    candles5m : DataFrame of shape (n_rows, 6)
        Its 5m candles, sorted.
    store : MarketStore, optional
        Book and open interest.
    terms : InputTerms, optional
        Age limits and units of the store's readings.

    Returns
    -------
    DataFrame of shape (n_rows, n_inputs) or None
        A row a candle; None where nothing beside candles is known of the pair.
    """
    opens = open_times_ms(candles5m["date"], f"{pair} 5m")
    last = int(opens[-1]) + timeframe_ms("5m")
    rows = PairRows() if store is None else stored_rows(store, pair, int(opens[0]), last)
    recorded = not (rows.book.empty and rows.metrics.empty)
    rows = replace(rows, funding=_funding(datadirs, pair))
    if rows.funding is None and not recorded:
        return None
    # Levels could be guessed from volume alone, at a cost: they are made where there is interest or a book.
    return market_inputs(candles5m, rows, terms, levels=recorded)


def sources_of(datadirs: Sequence[Path], pairs: Sequence[str], store: MarketStore | None) -> tuple[str, ...]:
    """Name what there is beside candles: `funding`, `book`, `metrics`."""
    found = ["funding"] if any(_funding(datadirs, pair) is not None for pair in pairs) else []
    if store is not None:
        found += [kind.name.lower() for kind in HISTORY_MS if set(store.pairs(kind)) & set(pairs)]
    return tuple(found)


def _funding(datadirs: Sequence[Path], pair: str) -> pd.DataFrame | None:
    """Funding events of all directories, the first one's where they overlap."""
    having = [one for one in datadirs if candle_path(one, pair, *_FUNDING).is_file()]
    if not having:
        return None
    events = pd.concat([read_candles(one, pair, *_FUNDING) for one in having], ignore_index=True)
    events = events.drop_duplicates("date", keep="first").sort_values("date", ignore_index=True)
    return funding_rows(events, pair)
