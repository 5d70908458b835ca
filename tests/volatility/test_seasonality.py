from __future__ import annotations

import numpy as np
import pytest

from outrigger.errors import DataError
from outrigger.volatility.grid import BARS_PER_WEEK, CandleGrid
from outrigger.volatility.seasonality import HARMONICS, WeekProfile, fit_week_profile
from tests.volatility.walks import walk_frame

PLANTED = WeekProfile((1, 7), (0.3, 0.1, -0.4, 0.5))


def _seasonal_grid(weeks: int, seed: int) -> CandleGrid:
    factor = np.tile(PLANTED.factors(), weeks)
    level = np.repeat(np.exp(np.random.default_rng(seed).normal(0, 0.3, weeks)), BARS_PER_WEEK)
    return CandleGrid.from_frame(
        walk_frame(weeks * BARS_PER_WEEK, seed=seed, bar_sigma=0.002 * np.sqrt(factor) * level)
    )


def test_factors_follow_the_formula_with_mean_one():
    factor = PLANTED.factors()
    assert factor.shape == (BARS_PER_WEEK,)
    assert factor.mean() == pytest.approx(1)
    angle = 2 * np.pi * (np.array([5, 900]) + 0.5) / BARS_PER_WEEK
    logs = 0.3 * np.sin(angle) + 0.1 * np.cos(angle) - 0.4 * np.sin(7 * angle) + 0.5 * np.cos(7 * angle)
    assert factor[5] / factor[900] == pytest.approx(np.exp(logs[0] - logs[1]))


def test_factors_run_smoothly_over_the_end_of_the_week():
    factor = WeekProfile(HARMONICS, tuple(np.full(2 * len(HARMONICS), 0.1))).factors()
    jumps = np.abs(np.diff(np.log(np.append(factor, factor[0]))))
    assert jumps[-1] < jumps.max() + 1e-12


@pytest.mark.parametrize("bars", [1, 48, BARS_PER_WEEK])
def test_ahead_is_the_mean_of_the_coming_slots(bars):
    factor = PLANTED.factors()
    for slot in (0, 700, BARS_PER_WEEK - 1):
        coming = factor[(slot + 1 + np.arange(bars)) % BARS_PER_WEEK].mean()
        assert PLANTED.ahead(bars)[slot] == pytest.approx(coming)


@pytest.mark.parametrize("bars", [0, BARS_PER_WEEK + 1])
def test_ahead_outside_a_week_is_refused(bars):
    with pytest.raises(DataError, match="not between"):
        PLANTED.ahead(bars)


def test_fit_recovers_a_planted_season_whatever_the_weeks_levels():
    fitted = fit_week_profile([_seasonal_grid(6, 1), _seasonal_grid(6, 2)])
    ratio = fitted.factors() / PLANTED.factors()
    assert np.sqrt(np.mean(np.log(ratio) ** 2)) < 0.05


def test_fit_of_one_crash_hardly_moves_the_season():
    frame = walk_frame(5 * BARS_PER_WEEK, seed=4)
    calm = fit_week_profile([CandleGrid.from_frame(frame)])
    frame.loc[2 * BARS_PER_WEEK + 300, "low"] *= 0.7
    wild = fit_week_profile([CandleGrid.from_frame(frame)])
    assert np.abs(np.log(wild.factors() / calm.factors())).max() < 0.4


def test_fit_with_too_little_history_is_refused():
    for grids in ([], [CandleGrid.from_frame(walk_frame(BARS_PER_WEEK))]):
        with pytest.raises(DataError, match="two weeks"):
            fit_week_profile(grids)


def test_profile_with_missing_coefficients_is_refused():
    with pytest.raises(DataError, match="a sine and a cosine"):
        WeekProfile((1, 7), (0.1, 0.2, 0.3))
