"""Against statsmodels, pandas and simulated normals."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import SettingsError
from outrigger.hedge.moments import Fading, Window, beta_error, effectiveness, pair_moments

NAN = float("nan")


def series(count, *, beta=0.5, noise=0.4, seed=1):
    """Fat-tailed returns whose variance comes in clusters."""
    rng = np.random.default_rng(seed)
    level = np.exp(np.cumsum(rng.normal(0, 0.05, count)))
    candidate = level * rng.standard_t(4, count) * 1e-3
    return beta * candidate + level * rng.standard_t(4, count) * noise * 1e-3, candidate


@pytest.mark.parametrize("row", [99, 300, 499])
def test_window_beta_and_error_are_those_of_ordinary_least_squares(row):
    primary, candidate = series(500)
    moments = pair_moments(primary, candidate, Window(100), 50)
    error = beta_error(primary, candidate, Window(100), moments)
    past = slice(row - 99, row + 1)
    fit = sm.OLS(primary[past], candidate[past]).fit(cov_type="HC0")
    assert moments.beta[row] == pytest.approx(fit.params[0], rel=1e-9)
    assert error[row] == pytest.approx(fit.bse[0], rel=1e-6)


@pytest.mark.parametrize("row", [150, 499])
def test_fading_beta_is_that_of_weighted_least_squares_and_its_error_white_s(row):
    primary, candidate = series(500, seed=2)
    weights = Fading(40.0)
    moments = pair_moments(primary, candidate, weights, 20)
    past = 0.5 ** ((row - np.arange(row + 1)) / 40.0)
    fit = sm.WLS(primary[: row + 1], candidate[: row + 1], weights=past).fit(cov_type="HC0")
    assert moments.beta[row] == pytest.approx(fit.params[0], rel=1e-9)
    error = beta_error(primary, candidate, weights, moments)
    assert error[row] == pytest.approx(fit.bse[0], rel=1e-6)


def test_fading_moments_are_those_of_pandas():
    primary, candidate = series(400, seed=3)
    moments = pair_moments(primary, candidate, Fading(30.0), 1)
    product, square, other = (
        pd.Series(values).ewm(halflife=30.0).mean()
        for values in (primary * candidate, candidate**2, primary**2)
    )
    np.testing.assert_allclose(moments.beta, product / square, rtol=1e-9)
    np.testing.assert_allclose(moments.correlation, product / np.sqrt(square * other), rtol=1e-9)
    np.testing.assert_allclose(moments.deviation, np.sqrt(other), rtol=1e-9)


@pytest.mark.parametrize("rho", [0.3, 0.6, 0.9])
def test_effectiveness_of_the_best_beta_on_bivariate_normals_is_rho_squared(rho):
    """The variance of what is left is measured, not computed from the moments."""
    rng = np.random.default_rng(5)
    primary, candidate = rng.multivariate_normal([0, 0], [[4.0, 2 * rho], [2 * rho, 1.0]], 200_000).T * 1e-3
    moments = pair_moments(primary, candidate, Window(200_000), 1)
    beta, k = moments.beta[-1], moments.volatility_ratio[-1]
    left = 1 - np.var(primary - beta * candidate) / np.var(primary)
    assert left == pytest.approx(rho**2, abs=0.005)
    assert effectiveness(beta, moments.correlation[-1], k) == pytest.approx(left, abs=1e-4)


@given(st.floats(0.1, 0.95), st.floats(0.2, 5.0), st.floats(0.0, 1.5))
def test_effectiveness_of_a_share_of_beta_is_a_parabola_in_it(rho, k, ratio):
    assert effectiveness(ratio * rho / k, rho, k) == pytest.approx(rho**2 * ratio * (2 - ratio), abs=1e-12)


def test_effectiveness_of_a_leg_that_is_too_large_is_negative():
    assert effectiveness(1.0, 0.77, 1.6) < 0


@given(st.lists(st.integers(0, 199), unique=True, max_size=80), st.sampled_from([Window(60), Fading(25.0)]))
def test_moments_take_only_what_both_series_have(holes, weights):
    primary, candidate = series(200, seed=7)
    primary[holes[::2]], candidate[holes[1::2]] = NAN, NAN
    emptied = np.isnan(primary) | np.isnan(candidate)
    zeroed = pair_moments(np.where(emptied, NAN, primary), np.where(emptied, NAN, candidate), weights, 5)
    found = pair_moments(primary, candidate, weights, 5)
    np.testing.assert_array_equal(found.beta, zeroed.beta)
    assert np.all((np.abs(found.correlation) <= 1) | np.isnan(found.correlation))


@pytest.mark.parametrize("weights", [Window(50), Fading(20.0)])
def test_moments_of_a_price_that_stands_still_are_unknown(weights):
    primary, _ = series(100)
    still = np.zeros(100)
    moments = pair_moments(primary, still, weights, 5)
    assert np.isnan(moments.correlation).all()
    assert np.isnan(moments.beta).all()
    assert np.isnan(beta_error(primary, still, weights, moments)).all()
    other = pair_moments(still, primary, weights, 5)
    assert np.isnan(other.correlation).all()
    assert np.isnan(other.volatility_ratio).all()
    assert (other.beta[10:] == 0).all()


def test_moments_with_too_few_observations_are_unknown():
    primary, candidate = series(40)
    moments = pair_moments(primary, candidate, Window(100), 30)
    assert np.isnan(moments.beta[:29]).all()
    assert np.isfinite(moments.beta[29:]).all()
    with pytest.raises(SettingsError, match="at least one"):
        pair_moments(primary, candidate, Window(100), 0)


@pytest.mark.parametrize("weights", [Window(60), Fading(25.0)])
@pytest.mark.parametrize("cut", [1, 60, 150])
def test_moments_know_nothing_of_what_comes_later(weights, cut):
    primary, candidate = series(200, seed=9)
    whole = pair_moments(primary, candidate, weights, 5)
    part = pair_moments(primary[:cut], candidate[:cut], weights, 5)
    errors = beta_error(primary, candidate, weights, whole)
    np.testing.assert_array_equal(beta_error(primary[:cut], candidate[:cut], weights, part), errors[:cut])
    for name in ("beta", "correlation", "volatility_ratio", "deviation"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[:cut])


def test_beta_error_of_a_perfect_fit_is_zero_and_never_imaginary():
    _, candidate = series(200)
    moments = pair_moments(0.5 * candidate, candidate, Window(100), 5)
    error = beta_error(0.5 * candidate, candidate, Window(100), moments)[5:]
    assert (error < 1e-8).all()
