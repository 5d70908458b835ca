"""The replayed stop of a finished trade, on a track whose widths are given by hand."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from outrigger.errors import DataError
from outrigger.review.stop_line import stop_line
from outrigger.settings.stop import StopSettings
from outrigger.sided import alike
from outrigger.stops.policies import MarketColumns, WidthColumns
from outrigger.stops.track import StopTrack
from tests.review.ledger import HOUR_MS, MINUTE_MS, START_MS, trade

OPENED = START_MS + 2 * MINUTE_MS


def track(highs: list[float], activation: float = 0.015) -> StopTrack:
    """Candles from `START_MS` with a 3 % protective stop and a 2 % trail."""
    count, high = len(highs), np.array(highs, dtype=np.float64)
    closed = START_MS + (np.arange(count) + 1) * MINUTE_MS
    market = MarketColumns(**{field.name: np.full(count, 0.01) for field in fields(MarketColumns)})
    widths = WidthColumns(np.full(count, 0.03), np.full(count, activation), np.full(count, 0.02))
    return StopTrack(closed, high, high - 20, high - 10, market, alike(widths), MINUTE_MS)


def held(closed_after_minutes: int):
    return trade(opened_ms=OPENED, closed_ms=OPENED + closed_after_minutes * MINUTE_MS)


SETTINGS = StopSettings(min_step=0.0)
RISE = [40_000.0] * 4 + [40_800.0, 40_800.0, 41_000.0, 40_900.0, 40_900.0]


def test_stop_line_holds_the_protective_stop_until_the_trail_arms() -> None:
    line = stop_line(held(6), track(RISE), SETTINGS)
    armed = START_MS + 5 * MINUTE_MS  # close of the candle that reached +2 %
    assert line.protective_distance == pytest.approx(0.03)
    assert line.armed_ms == armed
    times, prices = zip(*line.levels, strict=True)
    assert times == (OPENED, armed, START_MS + 7 * MINUTE_MS)
    assert prices == pytest.approx((38_800.0, 39_984.0, 40_180.0))
    assert line.until_ms == OPENED + 6 * MINUTE_MS


def test_stop_line_ends_with_the_trade() -> None:
    line = stop_line(held(1), track(RISE), SETTINGS)
    assert line.armed_ms is None
    assert len(line.levels) == 1


def test_stop_line_of_a_trade_that_ends_on_its_entry_candle_has_its_protective_stop() -> None:
    line = stop_line(held(0), track(RISE), SETTINGS)
    assert line.levels == ((OPENED, pytest.approx(38_800.0)),)


def test_stop_line_of_a_trail_from_the_entry_on_is_armed_at_the_entry() -> None:
    line = stop_line(held(6), track(RISE, activation=0.0), SETTINGS)
    assert line.armed_ms == OPENED
    assert line.levels[0][1] == pytest.approx(39_200.0)
    assert line.protective_distance == pytest.approx(0.02)


def test_stop_line_before_the_candles_is_refused() -> None:
    with pytest.raises(DataError, match="do not cover the entry"):
        stop_line(trade(opened_ms=START_MS - HOUR_MS), track(RISE), SETTINGS)
