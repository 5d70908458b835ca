"""A seeded random walk drawn as candles, for rows that need length rather than a market."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outrigger.market.timeframe import timeframe_ms

START = pd.Timestamp("2025-01-01", tz="UTC")
SEED = 7
AGGREGATES = {
    "date": "first",
    "open": "first",
    "high": "max",
    "low": "min",
    "close": "last",
    "volume": "sum",
}


def minute_walk(minutes: int, sigma: float = 7e-4) -> pd.DataFrame:
    """One minute candles of a driftless walk from 40,000, as Freqtrade's frames look.

    Parameters
    ----------
    minutes : int
        Number of candles.
    sigma : float
        Standard deviation of a minute's log return; .0007 is 2.7 % a day.

    Returns
    -------
    DataFrame
        `date, open, high, low, close, volume`.
    """
    rng = np.random.default_rng(SEED)
    close = 40_000.0 * np.exp(np.cumsum(rng.normal(0.0, sigma, minutes)))
    opened = np.concatenate(([40_000.0], close[:-1]))
    beyond = np.abs(rng.normal(0.0, sigma / 2, (2, minutes)))
    return pd.DataFrame(
        {
            "date": pd.date_range(START, periods=minutes, freq="1min", unit="ms"),
            "open": opened,
            "high": np.maximum(opened, close) * (1 + beyond[0]),
            "low": np.minimum(opened, close) * (1 - beyond[1]),
            "close": close,
            "volume": rng.lognormal(3.0, 1.0, minutes),
        }
    )


def resampled(minute: pd.DataFrame, timeframe: str) -> pd.DataFrame:
    """Whole candles of a longer timeframe."""
    length = timeframe_ms(timeframe) // 60_000
    whole = minute.iloc[: len(minute) // length * length]
    group = np.arange(len(whole)) // length
    return whole.groupby(group).agg(AGGREGATES)
