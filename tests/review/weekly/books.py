"""Small accounts and markets drawn by hand: candles of five minutes around a handful of trades."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from outrigger.review.trade import Fill, Trade
from outrigger.review.weekly.account import Account
from tests.review.freqtrade_database import DOCUMENT
from tests.review.ledger import HOUR_MS, PAIR, START_MS, trade

ETH = "ETH/USDT:USDT"
DAY_MS = 24 * HOUR_MS
FIVE_MS = 300_000


def account(*trades: Trade, days: float = 5, **changed: Any) -> Account:
    """An account of some days with 10,000 at its start."""
    values: dict[str, Any] = {
        "source": "trades.sqlite",
        "kind": "database",
        "strategy": "Outrigger",
        "currency": "USDT",
        "timeframe": "5m",
        "pairs": (PAIR, ETH),
        "start_ms": START_MS,
        "as_of_ms": START_MS + round(days * DAY_MS),
        "known_ms": START_MS + round(days * DAY_MS),
        "balance": 10_000.0,
        "trades": trades,
    }
    return Account(**{**values, **changed})


def small(begin_hours: float, end_hours: float, close_rate: float = 39_600.0, **changed: Any) -> Trade:
    """A tenth of a BTC long from 40,000, fees of 4 USDT, at hours after the start."""
    side = int(changed.get("side", 1))
    profit = side * (close_rate - 40_000.0) * 0.1 - 4.0
    opened, closed = (START_MS + round(hours * HOUR_MS) for hours in (begin_hours, end_hours))
    values: dict[str, Any] = {
        "opened_ms": opened,
        "closed_ms": closed,
        "close_rate": close_rate,
        "stop": close_rate,
        "notional": 4_000.0,
        "profit": profit,
        "fees": 4.0,
        "liquidation": 40_000.0 * (1 - side * 0.2),
        "fills": (Fill(opened, 40_000.0, 0.1, entry=True), Fill(closed, close_rate, 0.1, entry=False)),
        "documents": {"outrigger": DOCUMENT},
    }
    return trade(**{**values, **changed})


def chart(days: float, price: float = 40_000.0, start_ms: int = START_MS) -> pd.DataFrame:
    """Flat five-minute candles, to be given a shape by the test."""
    opened = start_ms + np.arange(round(days * 288), dtype=np.int64) * FIVE_MS
    frame = pd.DataFrame({"date": pd.to_datetime(opened, unit="ms", utc=True)})
    for name in ("open", "high", "low", "close"):
        frame[name] = price
    frame["volume"] = 1.0
    return frame


def write_charts(datadir: Path, **charts: pd.DataFrame) -> Path:
    """A data directory with five-minute candles by coin."""
    folder = datadir / "futures"
    folder.mkdir(parents=True, exist_ok=True)
    for coin, frame in charts.items():
        frame.to_feather(folder / f"{coin}_USDT_USDT-5m-futures.feather")
    return datadir


def stepped(days: float, *steps: tuple[float, float]) -> pd.DataFrame:
    """Candles whose price changes at some hours: (hour, price); candles before the first are at 40,000."""
    frame = chart(days)
    for hour, price in steps:
        frame.loc[frame.index >= round(hour * 12), ["open", "high", "low", "close"]] = price
    return frame
