"""Time of Outrigger's columns over that of Freqtrade's sample strategy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from freqtrade.enums import CandleType, RunMode
from freqtrade.strategy import IStrategy
from freqtrade.templates.sample_strategy import SampleStrategy
from outrigger_strategy import Outrigger

from tests.benchmarks.bench import Bench
from tests.benchmarks.pairing import seconds, side_by_side
from tests.benchmarks.result import Result
from tests.benchmarks.walk import minute_walk, resampled
from tests.conftest import REPOSITORY

TARGET = 3.0
PAIR = "BTC/USDT:USDT"
YEAR_DAYS, QUICK_DAYS = 365, 15


class Charts:
    """Stands in for Freqtrade's data provider: charts of one walk, copied out as Freqtrade copies them."""

    runmode = RunMode.BACKTEST

    def __init__(self, minute: pd.DataFrame) -> None:
        self.minute = minute
        self._charts: dict[str, pd.DataFrame] = {}

    def current_whitelist(self) -> list[str]:
        return [PAIR]

    def get_pair_dataframe(
        self, pair: str, timeframe: str | None = None, candle_type: str | CandleType = ""
    ) -> pd.DataFrame:
        name = timeframe or "1m"
        if name not in self._charts:
            self._charts[name] = resampled(self.minute, name)
        return self._charts[name].copy()


def indicators(bench: Bench) -> Result:
    """All three `populate_` methods of both, on the same year of one minute candles."""
    days = bench.size(YEAR_DAYS, QUICK_DAYS)
    minute = minute_walk(days * 1440)
    charts = Charts(minute)
    ours, sample = (_strategy(kind, charts, bench.home) for kind in (Outrigger, SampleStrategy))
    for strategy in (ours, sample):
        _populate(strategy, minute.copy())
    found = side_by_side(_timed(ours, minute), _timed(sample, minute), turns=bench.size(7, 1))
    details = {"candles": len(minute), "turns": len(found.ours), "seconds": found.summary(float)}
    measures = "time of a year's columns over the sample strategy's"
    return Result("indicators", measures, found.ratio(float), "×", TARGET, details)


def _strategy(kind: type[IStrategy], charts: Charts, home: Path) -> IStrategy:
    config: dict[str, Any] = json.loads((REPOSITORY / "config.json").read_text(encoding="utf-8"))
    strategy = kind(config | {"runmode": charts.runmode, "timeframe": "1m", "user_data_dir": home})
    strategy.timeframe = "1m"
    strategy.dp = charts  # type: ignore[assignment]
    return strategy


def _populate(strategy: IStrategy, frame: pd.DataFrame) -> None:
    metadata = {"pair": PAIR}
    frame = strategy.populate_indicators(frame, metadata)
    frame = strategy.populate_entry_trend(frame, metadata)
    strategy.populate_exit_trend(frame, metadata)


def _timed(strategy: IStrategy, minute: pd.DataFrame) -> Callable[[], float]:
    def turn() -> float:
        frame = minute.copy()
        return seconds(lambda: _populate(strategy, frame))

    return turn
