"""A trader's desk: a configuration and a data directory without a defect, for tests to plant one in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from freqtrade.persistence import Trade, init_db
from freqtrade.persistence.usedb_context import disable_database_use, enable_database_use

from outrigger.doctor.diagnose import diagnose
from outrigger.doctor.finding import Finding
from tests.conftest import REPOSITORY

START = pd.Timestamp("2025-01-06", tz="UTC")
DAYS = 22
TIMERANGE = "20250127-20250128"  # three weeks after the start: 126 candles of 4h
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
KEY, SECRET = "key-of-a-trader-0123456789", "secret-of-a-trader-9876543210"
PRICES = {BTC: 90_000.0, ETH: 2_500.0}


def walk(price: float, seed: int, days: int = DAYS) -> pd.DataFrame:
    """Five-minute candles of a random walk."""
    rng, rows = np.random.default_rng(seed), days * 288
    close = price * np.exp(np.cumsum(rng.normal(0, 0.001, rows)))
    opened = np.r_[price, close[:-1]]
    frame = pd.DataFrame({"date": pd.date_range(START, periods=rows, freq="5min", unit="ms"), "open": opened})
    frame["high"] = np.maximum(opened, close) * 1.0002
    frame["low"] = np.minimum(opened, close) * 0.9998
    frame["close"], frame["volume"] = close, rng.lognormal(3, 1, rows)
    return frame


def merged(frame: pd.DataFrame, freq: str) -> pd.DataFrame:
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    return frame.resample(freq, on="date").agg(how).reset_index()


def write_market(datadir: Path) -> Path:
    """Everything that a 5m strategy needs, for two pairs."""
    (datadir / "futures").mkdir(parents=True)
    for seed, (pair, price) in enumerate(PRICES.items()):
        frame = walk(price, seed)
        frame.to_feather(file_of(datadir, pair, "5m-futures"))
        for name, freq in (("15m", "15min"), ("1h", "1h"), ("4h", "4h")):
            merged(frame, freq).to_feather(file_of(datadir, pair, f"{name}-futures"))
        merged(frame, "1h").assign(volume=0.0).to_feather(file_of(datadir, pair, "1h-mark"))
        dates = pd.date_range(START, periods=DAYS * 3, freq="8h", unit="ms")
        rates = pd.DataFrame({"date": dates, "funding_rate": 1e-4})
        rates.to_feather(file_of(datadir, pair, "1h-funding_rate"))
    return datadir


def file_of(datadir: Path, pair: str, kind: str) -> Path:
    return datadir / "futures" / f"{pair.replace('/', '_').replace(':', '_')}-{kind}.feather"


@dataclass
class Desk:
    """Configuration file, data directory, and what the doctor makes of them."""

    home: Path
    config: dict[str, Any]

    @property
    def datadir(self) -> Path:
        return self.home / "data"

    @property
    def config_file(self) -> Path:
        path = self.home / "config.json"
        if not path.exists():
            path.touch(mode=0o600)
        path.write_text(json.dumps(self.config))
        return path

    def plant(self, pair: str, kind: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
        """Rewrite one file with a defect in it."""
        path = file_of(self.datadir, pair, kind)
        change(pd.read_feather(path)).reset_index(drop=True).to_feather(path)

    def diagnose(self, **options: Any) -> list[Finding]:
        options = {"datadir": self.datadir, "timerange": TIMERANGE, "check_exchange": False} | options
        return diagnose([self.config_file], **options)

    def configured(self) -> list[Finding]:
        """The same without a look at the data."""
        return self.diagnose(datadir=None)


def shipped_config() -> dict[str, Any]:
    """The shipped configuration, for two pairs, five-minute candles and three weeks of history."""
    config: dict[str, Any] = json.loads((REPOSITORY / "config.json").read_text())
    config["strategy_path"] = str(REPOSITORY / "strategies")
    config["timeframe"], config["startup_candle_count"] = "5m", 120
    config["max_open_trades"] = 2
    config["outrigger"] = {"stop": {"protect_max": 0.08}, "signals": {"channel": 0.5}, "risk": {}}
    config["exchange"]["pair_whitelist"] = [BTC, ETH]
    return config


def account_of(desk: Desk) -> list[Finding]:
    """Findings about exchange and account only."""
    return desk.diagnose(datadir=None, check_exchange=True)


def keep(desk: Desk, *trades: Trade) -> None:
    """Put trades into the database of the desk's bot."""
    init_db(desk.config["db_url"])
    enable_database_use()
    try:
        Trade.session.add_all(trades)
        Trade.commit()
    finally:
        Trade.session.remove()
        disable_database_use("1m")


def about(findings: list[Finding], subject: str, level: str | None = None) -> list[Finding]:
    """Findings whose subject contains a text, of one level if named."""
    return [f for f in findings if subject in f.subject and level in (None, f.level)]


def only(findings: list[Finding], subject: str, level: str) -> Finding:
    """The one finding of this subject that is not ok; it has the level and a next step."""
    found = [f for f in about(findings, subject) if f.level != "ok"]
    assert len(found) == 1, findings
    assert found[0].level == level
    assert found[0].next_step
    return found[0]
