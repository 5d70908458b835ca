"""Whole `freqtrade backtesting` processes of Outrigger and of its floor, in turn, on one replay exchange."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from outrigger.replay.exchange import ReplayServer, open_market
from outrigger.replay.overlay import environment_without, exchange_overlay
from tests.benchmarks.market_data import BenchmarkMarket
from tests.benchmarks.pairing import Paired, side_by_side
from tests.conftest import REPOSITORY

MINUTE_MS = 60_000
FLOOR_PATH = Path(__file__).resolve().parent / "floor"


class BenchmarkError(Exception):
    """A benchmark could not be run."""


@dataclass(frozen=True)
class Run:
    """One backtest: wall and processor seconds, peak resident MB, seconds by phase, and its trades."""

    wall: float
    cpu: float
    peak_mb: float
    phases: dict[str, float]
    trades: list[dict[str, Any]]

    @property
    def minutes(self) -> float:
        """Minutes in trade, summed over the trades."""
        return sum(trade["closed_ms"] - trade["opened_ms"] for trade in self.trades) / MINUTE_MS


class BacktestBench:
    """Runs backtests of one market, with everything they write in one directory.

    Parameters
    ----------
    market : BenchmarkMarket
        What is traded.
    home : Path
        Empty directory for configuration, reports and Freqtrade's own files.
    """

    def __init__(self, market: BenchmarkMarket, home: Path) -> None:
        self.market, self.home = market, home

    def pairs(self, turns: int) -> Paired[Run]:
        """Run both strategies in turn; each run of Outrigger tells the floor what to trade next."""
        with ReplayServer(open_market(self.market.datadir, replay=False)) as server:
            overlay = self._overlay(server.url)

            def ours() -> Run:
                found = self._backtest("Outrigger", REPOSITORY / "strategies", overlay)
                (self.home / "trades.json").write_text(json.dumps(found.trades), encoding="utf-8")
                return found

            def floor() -> Run:
                return self._backtest("Floor", FLOOR_PATH, overlay)

            return side_by_side(ours, floor, turns)

    def switched(self, block: Mapping[str, Any], turns: int) -> Paired[Run]:
        """Run Outrigger with a part switched on, and as it is shipped, in turn.

        Parameters
        ----------
        block : mapping
            The `"outrigger"` block that switches the part on.
        turns : int
            Turns of each.

        Returns
        -------
        Paired of Run
            Switched on first.
        """
        with ReplayServer(open_market(self.market.datadir, replay=False)) as server:
            overlay = self._overlay(server.url)
            path = REPOSITORY / "strategies"
            overlaid = {**overlay, "outrigger": dict(block)}

            def on() -> Run:
                (self.home / "overlay.json").write_text(json.dumps(overlaid), encoding="utf-8")
                return self._backtest("Outrigger", path, overlay)

            def off() -> Run:
                (self.home / "overlay.json").write_text(json.dumps(overlay), encoding="utf-8")
                return self._backtest("Outrigger", path, overlay)

            return side_by_side(on, off, turns)

    def _overlay(self, url: str) -> dict[str, Any]:
        overlay = exchange_overlay(url)
        overlay["exchange"]["pair_whitelist"] = list(self.market.pairs)
        overlay["benchmark_trades"] = str(self.home / "trades.json")
        (self.home / "overlay.json").write_text(json.dumps(overlay), encoding="utf-8")
        return overlay

    def _backtest(self, strategy: str, path: Path, overlay: dict[str, Any]) -> Run:
        report, log = self.home / "report.json", self.home / "freqtrade.log"
        report.unlink(missing_ok=True)
        line = [sys.executable, "-m", "tests.benchmarks.timed_freqtrade", str(report), "backtesting"]
        line += ["--config", "config.json", "--config", str(self.home / "overlay.json")]
        line += ["--strategy", strategy, "--strategy-path", str(path), "--timerange", self.market.timerange]
        line += ["--datadir", str(self.market.datadir), "--user-data-dir", str(self.home)]
        line += ["--export", "none", "--cache", "none"]
        # One thread each: the ratio is of work done, not of cores found idle.
        variables = environment_without(os.environ, overlay) | {"OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
        with log.open("wb") as sink:
            begun = perf_counter()
            done = subprocess.run(line, cwd=REPOSITORY, env=variables, stdout=sink, stderr=sink, check=False)
            wall = perf_counter() - begun
        if done.returncode or not report.is_file():
            last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
            raise BenchmarkError("\n".join((f"backtest of {strategy} failed ({done.returncode}):", *last)))
        found = json.loads(report.read_text(encoding="utf-8"))
        return Run(wall, found["cpu_seconds"], found["peak_mb"], found["phases"], found["trades"])


def shared_entries(ours: Iterable[dict[str, Any]], floor: Iterable[dict[str, Any]]) -> int:
    """Number of trades that both opened: the same pair, side and minute."""
    keys = ("pair", "is_short", "opened_ms")
    return len({tuple(t[k] for k in keys) for t in ours} & {tuple(t[k] for k in keys) for t in floor})
