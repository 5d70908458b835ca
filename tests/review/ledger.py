"""Trades, candles and exports made by hand, small enough to check on paper."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from outrigger.review.backtest_export import BacktestResult
from outrigger.review.trade import Trade

START_MS = 1_772_582_400_000  # 2026-03-04 00:00 UTC
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
PAIR = "BTC/USDT:USDT"


def trade(**changed: Any) -> Trade:
    """A long of one BTC from 40,000, stopped at 39,600 after an hour: -1 % and 40 USDT of costs."""
    values: dict[str, Any] = {
        "pair": PAIR,
        "side": 1,
        "opened_ms": START_MS,
        "closed_ms": START_MS + HOUR_MS,
        "open_rate": 40_000.0,
        "close_rate": 39_600.0,
        "notional": 40_000.0,
        "leverage": 5.0,
        "profit": -440.0,
        "fees": 40.0,
        "funding": 0.0,
        "stop": 39_600.0,
        "exit_reason": "stop_loss",
        "enter_tag": "long:1m+15m",
    }
    return Trade(**{**values, **changed})


def result(*trades: Trade, balance: float = 10_000.0) -> BacktestResult:
    """A day's backtest of the given trades."""
    pairs = tuple(dict.fromkeys(one.pair for one in trades)) or (PAIR,)
    return BacktestResult(
        "Outrigger", "1m", "USDT", pairs, START_MS, START_MS + 24 * HOUR_MS, balance, tuple(trades)
    )


def candles(hours: int, price: float = 39_800.0, timeframe_minutes: int = 1) -> pd.DataFrame:
    """Flat candles from `START_MS` on, to be given a shape by the test."""
    rows = hours * 60 // timeframe_minutes
    opened = START_MS + np.arange(rows) * timeframe_minutes * MINUTE_MS
    frame = pd.DataFrame({"date": pd.to_datetime(opened, unit="ms", utc=True)})
    for name in ("open", "high", "low", "close"):
        frame[name] = price
    frame["volume"] = 1.0
    return frame


def exported_trade(**changed: Any) -> dict[str, Any]:
    """The trade of `trade` in the words of a Freqtrade export."""
    values = {
        "pair": PAIR,
        "stake_amount": 8_000.0,
        "max_stake_amount": 8_000.0,
        "amount": 1.0,
        "open_rate": 40_000.0,
        "close_rate": 39_600.0,
        "fee_open": 0.0005,
        "fee_close": 0.0005,
        "profit_abs": -440.0,
        "exit_reason": "stop_loss",
        "stop_loss_abs": 39_600.0,
        "enter_tag": "long:1m+15m",
        "leverage": 5.0,
        "is_short": False,
        "open_timestamp": START_MS,
        "close_timestamp": START_MS + HOUR_MS,
        "funding_fees": -0.2,
    }
    return {**values, **changed}


def exported(*trades: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """One strategy of a Freqtrade export."""
    values = {
        "trades": list(trades),
        "pairlist": [PAIR],
        "timeframe": "1m",
        "stake_currency": "USDT",
        "starting_balance": 10_000,
        "backtest_start_ts": START_MS,
        "backtest_end_ts": START_MS + 24 * HOUR_MS,
    }
    return {**values, **changed}


def write_export(folder: Path, **strategies: dict[str, Any]) -> Path:
    """A results directory as Freqtrade leaves it; returns the archive."""
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / "backtest-result-1.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(
            "backtest-result-1.json", json.dumps({"strategy": strategies, "strategy_comparison": []})
        )
        file.writestr("backtest-result-1_config.json", json.dumps({"strategy": "Outrigger"}))
    (folder / ".last_result.json").write_text(json.dumps({"latest_backtest": archive.name}))
    return archive
