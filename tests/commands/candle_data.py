"""A small Freqtrade data directory: ten days of one pair, 5m and 1h throughout, 1m for the last two."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

PAIR = "BTC/USDT:USDT"
START = pd.Timestamp("2025-01-06", tz="UTC")
START_MS = START.value // 1_000_000
DAY_MS = 86_400_000
DAYS = 10


def write_candles(datadir: Path) -> Path:
    """Candles of a random walk; coarser ones are made of the minutes."""
    rng = np.random.default_rng(17)
    close = 40_000 * np.exp(np.cumsum(rng.normal(0, 7e-4, DAYS * 1440)))
    opened = np.r_[40_000.0, close[:-1]]
    wick = rng.exponential(2e-4, (2, len(close)))
    frame = pd.DataFrame(
        {
            "date": pd.date_range(START, periods=len(close), freq="1min", unit="ms"),
            "open": opened,
            "high": np.maximum(opened, close) * (1 + wick[0]),
            "low": np.minimum(opened, close) * (1 - wick[1]),
            "close": close,
            "volume": 1.0,
        }
    )
    folder = datadir / "futures"
    folder.mkdir(parents=True)
    last_days = frame.iloc[8 * 1440 :].reset_index(drop=True)
    last_days.to_feather(folder / "BTC_USDT_USDT-1m-futures.feather")
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    for name, freq in (("5m", "5min"), ("1h", "1h")):
        coarse = frame.resample(freq, on="date").agg(how).reset_index()
        coarse.to_feather(folder / f"BTC_USDT_USDT-{name}-futures.feather")
    return datadir
