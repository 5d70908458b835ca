"""Candles, readings and settings that the hedge's tests share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outrigger.hedge.measure import HedgeReading
from outrigger.hedge.state import HedgeState
from outrigger.settings.hedge import HedgeSettings

BTC, ETH, BNB, SOL = (f"{coin}/USDT:USDT" for coin in ("BTC", "ETH", "BNB", "SOL"))
START = pd.Timestamp("2025-01-06", tz="UTC")
START_MS = START.value // 1_000_000
FIVE = 300_000
SETTINGS = HedgeSettings()


def frame(log_close, *, first=0, volume=None, minutes=5):
    """Candles that open and close at the given log prices, `first` candles after the start."""
    close = np.exp(np.asarray(log_close, dtype=np.float64))
    dates = pd.date_range(
        START + pd.Timedelta(minutes=minutes * first), periods=len(close), freq=f"{minutes}min"
    )
    columns = dict.fromkeys(("open", "high", "low", "close"), close)
    traded = np.ones(len(close)) if volume is None else np.asarray(volume, dtype=np.float64)
    return pd.DataFrame({"date": dates, **columns, "volume": traded})


def normal_pair(count, *, beta=0.5, rho=0.8, sigma=0.001, seed=1):
    """Log prices of a candidate with standard deviation sigma and of a primary with the given beta on it."""
    rng = np.random.default_rng(seed)
    candidate = rng.normal(0.0, sigma, count)
    noise = beta * sigma * np.sqrt(1 / rho**2 - 1)
    primary = beta * candidate + rng.normal(0.0, noise, count)
    return np.cumsum(primary), np.cumsum(candidate)


def pair_frames(count, **kind):
    primary, candidate = normal_pair(count, **kind)
    return {BTC: frame(primary), ETH: frame(candidate)}


def reading(**changed):
    """A candidate that hedges well: beta at the best, correlation .8."""
    values = {
        "beta": 0.5,
        "beta_error": 0.02,
        "correlation": 0.8,
        "correlation_hour": 0.8,
        "volatility_ratio": 1.6,
        "deviation": 0.005,
        "state": HedgeState.EFFECTIVE,
    }
    return HedgeReading(**values | changed)
