"""`outrigger features`: what the store knows of a pair, as the columns that models read.

Pure functions of the store on a clock of closed candles; for looking, plotting and checking a recording.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from outrigger.atomic import write_text
from outrigger.errors import DataError
from outrigger.json_values import plain
from outrigger.market.features.book import BookTerms
from outrigger.market.features.inputs import InputTerms, pair_features
from outrigger.market.features.interest import InterestTerms
from outrigger.market.features.registry import FEATURES
from outrigger.market.moment import to_ms
from outrigger.market.pair_rows import stored_rows, with_candles
from outrigger.market.store.store import MarketStore
from outrigger.market.timeframe import timeframe_ms


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Features of one pair over a period.

    Parameters
    ----------
    pair, timeframe : str
        Whose, and on what clock.
    columns : DataFrame of float64, shape (n_closes, n_features)
        Indexed by the close of each candle, UTC.
    """

    pair: str
    timeframe: str
    columns: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Last values, share of closes at which each is known, and what each means."""
        last, known = self.columns.iloc[-1], self.columns.notna().mean()
        described = {spec.name: spec.to_dict() for spec in FEATURES}
        return {
            "pair": self.pair,
            "timeframe": self.timeframe,
            "from": self.columns.index[0].isoformat(),
            "to": self.columns.index[-1].isoformat(),
            "features": {
                name: {"last": plain(float(last[name])), "known": float(known[name]), **described[name]}
                for name in self.columns.columns
            },
        }

    def table(self) -> Table:
        """Lay the last values out for the terminal."""
        told = self.to_dict()
        table = Table(title=f"{self.pair}, {self.timeframe} closes, {told['from']} to {told['to']}")
        for heading in ("feature", "last", "known", "unit", "window"):
            table.add_column(heading, justify="right" if heading in ("last", "known") else "left")
        for name, found in told["features"].items():
            value = "—" if found["last"] is None else f"{found['last']:.6g}"
            table.add_row(name, value, f"{found['known']:.0%}", str(found["unit"]), str(found["window"]))
        return table

    def write_csv(self, path: Path) -> None:
        """Write all rows as CSV, atomically."""
        write_text(path, self.columns.to_csv(index_label="closed"))


def feature_table(
    store: MarketStore,
    pair: str,
    start: datetime,
    end: datetime,
    *,
    timeframe: str = "5m",
    max_age_s: int | None = None,
    funding: pd.DataFrame | None = None,
) -> FeatureTable:
    """Work out every feature of a pair at each close of a period.

    Parameters
    ----------
    store : MarketStore
        Where book and metrics are.
    pair : str
        `"BTC/USDT:USDT"`.
    start, end : datetime
        First and last moment.
    timeframe : str
        Clock.
    max_age_s : int, optional
        Age in seconds up to which a book or open-interest reading counts, for data recorded more sparsely
        than the features expect.
    funding : DataFrame, optional
        Freqtrade's funding candles, `date` and `funding_rate`; archives hold no funding.

    Returns
    -------
    FeatureTable
        NaN where nothing fresh enough was known.

    Raises
    ------
    DataError
        If the period holds no close, or the store nothing of the pair.
    """
    step = timeframe_ms(timeframe)
    first, last = (to_ms(moment) for moment in (start, end))
    clock = np.arange(-(-first // step) * step, last + 1, step, dtype=np.int64)
    if not len(clock):
        raise DataError(f"no {timeframe} candle closes between {start} and {end}: ask for a longer period")
    rows = stored_rows(store, pair, int(clock[0]), int(clock[-1]))
    if rows.book.empty and rows.metrics.empty:
        raise DataError(
            f"the store holds neither book nor metrics of {pair} for this period: record them with "
            "`outrigger record`, or fetch archives with `outrigger download`"
        )
    book, interest = BookTerms(), InterestTerms()
    if max_age_s is not None:
        book = replace(book, max_age_ms=max_age_s * 1000)
        interest = replace(interest, max_age_ms=max_age_s * 1000)
    columns = pair_features(clock, with_candles(rows, pair, funding, None), InputTerms(book, interest))
    closed = pd.to_datetime(clock, unit="ms", utc=True)
    return FeatureTable(pair, timeframe, columns.set_axis(closed, axis=0))
