"""What the rows share: sizes, a place to work in, and the backtests, which two rows read."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.benchmarks import depth_year
from tests.benchmarks.backtests import BacktestBench, Run
from tests.benchmarks.market_data import BenchmarkMarket, benchmark_market
from tests.benchmarks.measured_process import Usage, measured
from tests.benchmarks.pairing import Paired
from tests.conftest import REPOSITORY, market_data_dir


@dataclass(frozen=True)
class Bench:
    """One run of the benchmarks.

    Parameters
    ----------
    home : Path
        Temporary directory.
    quick : bool
        Small sizes, to see that everything runs; the figures mean nothing then.
    synthetic : bool
        Use the synthetic market even where real candles are at hand.
    """

    home: Path
    quick: bool = False
    synthetic: bool = False

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    @cached_property
    def market(self) -> BenchmarkMarket:
        return benchmark_market(self.home / "market", quick=self.quick, synthetic=self.synthetic)

    @cached_property
    def backtests(self) -> Paired[Run]:
        work = self.home / "freqtrade"
        work.mkdir()
        return BacktestBench(self.market, work).pairs(turns=self.size(5, 1))

    @cached_property
    def regime_training(self) -> Usage:
        """One model on all candles of the regime market, as a command of its own."""
        work = self.home / "regime-training"
        work.mkdir()
        out = ["--out", str(work / "bundle"), "--models", "1"]
        # The quick market is eighteen days long.
        out += ["--minimum-days", "5"] if self.quick else []
        command = ("-c", "from outrigger.cli import main; main()", "train")
        return measured((*command, "--datadir", str(self.regime_market), *out), work / "train.log")

    @cached_property
    def regime_bundle(self) -> Path:
        """The bundle that `regime_training` made."""
        assert self.regime_training.wall > 0
        return self.home / "regime-training" / "bundle"

    @cached_property
    def regime_market(self) -> Path:
        """Nine months of six pairs where the machine has them, else what the other rows run on."""
        real = None if self.quick or self.synthetic else market_data_dir()
        nine_months = None if real is None else real / "binance-5m-2025h1"
        return nine_months if nine_months is not None and nine_months.is_dir() else self.market.datadir

    @cached_property
    def live_loops(self) -> dict[str, dict[str, float]]:
        """Outrigger's share of a dry run's loops, classifier and funding included."""
        on = {"regime": {"enabled": True}, "squeeze": {"funding": True}}
        whitelist = {"pair_whitelist": list(self.market.pairs)}
        overlay = self.home / "live.json"
        overlay.write_text(json.dumps({"exchange": whitelist, "outrigger": on}), encoding="utf-8")
        where = ["--datadir", str(self.market.datadir), "--config", "config.json", str(overlay)]
        when = ["--start", self.market.lively, "--hours", str(self.size(4, 1) / 2), "--json"]
        # A process of its own: a driven bot keeps database and clock for the whole of it.
        command = [sys.executable, "-m", "outrigger.rehearsal.our_share", *where, *when]
        ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
        found: dict[str, dict[str, float]] = json.loads(ran.stdout.splitlines()[-1])
        return found

    @property
    def depth_days(self) -> int:
        return self.size(365, 3)

    @cached_property
    def depth_year(self) -> Usage:
        work = self.home / "depth-year"
        work.mkdir()
        return depth_year.measure(work, self.depth_days)
