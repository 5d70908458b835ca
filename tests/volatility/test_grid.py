from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.volatility.grid import BARS_PER_WEEK, CandleGrid
from tests.volatility.walks import walk_frame


def test_grid_with_missing_rows_keeps_their_places_empty():
    frame = walk_frame(20).drop(index=[4, 5, 11])
    grid = CandleGrid.from_frame(frame)
    assert len(grid) == 20
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(grid.close)), [4, 5, 11])
    np.testing.assert_array_equal(grid.close[grid.rows], frame["close"])
    assert not grid.traded[[4, 5, 11]].any()


def test_grid_contradictory_candle_counts_as_missing():
    frame = walk_frame(10)
    frame.loc[3, "high"] = frame.loc[3, "low"] * 0.99
    frame.loc[6, "close"] = np.nan
    grid = CandleGrid.from_frame(frame)
    np.testing.assert_array_equal(np.flatnonzero(~grid.traded), [3, 6])
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(grid.log_returns())), [0, 3, 4, 6, 7])


def test_grid_candle_without_volume_keeps_its_close_but_did_not_trade():
    frame = walk_frame(10)
    frame.loc[4, "volume"] = 0.0
    grid = CandleGrid.from_frame(frame)
    assert not grid.traded[4]
    assert np.isfinite(grid.log_returns()[1:]).all()


def test_week_slots_start_on_monday_midnight_utc():
    frame = walk_frame(BARS_PER_WEEK + 3, start="2025-01-06")
    np.testing.assert_array_equal(CandleGrid.from_frame(frame).week_slots()[[0, 1, -3, -1]], [0, 1, 0, 2])


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_grid_any_unit_and_zone_lands_on_the_same_periods(unit, zone):
    frame = walk_frame(5)
    dates = frame["date"].dt.as_unit(unit)
    frame["date"] = dates.dt.tz_localize(None) if zone is None else dates.dt.tz_convert(zone)
    grid = CandleGrid.from_frame(frame)
    assert grid.first == int(datetime(2025, 1, 6, tzinfo=UTC).timestamp()) // 300
    assert str(grid.starts()[1]) == "2025-01-06T00:05:00.000"


def test_until_keeps_the_candles_closed_by_then():
    grid = CandleGrid.from_frame(walk_frame(10).drop(index=[2]))
    cut = grid.until(datetime(2025, 1, 6, 0, 17, tzinfo=UTC))
    assert len(cut) == 3
    np.testing.assert_array_equal(cut.rows, [0, 1])
    assert len(grid.until(datetime(2024, 1, 1, tzinfo=UTC))) == 0


def test_until_without_time_zone_is_refused():
    with pytest.raises(DataError, match="time zone"):
        CandleGrid.from_frame(walk_frame(3)).until(datetime(2025, 1, 6))  # noqa: DTZ001


def test_grid_of_empty_frame_is_empty():
    grid = CandleGrid.from_frame(walk_frame(3).iloc[:0])
    assert len(grid) == len(grid.rows) == len(grid.log_returns()) == 0


def _off_clock(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(date=frame["date"] + pd.Timedelta("1min"))


def _coarse(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[::3]


def _no_date(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(date=frame["date"].where(frame.index != 2))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_off_clock, "not the start of a 5m candle"),
        (_coarse, "15 minutes apart"),
        (_no_date, "empty values"),
        (lambda frame: frame.iloc[::-1], "sort by date"),
        (lambda frame: pd.concat([frame.iloc[:3], frame.iloc[2:]]), "duplicates"),
        (lambda frame: frame.drop(columns=["low", "volume"]), "low, volume"),
        (lambda frame: frame.assign(date=range(len(frame))), "to_datetime"),
    ],
)
def test_grid_of_unfit_frame_is_refused(spoil, message):
    with pytest.raises(DataError, match=message):
        CandleGrid.from_frame(spoil(walk_frame(60)))
