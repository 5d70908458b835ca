"""The volatility forecasts that compete for the place behind `sigma`.

First what every desk uses, unfitted: exponential and rolling averages. Then HAR models that differ in
one thing at a time, fitted on the training window: returns or ranges, variance or mean range, without and
with the season. A seasonal version of the best simple average shows how much of a gain is the clock alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from outrigger.volatility.ewma import decay_from_half_life, ewma_variance
from outrigger.volatility.grid import BARS_PER_DAY, BARS_PER_HOUR, CandleGrid
from outrigger.volatility.har import HarModel, HarShape, forecast_variance, season_ahead
from outrigger.volatility.har_fit import fit
from outrigger.volatility.ranges import parkinson
from outrigger.volatility.seasonality import WeekProfile, fit_week_profile
from outrigger.volatility.windows import Array, trailing_means

Forecaster = Callable[[CandleGrid, int], Array]
"""Candles and a horizon in candles in, variance over the horizon out, element i known at close i."""

REFERENCE = "ewma-1d"
SHIPPED = "har-mean-range-season"
# Horizons of the shipped model, in candles: 1, 2, 4, 8, 12 and 24 h.
SHIPPED_HORIZONS = (12, 24, 48, 96, 144, 288)
RISKMETRICS_DECAY = 0.94


def ewma_returns(half_life: float) -> Forecaster:
    """Make an EWMA of squared five-minute returns.

    Parameters
    ----------
    half_life : float
        In candles.

    Returns
    -------
    Forecaster
    """
    decay = decay_from_half_life(half_life)
    return lambda grid, bars: bars * ewma_variance(grid.log_returns() ** 2, decay=decay)


def ewma_ranges(half_life: float) -> Forecaster:
    """Make an EWMA of Parkinson variances.

    Parameters
    ----------
    half_life : float
        In candles.

    Returns
    -------
    Forecaster
    """
    decay = decay_from_half_life(half_life)

    def forecast(grid: CandleGrid, bars: int) -> Array:
        variance = np.where(grid.traded, parkinson(grid.open, grid.high, grid.low, grid.close), np.nan)
        return bars * ewma_variance(variance, decay=decay)

    return forecast


def riskmetrics_hourly(grid: CandleGrid, bars: int) -> Array:
    """Forecast with RiskMetrics' decay of 0.94 on closed clock hours, held until the next hour closes.

    Parameters
    ----------
    grid : CandleGrid
        One pair's candles.
    bars : int
        Horizon in candles.

    Returns
    -------
    ndarray of shape (n_periods,)
    """
    ends = np.flatnonzero((grid.first + np.arange(len(grid))) % BARS_PER_HOUR == BARS_PER_HOUR - 1)
    hourly = np.diff(np.log(grid.close[ends]), prepend=np.nan) ** 2 if len(ends) else np.empty(0)
    smooth = ewma_variance(hourly, decay=RISKMETRICS_DECAY) * bars / BARS_PER_HOUR
    closed = np.searchsorted(ends, np.arange(len(grid)), side="right")
    return np.concatenate(([np.nan], smooth))[closed]


def rolling_day(grid: CandleGrid, bars: int) -> Array:
    """Forecast with the mean squared return of the last day.

    Parameters
    ----------
    grid : CandleGrid
        One pair's candles.
    bars : int
        Horizon in candles.

    Returns
    -------
    ndarray of shape (n_periods,)
    """
    (mean,), _ = trailing_means(grid.log_returns() ** 2, [BARS_PER_DAY])
    return bars * mean


def day_and_two_hours(profile: WeekProfile | None = None) -> Forecaster:
    """Make the mean of a day's and two hours' EWMA (half-lives) of squared returns.

    Parameters
    ----------
    profile : WeekProfile, optional
        Season to divide out and put back.

    Returns
    -------
    Forecaster
    """
    slow, fast = decay_from_half_life(BARS_PER_DAY), decay_from_half_life(2 * BARS_PER_HOUR)

    def forecast(grid: CandleGrid, bars: int) -> Array:
        squared = grid.log_returns() ** 2
        if profile is not None:
            squared = squared / profile.factors()[grid.week_slots()]
        mean = 0.5 * (ewma_variance(squared, decay=slow) + ewma_variance(squared, decay=fast))
        return bars * mean * season_ahead(grid, profile, bars)

    return forecast


def har(model: HarModel) -> Forecaster:
    """Wrap a fitted HAR model.

    Parameters
    ----------
    model : HarModel
        Fitted for the horizon that will be asked for.

    Returns
    -------
    Forecaster
    """
    return lambda grid, bars: forecast_variance(model, grid, bars)


def candidates(training: Sequence[CandleGrid], bars: int) -> dict[str, Forecaster]:
    """Fit and list everything that competes.

    Parameters
    ----------
    training : sequence of CandleGrid
        One a pair, cut at the end of the training window.
    bars : int
        Horizon in candles.

    Returns
    -------
    dict of str to Forecaster

    Raises
    ------
    DataError
        Too little training history.
    """
    season = fit_week_profile(training)
    shapes = {
        "har-returns": HarShape("return", 2.0, (12, 48, 288, 2016)),
        "har-range-variance": HarShape("range", 2.0),
        "har-mean-range": HarShape("range", 1.0),
    }
    listed: dict[str, Forecaster] = {
        REFERENCE: ewma_returns(BARS_PER_DAY),
        "ewma-6h": ewma_returns(BARS_PER_DAY / 4),
        "riskmetrics-1h": riskmetrics_hourly,
        "rolling-1d": rolling_day,
        "ewma-1d-2h": day_and_two_hours(),
        "range-ewma-6h": ewma_ranges(BARS_PER_DAY / 4),
        "ewma-1d-2h-season": day_and_two_hours(season),
    }
    for name, shape in shapes.items():
        listed[name] = har(fit(training, horizons=[bars], shape=shape))
        listed[f"{name}-season"] = har(fit(training, horizons=[bars], shape=shape, profile=season))
    return listed
