"""One file a row: a function from `Bench` to `Result`. A new row is a new file and a line here."""

from __future__ import annotations

from collections.abc import Callable

from tests.benchmarks.bench import Bench
from tests.benchmarks.result import Result
from tests.benchmarks.rows.backtest import backtest
from tests.benchmarks.rows.depth_day import depth_day
from tests.benchmarks.rows.depth_year import depth_year, depth_year_memory
from tests.benchmarks.rows.feature_merge import feature_merge
from tests.benchmarks.rows.hedge import hedge_backtest
from tests.benchmarks.rows.hedge_decision import hedge_decision
from tests.benchmarks.rows.indicators import indicators
from tests.benchmarks.rows.live_loop import live_loop, live_loop_between, live_stop
from tests.benchmarks.rows.live_snapshot import live_snapshot
from tests.benchmarks.rows.memory import memory
from tests.benchmarks.rows.recording import recording
from tests.benchmarks.rows.regime import (
    regime_backtest,
    regime_candle,
    regime_loading,
    regime_scoring,
    regime_training,
    regime_training_memory,
)
from tests.benchmarks.rows.review import review
from tests.benchmarks.rows.stop_decision import stop_decision
from tests.benchmarks.rows.study import stop_lab, study, study_workers

ROWS: dict[str, Callable[[Bench], Result]] = {
    "backtest": backtest,
    "memory": memory,
    "indicators": indicators,
    "stop-decision": stop_decision,
    "hedge-backtest": hedge_backtest,
    "hedge-decision": hedge_decision,
    "depth-day": depth_day,
    "depth-year": depth_year,
    "depth-year-memory": depth_year_memory,
    "feature-merge": feature_merge,
    "live-snapshot": live_snapshot,
    "recording": recording,
    "live-loop": live_loop,
    "live-loop-between": live_loop_between,
    "live-stop": live_stop,
    "regime-training": regime_training,
    "regime-training-memory": regime_training_memory,
    "regime-scoring": regime_scoring,
    "regime-candle": regime_candle,
    "regime-loading": regime_loading,
    "regime-backtest": regime_backtest,
    "stop-lab": stop_lab,
    "study": study,
    "study-workers": study_workers,
    "review": review,
}
