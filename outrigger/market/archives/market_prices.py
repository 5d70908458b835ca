"""What a market traded at, from a Freqtrade data directory: the yardstick for depth that may be stale.

The open of a candle is a price known at the moment the candle begins, so a reading of that moment can be
held against it without looking ahead. All charts of a pair count, because a finer one often reaches back
less far; where several have the same moment the finest stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from outrigger.errors import DataError
from outrigger.market.alignment import open_times_ms
from outrigger.market.candles import candle_path, mend, read_candles
from outrigger.market.timeframe import timeframe_ms


def market_prices(datadir: Path, pairs: Iterable[str]) -> dict[str, pd.Series]:
    """Price of each pair at the opens of its candles.

    Parameters
    ----------
    datadir : Path
        A Freqtrade data directory with `futures/`.
    pairs : iterable of str
        Perpetual pairs, such as `BTC/USDT:USDT`; those without candles are left out.

    Returns
    -------
    dict of str to Series of float
        Index: milliseconds since the epoch, rising.

    Raises
    ------
    DataError
        If none of the pairs has candles there, or a file cannot be read.
    """
    asked = tuple(dict.fromkeys(pairs))
    found = {pair: prices for pair in asked if (prices := _prices(datadir, pair)) is not None}
    if not found:
        raise DataError(
            f"{datadir}: no futures candles of {', '.join(asked)}; name the data directory that holds "
            "futures/, or leave --prices out"
        )
    return found


def _prices(datadir: Path, pair: str) -> pd.Series | None:
    pattern = candle_path(datadir, pair, "*")
    names = [path.name.split("-")[-2] for path in pattern.parent.glob(pattern.name)]
    # Months have no fixed length; days and below are all that a reading can be held against.
    charts = sorted((name for name in names if name[-1] in "smhd"), key=timeframe_ms)
    opens = [_opens(datadir, pair, chart) for chart in charts]
    if not opens:
        return None
    prices: pd.Series = pd.concat(opens)
    finest: pd.Series = prices[~prices.index.duplicated()]
    return finest.sort_index()


def _opens(datadir: Path, pair: str, chart: str) -> pd.Series:
    candles = mend(read_candles(datadir, pair, chart)).dropna(subset=["open"])
    times = open_times_ms(candles["date"], f"{pair} {chart}")
    return pd.Series(candles["open"].to_numpy(np.float64), index=times)
