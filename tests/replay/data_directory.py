"""Small Freqtrade data directories of random walks, written as Freqtrade writes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

START = pd.Timestamp("2025-03-03 00:00", tz="UTC")  # a Monday
START_MS = int(START.timestamp() * 1000)
PRICES = {"BTC": 90_000.0, "ETH": 2_200.0, "WIF": 0.6}


def walk(rows: int, first: float, seed: int, step: float = 0.0007) -> pd.DataFrame:
    """One-minute candles of a random walk with consistent prices."""
    rng = np.random.default_rng(seed)
    close = first * np.exp(np.cumsum(rng.normal(0, step, rows)))
    opened = np.r_[first, close[:-1]]
    high = np.maximum(opened, close) * (1 + rng.exponential(step / 2, rows))
    low = np.minimum(opened, close) * (1 - rng.exponential(step / 2, rows))
    volume = rng.lognormal(3, 1, rows)
    digits = 5 - int(np.floor(np.log10(first)))
    frame = pd.DataFrame({"open": opened, "high": high, "low": low, "close": close}).round(digits)
    frame["volume"] = volume.round(3)
    frame.insert(0, "date", pd.date_range(START, periods=rows, freq="1min", unit="ms"))
    return frame


def merged(frame: pd.DataFrame, freq: str) -> pd.DataFrame:
    """Coarser candles by pandas: the second implementation that the exchange is held against."""
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    return frame.resample(freq, on="date", label="left", closed="left").agg(how).reset_index()


def write(frame: pd.DataFrame, datadir: Path, base: str, kind: str) -> None:
    """Write one file; `kind` is the end of Freqtrade's name, such as 1m-futures."""
    folder = datadir / "futures"
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_feather(folder / f"{base}_USDT_USDT-{kind}.feather", compression="lz4")


def write_market(
    datadir: Path,
    days: int = 3,
    bases: tuple[str, ...] = ("BTC", "ETH", "WIF"),
    funding_hours: Mapping[str, int] | None = None,
) -> Path:
    """One-minute candles, hourly mark prices and funding, every eight hours unless said."""
    for seed, base in enumerate(bases):
        frame = walk(days * 1440, PRICES[base], seed)
        write(frame, datadir, base, "1m-futures")
        mark = merged(frame, "1h")
        mark[["open", "high", "low", "close"]] *= 1.0001
        write(mark.assign(volume=0.0), datadir, base, "1h-mark")
        every = (funding_hours or {}).get(base, 8)
        times = pd.date_range(START, periods=days * 24 // every, freq=f"{every}h", unit="ms")
        rates = np.random.default_rng(seed).normal(5e-5, 3e-5, len(times)).round(8)
        write(pd.DataFrame({"date": times, "funding_rate": rates}), datadir, base, "1h-funding_rate")
    return datadir
