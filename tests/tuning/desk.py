"""A trader's desk with candles, and a Freqtrade that searches and tests in no time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from tests.review.ledger import exported, exported_trade, write_export

START = pd.Timestamp("2026-03-01", tz="UTC")
DAY_MS = 86_400_000
CONFIG: dict[str, Any] = {
    "strategy": "Outrigger",
    "strategy_path": "strategies",
    "timeframe": "5m",
    "exchange": {"pair_whitelist": ["BTC/USDT:USDT", "ETH/USDT:USDT"]},
}


def set_up(desk: Path, days: int = 20) -> Path:
    """Configuration, strategy with the trader's own parameter file, loss function; returns the candles."""
    (desk / "strategies").mkdir(parents=True)
    (desk / "user_data" / "hyperopts").mkdir(parents=True)
    (desk / "config.json").write_text(json.dumps(CONFIG))
    (desk / "strategies" / "outrigger_strategy.py").write_text("class Outrigger: ...\n")
    (desk / "strategies" / "outrigger_strategy.json").write_text("{}")
    (desk / "user_data" / "hyperopts" / "outrigger_loss.py").write_text("class OutriggerLoss: ...\n")
    folder = desk / "data" / "futures"
    folder.mkdir(parents=True)
    rows = days * 288
    frame = pd.DataFrame({"date": pd.date_range(START, periods=rows, freq="5min", unit="ms")})
    for name in ("open", "high", "low", "close"):
        frame[name] = 100.0
    frame.assign(volume=np.ones(rows)).to_feather(folder / "BTC_USDT_USDT-5m-futures.feather")
    return desk / "data"


@dataclass
class FakeFreqtrade:
    """Leaves behind what the commands would; notes what it was asked."""

    fails: tuple[str, ...] = ()
    interrupts: bool = False
    finds: bool = True
    asked: list[list[str]] = field(default_factory=list)

    def __call__(self, argv: Sequence[str], output: IO[bytes]) -> int:
        given = list(argv)
        self.asked.append(given)
        started = int(value(given, "--timerange").partition("-")[0]) * 1000
        if f"{given[0]} {len(self.asked)}" in self.fails:
            output.write(b"2026-03-01 00:00:00,000 - freqtrade - ERROR - no candles to be had\n")
            return 2
        if given[0] == "hyperopt":
            self._search(given)
            output.write(b"User interrupted..\n" if self.interrupts else b"done\n")
        else:
            tuned = "/tuned/" in value(given, "--strategy-path")
            write_export(Path(value(given, "--backtest-directory")), Outrigger=window(started, tuned=tuned))
        return 0

    def _search(self, given: list[str]) -> None:
        results = Path(value(given, "--userdir")) / "hyperopt_results"
        results.mkdir(parents=True)
        (results / "strategy.fthypt").write_text("{}\n" * int(value(given, "--epochs")))
        if self.finds:
            seed = int(value(given, "--random-state"))
            found = {"stop": {"stop_trail_sigma": 0.5 + seed / 100}, "enter": {"signals_channel": 0.1}}
            place = Path(value(given, "--strategy-path")) / "outrigger_strategy.json"
            place.write_text(json.dumps({"strategy_name": "Outrigger", "params": found}))


def value(argv: list[str], option: str) -> str:
    return argv[argv.index(option) + 1]


def window(start_ms: int, *, tuned: bool) -> dict[str, Any]:
    """Two trades a test: with tuned parameters they win 100 and 300, with the others they lose 440 each."""
    profits = (100.0, 300.0) if tuned else (-440.0, -440.0)
    trades = [
        exported_trade(
            profit_abs=profit,
            open_timestamp=start_ms + number * DAY_MS,
            close_timestamp=start_ms + number * DAY_MS + 3_600_000,
        )
        for number, profit in enumerate(profits)
    ]
    return exported(*trades, backtest_start_ts=start_ms, backtest_end_ts=start_ms + 2 * DAY_MS)
