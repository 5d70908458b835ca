from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outrigger.regime.features.clock import summer_bars
from outrigger.volatility.grid import CandleGrid


@pytest.mark.parametrize("day", ["2025-03-09", "2025-11-02", "2025-07-01", "2025-01-15"])
def test_summer_bars_are_new_yorks_clock_less_its_winter_one(day: str) -> None:
    """On the two Sundays the clock moves at two in the morning: at 07:00 and at 06:00 UTC."""
    dates = pd.date_range(day, periods=288, freq="5min", tz="UTC")
    prices = dict.fromkeys(("open", "high", "low", "close"), 100.0)
    grid = CandleGrid.from_frame(pd.DataFrame({"date": dates, **prices, "volume": 1.0}))
    local = dates.tz_convert("America/New_York")
    hours = np.array([moment.utcoffset() / pd.Timedelta("1h") for moment in local])
    np.testing.assert_array_equal(summer_bars(grid), (hours + 5) * 12)
    np.testing.assert_array_equal(summer_bars(grid, 200), summer_bars(grid)[200:])
