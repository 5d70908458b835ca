"""A random walk drawn as charts of several timeframes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outrigger.market.timeframe import timeframe_ms

START = pd.Timestamp("2025-01-01", tz="UTC")
# Short lookbacks keep the walks short: the code does not know the difference.
QUICK = {"fast_hours": 1.0, "middle_hours": 4.0, "slow_hours": 40.0, "quiet_hours": 0.5}


def frame(close, timeframe, start=START):
    step = pd.Timedelta(milliseconds=timeframe_ms(timeframe))
    dates = pd.date_range(start, periods=len(close), freq=step).as_unit("ms")
    opens = np.concatenate((close[:1], close[:-1]))
    return pd.DataFrame({"date": dates, "open": opens, "close": close})


def random_close(n, seed=7, drift=0.0, sigma=8e-4):
    return 40_000.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(drift, sigma, n)))


def walk_charts(minutes, seed=7, base="1m", timeframes=("15m", "4h")):
    """Charts of one walk: each candle closes where the walk stands at its end; whole candles only."""
    close = random_close(minutes, seed)
    out = {}
    for timeframe in (base, *timeframes):
        bars = timeframe_ms(timeframe) // 60_000
        out[timeframe] = frame(close[bars - 1 :: bars], timeframe)
    return out
