"""A market small enough for a test: random walks whose volatility follows the hour, as Freqtrade's files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from outrigger.market.candles import candle_path
from outrigger.regime.labels import LabelRules, regime_labels
from outrigger.regime.training_data import RegimeRows, pair_rows

START = pd.Timestamp("2025-01-01", tz="UTC")
START_MS = int(START.timestamp() * 1000)
DAY_MS, BAR_MS = 86_400_000, 300_000
BARS_A_DAY = 288
FREQUENCIES = {"15m": "15min", "4h": "4h"}


def walk(days: float, seed: int, first: float = 100.0) -> pd.DataFrame:
    """5m candles; quiet nights and days that differ, so that there is something to learn."""
    rng = np.random.default_rng(seed)
    rows = round(days * BARS_A_DAY)
    hour = np.arange(rows) / 12 % 24
    daily = np.repeat(rng.lognormal(0, 0.4, rows // BARS_A_DAY + 1), BARS_A_DAY)[:rows]
    step = 0.0015 * daily * (0.5 + (hour > 12))
    close = first * np.exp(np.cumsum(rng.normal(0, 1, rows) * step))
    opened = np.r_[first, close[:-1]]
    high = np.maximum(opened, close) * (1 + rng.exponential(1, rows) * step / 2)
    low = np.minimum(opened, close) * (1 - rng.exponential(1, rows) * step / 2)
    volume = rng.lognormal(3, 0.5, rows) * (1 + hour)
    frame = pd.DataFrame({"open": opened, "high": high, "low": low, "close": close, "volume": volume})
    frame.insert(0, "date", pd.date_range(START, periods=rows, freq="5min", unit="ms"))
    return frame


def charts(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The three charts that features look at."""
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    coarse = {
        name: frame.resample(freq, on="date", label="left", closed="left").agg(how).reset_index()
        for name, freq in FREQUENCIES.items()
    }
    return {"5m": frame, **coarse}


def rows_of(
    days: float, seed: int = 1, pair: str = "BTC/USDT:USDT", rules: LabelRules | None = None
) -> RegimeRows:
    """Rows of one pair without a leader."""
    return pair_rows(pair, charts(walk(days, seed)), {}, rules or LabelRules())


def flat(days: float) -> pd.DataFrame:
    """Candles of a price that never moves."""
    frame = walk(days, 1)
    return frame.assign(open=100.0, high=100.0, low=100.0, close=100.0)


def write_pair(
    datadir: Path, pair: str, frame: pd.DataFrame, timeframes: tuple[str, ...] = ("5m", "15m", "4h")
) -> None:
    """Files of one pair, with funding."""
    (datadir / "futures").mkdir(parents=True, exist_ok=True)
    for name, chart in charts(frame).items():
        if name in timeframes:
            chart.to_feather(candle_path(datadir, pair, name))
    hours = pd.date_range(START, frame["date"].iloc[-1], freq="8h", unit="ms")
    rate = np.random.default_rng(len(frame)).normal(1e-4, 5e-5, len(hours))
    pd.DataFrame({"date": hours, "funding_rate": rate}).to_feather(
        candle_path(datadir, pair, "1h", "funding_rate")
    )


def write_market(datadir: Path, days: float = 30, pairs: tuple[str, ...] = ("BTC", "ETH")) -> Path:
    """A Freqtrade data directory."""
    for seed, base in enumerate(pairs):
        write_pair(datadir, f"{base}/USDT:USDT", walk(days, seed))
    return datadir


def labels_by_hand(frame: pd.DataFrame) -> np.ndarray:
    """Labels of a frame under the reference rules."""
    return regime_labels(frame)
