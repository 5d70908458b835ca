"""What was known beside prices, from files, for whatever replays a stop outside of a bot."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from outrigger.market.features.inputs import CHART, InputTerms, market_inputs
from outrigger.market.features.level_columns import close_times
from outrigger.market.pair_rows import rows_on_disk
from outrigger.market.store.store import MarketStore
from outrigger.settings.read import Settings
from outrigger.stops.measured import inputs_wanted


def inputs_on_disk(
    datadir: Path, pair: str, chart: pd.DataFrame, settings: Settings, store: MarketStore | None = None
) -> pd.DataFrame | None:
    """Inputs that the settings make use of, at each five-minute candle.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory; funding and open-interest candles are read from it.
    pair : str
        As Freqtrade writes it.
    chart : DataFrame
        The pair's 5m candles.
    settings : Settings
        What is switched on, and how old a reading may be.
    store : MarketStore, optional
        Recordings of book and open interest.

    Returns
    -------
    DataFrame or None
        The columns of `INPUTS`, one row a candle; None where the settings use none.

    Raises
    ------
    DataError
        If a file is damaged.
    """
    if not inputs_wanted(settings):
        return None
    return all_inputs_on_disk(datadir, pair, chart, settings, store, levels=settings.squeeze.guard)


def all_inputs_on_disk(
    datadir: Path,
    pair: str,
    chart: pd.DataFrame,
    settings: Settings,
    store: MarketStore | None = None,
    *,
    levels: bool = True,
) -> pd.DataFrame:
    """Every input, whether the stop makes use of it or not; see `inputs_on_disk` and `market_inputs`."""
    closed = close_times(chart, CHART)
    rows = rows_on_disk(store, datadir, pair, int(closed[0]), int(closed[-1]))
    return market_inputs(chart, rows, InputTerms.of(settings.market), levels=levels)
