"""What the rows share: sizes, a place to work in, and the backtests, which two rows read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.benchmarks import depth_year
from tests.benchmarks.backtests import BacktestBench, Run
from tests.benchmarks.market_data import BenchmarkMarket, benchmark_market
from tests.benchmarks.measured_process import Usage
from tests.benchmarks.pairing import Paired


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

    @property
    def depth_days(self) -> int:
        return self.size(365, 3)

    @cached_property
    def depth_year(self) -> Usage:
        work = self.home / "depth-year"
        work.mkdir()
        return depth_year.measure(work, self.depth_days)
