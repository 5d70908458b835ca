"""Random charts for the regime tests: seeded, with volume, at any timeframe."""

from __future__ import annotations

import numpy as np
import pandas as pd

START = pd.Timestamp("2025-01-01", tz="UTC")
MINUTES = {"5m": 5, "15m": 15, "4h": 240}


def chart(candles: int, timeframe: str = "5m", seed: int = 0, scale: float = 1e-3) -> pd.DataFrame:
    """A walk whose volatility wanders."""
    rng = np.random.default_rng(seed)
    calm = np.exp(np.cumsum(0.02 * rng.standard_normal(candles)).clip(-1, 1))
    returns = scale * calm * rng.standard_normal(candles) * np.sqrt(MINUTES[timeframe] / 5)
    close = 100.0 * np.exp(np.cumsum(returns))
    open_ = np.concatenate(([100.0], close[:-1]))
    wick = scale * np.abs(rng.standard_normal((2, candles)))
    return pd.DataFrame(
        {
            "date": pd.date_range(START, periods=candles, freq=f"{MINUTES[timeframe]}min"),
            "open": open_,
            "high": np.maximum(open_, close) * np.exp(wick[0]),
            "low": np.minimum(open_, close) * np.exp(-wick[1]),
            "close": close,
            "volume": rng.lognormal(size=candles),
        }
    )


def charts(bars: int, seed: int = 0) -> dict[str, pd.DataFrame]:
    """The three charts over the same time; not resampled from one another, which no test needs."""
    return {
        "5m": chart(bars, "5m", seed),
        "15m": chart(bars // 3, "15m", seed + 100),
        "4h": chart(bars // 48, "4h", seed + 200),
    }


def mirrored(frame: pd.DataFrame) -> pd.DataFrame:
    """The chart upside down: every price becomes its reciprocal."""
    turned = frame.copy()
    turned["open"], turned["close"] = 1.0 / frame["open"], 1.0 / frame["close"]
    turned["high"], turned["low"] = 1.0 / frame["low"], 1.0 / frame["high"]
    return turned
