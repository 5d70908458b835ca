"""Random walks as candles: the material of the volatility tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outrigger.volatility.grid import BARS_PER_DAY


def walk_frame(
    n: int,
    *,
    seed: int = 1,
    bar_sigma: np.ndarray | float = 0.002,
    steps: int = 12,
    start: str = "2025-01-06",
    price: float = 100.0,
) -> pd.DataFrame:
    """5m candles of a Gaussian walk with `steps` price changes a candle; `start` is a Monday."""
    rng = np.random.default_rng(seed)
    scale = np.broadcast_to(np.asarray(bar_sigma, dtype=float), (n,))[:, None] / np.sqrt(steps)
    moves = rng.normal(size=(n, steps)) * scale
    path = np.cumsum(moves.ravel()).reshape(n, steps)
    opens = np.concatenate(([0.0], path[:-1, -1]))
    inside = np.column_stack([opens, path])
    date = pd.date_range(start, periods=n, freq="5min", tz="UTC", unit="ms")
    columns = {
        "open": opens,
        "high": inside.max(axis=1),
        "low": inside.min(axis=1),
        "close": path[:, -1],
    }
    frame = pd.DataFrame({"date": date, **{k: price * np.exp(v) for k, v in columns.items()}})
    frame["volume"] = rng.uniform(1.0, 10.0, n)
    return frame


def breathing_sigma(n: int, *, base: float = 0.002) -> np.ndarray:
    """Standard deviation a candle that swells and falls over days and within each day."""
    t = np.arange(n) / BARS_PER_DAY
    return base * np.exp(0.5 * np.sin(2 * np.pi * t / 5.3) + 0.4 * np.sin(2 * np.pi * t))
