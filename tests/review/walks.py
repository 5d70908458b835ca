"""Markets without a drift, for studies that need candles and no truth in them."""

from __future__ import annotations

import numpy as np
import pandas as pd

START = pd.Timestamp("2025-05-01", tz="UTC")


def walk(seed: int, size: int) -> pd.DataFrame:
    """Five-minute candles of a driftless walk of 4 % a day."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.04 / np.sqrt(288), size)))
    opened = np.concatenate(([100.0], close[:-1]))
    wick = np.abs(rng.normal(0, 0.001, (2, size)))
    return pd.DataFrame(
        {
            "date": pd.date_range(START, periods=size, freq="5min", unit="ms"),
            "open": opened,
            "high": np.maximum(opened, close) * (1 + wick[0]),
            "low": np.minimum(opened, close) * (1 - wick[1]),
            "close": close,
            "volume": 1.0,
        }
    )
