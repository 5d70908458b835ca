from __future__ import annotations

import numpy as np
import pytest

from outrigger.errors import DataError, SettingsError
from outrigger.volatility.grid import CandleGrid
from outrigger.volatility.har import (
    HarModel,
    HarShape,
    forecast_variance,
    horizon_bars,
    log_components,
    season_ahead,
)
from outrigger.volatility.seasonality import WeekProfile
from tests.volatility.walks import breathing_sigma, walk_frame

SEASON = WeekProfile((1, 7), (0.3, 0.1, -0.4, 0.5))
SMALL = HarShape("range", 1.0, (3, 12, 300))
MODEL = HarModel(SMALL, SEASON, {12: (0.1, 0.4, 0.3), 48: (0.2, 0.2, 0.4)})


def _frame(n: int = 1000, seed: int = 1):
    return walk_frame(n, seed=seed, bar_sigma=breathing_sigma(n))


def _slow_forecast(frame, i: int, bars: int, beta: tuple[float, ...]) -> float:
    """Formula at one row of a gapless frame, written out."""
    past = frame.iloc[: i + 1]
    minutes = (
        past["date"].dt.day_of_week * 1440 + past["date"].dt.hour * 60 + past["date"].dt.minute
    ).to_numpy()
    factor = SEASON.factors()
    size = np.log(past["high"] / past["low"]).to_numpy() / np.sqrt(4 * np.log(2) * factor[minutes // 5])
    log_var = [2 * np.log(size[-w:].mean()) for w in SMALL.windows]
    total = (
        beta[0]
        + sum(b * (v - log_var[-1]) for b, v in zip(beta[1:], log_var[:-1], strict=True))
        + log_var[-1]
    )
    coming = factor[(minutes[-1] // 5 + 1 + np.arange(bars)) % 2016].mean()
    return float(np.exp(total) * bars * coming)


def test_forecast_matches_the_formula_written_out():
    frame = _frame()
    forecast = forecast_variance(MODEL, CandleGrid.from_frame(frame), 48)
    for i in (299, 300, 511, 999):
        assert forecast[i] == pytest.approx(_slow_forecast(frame, i, 48, (0.2, 0.2, 0.4)), rel=1e-12)


def test_components_of_returns_average_their_squares():
    frame = _frame(400)
    design, level = log_components(CandleGrid.from_frame(frame), HarShape("return", 2.0, (5, 300)), None)
    squared = np.diff(np.log(frame["close"])) ** 2
    assert level[-1] == pytest.approx(np.log(squared[-300:].mean()))
    assert design[-1, 1] == pytest.approx(np.log(squared[-5:].mean() / squared[-300:].mean()))


def test_forecast_truncated_candles_give_truncated_forecast():
    grid = CandleGrid.from_frame(_frame())
    full = forecast_variance(MODEL, grid, 48)
    for n in (0, 1, 287, 288, 289, 640, 999):
        short = forecast_variance(MODEL, CandleGrid.from_frame(_frame().iloc[:n]), 48)
        np.testing.assert_array_equal(short, full[:n])


def test_forecast_of_stretched_moves_stretches_alike():
    frame = _frame()
    wild = frame.copy()
    columns = ["open", "high", "low", "close"]
    wild[columns] = (frame[columns] / 100) ** 3
    calm = forecast_variance(MODEL, CandleGrid.from_frame(frame), 48)
    np.testing.assert_allclose(forecast_variance(MODEL, CandleGrid.from_frame(wild), 48), 9 * calm, rtol=1e-9)


def test_forecast_without_a_day_of_candles_is_missing():
    forecast = forecast_variance(MODEL, CandleGrid.from_frame(_frame()), 48)
    assert np.flatnonzero(np.isfinite(forecast))[0] == 287


def test_components_thin_window_takes_over_the_next_longer_one():
    frame = _frame(600)
    frame.loc[frame.index[-8:], "volume"] = 0.0
    design, _ = log_components(CandleGrid.from_frame(frame), SMALL, None)
    sizes = np.log(frame["high"] / frame["low"]).to_numpy()
    # 4 of the last 12 candles traded: too few, so 12 and 3 candles both read what 300 say.
    np.testing.assert_array_equal(design[-1], [1, 0, 0])
    # Two candles earlier 6 of 12 had: enough for the hour, which the 15 minutes then borrow.
    hour = 2 * np.log(sizes[-14:-8].mean() / sizes[-302:-8].mean())
    np.testing.assert_allclose(design[-3], [1, hour, hour], rtol=1e-12)


def test_components_are_clipped_at_a_hundredfold_variance():
    frame = _frame(600)
    frame.loc[frame.index[-3:], "high"] *= 1000.0
    frame.loc[frame.index[-3:], "low"] /= 1000.0
    design, _ = log_components(CandleGrid.from_frame(frame), HarShape("range", 1.0, (3, 1000)), None)
    assert design[-1, 1] == pytest.approx(np.log(100))


def test_forecast_of_a_dead_market_is_missing_not_zero():
    frame = _frame(600)
    for column in ("open", "high", "low", "close"):
        frame[column] = 100.0
    assert np.isnan(forecast_variance(MODEL, CandleGrid.from_frame(frame), 48)).all()


def test_forecast_after_trading_without_movement_stays_positive():
    frame = _frame(600)
    for column in ("open", "high", "low", "close"):
        frame.loc[frame.index[-20:], column] = 100.0
    assert forecast_variance(MODEL, CandleGrid.from_frame(frame), 48)[-1] > 0


def test_coefficients_between_horizons_are_interpolated_in_the_logarithm():
    np.testing.assert_allclose(MODEL.at(12), [0.1, 0.4, 0.3])
    np.testing.assert_allclose(MODEL.at(24), [0.15, 0.3, 0.35])


@pytest.mark.parametrize("bars", [11, 49])
def test_coefficients_outside_the_fitted_horizons_are_refused(bars):
    with pytest.raises(SettingsError, match="1 to 4 h"):
        MODEL.at(bars)


def test_season_ahead_without_profile_is_one():
    np.testing.assert_array_equal(season_ahead(CandleGrid.from_frame(_frame(4)), None, 48), np.ones(4))


@pytest.mark.parametrize(("hours", "bars"), [(4.0, 48), (1, 12), (0.01, 1), (1.54, 18)])
def test_horizon_bars_rounds_to_candles(hours, bars):
    assert horizon_bars(hours) == bars


@pytest.mark.parametrize("hours", [0.0, -1.0, np.nan, np.inf])
def test_horizon_bars_not_positive_is_refused(hours):
    with pytest.raises(SettingsError, match="not positive"):
        horizon_bars(hours)


@pytest.mark.parametrize("windows", [(12,), (12, 3), (0, 12), (12, 2017)])
def test_shape_with_unfit_windows_is_refused(windows):
    with pytest.raises(DataError, match="ascend"):
        HarShape(windows=windows)


@pytest.mark.parametrize("power", [0.0, 2.5, np.nan])
def test_shape_with_unfit_power_is_refused(power):
    with pytest.raises(DataError, match="power"):
        HarShape(power=power)


@pytest.mark.parametrize("coefficients", [{}, {48: (0.1, 0.2)}])
def test_model_with_unfit_coefficients_is_refused(coefficients):
    with pytest.raises(DataError, match="3 coefficients"):
        HarModel(SMALL, None, coefficients)
