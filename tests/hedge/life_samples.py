"""Tracks made from a few closes, for runners and lives."""

from __future__ import annotations

import numpy as np

from outrigger.hedge.runner import RunnerTrack, runner_momentum
from outrigger.settings.hedge import HedgeSettings
from outrigger.sided import alike
from outrigger.stops.policies import MarketColumns, WidthColumns
from outrigger.stops.track import StopTrack

MINUTE, HOUR = 60_000, 3_600_000
T0 = 1_738_540_800_000


def closes_at(row):
    """When candle `row` closes."""
    return T0 + (row + 1) * MINUTE


def track_of_closes(closes, *, trail, momentum_hours=1.0):
    """One-minute candles that are nothing but their closes, with a constant trail."""
    close = np.asarray(closes, dtype=np.float64)
    size = len(close)
    market = MarketColumns(*(np.full(size, 0.02) for _ in range(3)), np.full(size, np.nan))
    widths = alike(WidthColumns(*(np.full(size, 0.03) for _ in range(3))))
    times = T0 + MINUTE * np.arange(1, size + 1, dtype=np.int64)
    settings = HedgeSettings(runner_momentum_hours=momentum_hours)
    return RunnerTrack(
        StopTrack(times, close, close, close, market, widths, MINUTE),
        np.full(size, trail),
        runner_momentum(close, "1m", settings),
    )
