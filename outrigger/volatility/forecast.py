"""Sigma: the size of move to expect over the stop's horizon, the unit in which every stop is measured.

The forecast is the one that scored best out of sample (see `compare`): HAR on the mean range of
deseasonalised five-minute candles. It is a standard deviation of the log return, not a bound; returns have
fat tails around it. It uses closed candles of the last week only, so 2016 candles of start-up give the
same number as years do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outrigger.volatility.grid import CandleGrid
from outrigger.volatility.har import forecast_variances, horizon_bars
from outrigger.volatility.har_json import shipped_model

STARTUP_CANDLES = 2016


def sigmas(candles: pd.DataFrame, horizons_hours: Sequence[float]) -> list[pd.Series]:
    """Forecast the standard deviation of the log return over the coming hours, for several horizons at once.

    Parameters
    ----------
    candles : DataFrame of shape (n_rows, >= 6)
        One pair's 5m candles: date (UTC, candle open, ascending), open, high, low, close, volume.
        Gaps, candles without volume and NaN are missing observations.
    horizons_hours : sequence of float
        Hours ahead, 1 to 24.

    Returns
    -------
    list of Series of float64, shape (n_rows,)
        One a horizon, named "sigma", with the frame's index. Row i is known at the close of candle i; NaN
        with less than a day of traded candles in the past week.

    Raises
    ------
    DataError
        The frame is not one of ascending 5m candles.
    SettingsError
        A horizon is outside what the shipped model was fitted for.
    """
    bars = [horizon_bars(hours) for hours in horizons_hours]
    grid = CandleGrid.from_frame(candles)
    return [
        pd.Series(np.sqrt(variance)[grid.rows], index=candles.index, name="sigma", dtype=np.float64)
        for variance in forecast_variances(shipped_model(), grid, bars)
    ]
