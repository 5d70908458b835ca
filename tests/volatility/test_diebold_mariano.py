from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import t as student_t

from outrigger.errors import DataError
from outrigger.volatility.diebold_mariano import diebold_mariano, long_run_variance


def _moving_average(rng: np.random.Generator, n: int, horizon: int) -> np.ndarray:
    return np.convolve(rng.normal(size=n + horizon - 1), np.ones(horizon), mode="valid")


@pytest.mark.parametrize("lag", [0, 3, 25])
def test_long_run_variance_matches_statsmodels_newey_west(lag):
    x = _moving_average(np.random.default_rng(1), 300, 4) + 0.3
    fit = sm.OLS(x, np.ones(len(x))).fit(cov_type="HAC", cov_kwds={"maxlags": lag, "use_correction": False})
    assert long_run_variance(x, lag) / len(x) == pytest.approx(fit.bse[0] ** 2)


def test_diebold_mariano_one_step_matches_hand_calculation():
    # h = 1: correction √((n − 1)/n), so the statistic is the ordinary t statistic.
    difference = np.array([1.0, -1.0, 2.0, 4.0])
    result = diebold_mariano(difference, np.zeros(4), horizon=1)
    expected = 1.5 / np.sqrt(difference.var(ddof=1) / 4)
    assert result.difference == 1.5
    assert result.statistic == pytest.approx(expected)
    assert result.p_value == pytest.approx(2 * student_t.sf(expected, 3))


def test_diebold_mariano_swapped_forecasts_change_the_sign_only():
    rng = np.random.default_rng(2)
    a, b = rng.exponential(size=(2, 200))
    forth, back = diebold_mariano(a, b, horizon=5), diebold_mariano(b, a, horizon=5)
    assert forth.statistic == -back.statistic
    assert forth.p_value == back.p_value


def test_diebold_mariano_equal_forecasts_are_rarely_told_apart():
    rng = np.random.default_rng(3)
    rejected = [
        diebold_mariano(_moving_average(rng, 600, 4), np.zeros(600), horizon=4, lag=12).p_value < 0.05
        for _ in range(400)
    ]
    # Nominal 5 %; Bartlett weights undercount a little.
    assert 0.02 < np.mean(rejected) < 0.10


def test_diebold_mariano_identical_losses_are_no_evidence():
    result = diebold_mariano(np.ones(50), np.ones(50), horizon=4)
    assert (result.difference, result.statistic, result.p_value) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("first", "second", "horizon", "message"),
    [
        (np.ones(5), np.ones(6), 1, "same times"),
        (np.ones(7), np.ones(7), 4, "too few"),
        (np.ones(9), np.ones(9), 0, "too few"),
        (np.array([1.0, np.nan, 2.0, 3.0]), np.ones(4), 1, "NaN"),
    ],
)
def test_diebold_mariano_of_unfit_losses_is_refused(first, second, horizon, message):
    with pytest.raises(DataError, match=message):
        diebold_mariano(first, second, horizon=horizon)
