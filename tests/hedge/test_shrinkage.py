"""Against scikit-learn, and Vasicek's weights by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.covariance import ledoit_wolf

from outrigger.errors import DataError
from outrigger.hedge.moments import Window
from outrigger.hedge.shrinkage import correlation_shrinkage, vasicek

NAN = float("nan")


def returns(count, pairs, *, common=0.7, seed=1):
    rng = np.random.default_rng(seed)
    market = rng.standard_t(5, count)
    own = rng.standard_t(5, (pairs, count))
    return list((common * market + own) * np.linspace(1, 30, pairs)[:, None] * 1e-3)


@pytest.mark.parametrize("pairs", [2, 3, 6])
@pytest.mark.parametrize("window", [60, 250])
def test_correlation_shrinkage_is_scikit_learn_s_on_standardised_returns(pairs, window):
    series = returns(400, pairs)
    found = correlation_shrinkage(series, Window(window), 30)
    for row in (window - 1, 399):
        past = np.array(series)[:, row + 1 - window : row + 1].T
        standard = past / np.sqrt((past**2).mean(axis=0))
        _, expected = ledoit_wolf(standard, assume_centered=True)
        assert found[row] == pytest.approx(expected, rel=1e-6)


def test_correlation_shrinkage_of_more_history_is_smaller():
    series = returns(3000, 4)
    short, long = (correlation_shrinkage(series, Window(n), 30)[-1] for n in (100, 2000))
    assert 0 < long < short < 1


def test_correlation_shrinkage_of_unrelated_pairs_is_nearly_all():
    found = correlation_shrinkage(returns(500, 2, common=0.0), Window(200), 30)
    assert np.nanmedian(found) > 0.4


def test_correlation_shrinkage_leaves_out_a_pair_until_it_has_data():
    two, late = returns(500, 2), returns(500, 3, seed=4)[2]
    late[:300] = NAN
    alone = correlation_shrinkage(two, Window(100), 30)
    together = correlation_shrinkage([*two, late], Window(100), 30)
    np.testing.assert_allclose(together[:320], alone[:320], rtol=1e-12)
    assert together[-1] != alone[-1]


def test_correlation_shrinkage_of_a_price_that_stands_still_leaves_the_others_alone():
    two = returns(300, 2)
    alone = correlation_shrinkage(two, Window(100), 30)
    np.testing.assert_allclose(correlation_shrinkage([*two, np.zeros(300)], Window(100), 30), alone)


def test_correlation_shrinkage_knows_nothing_of_what_comes_later():
    series = returns(300, 3)
    whole = correlation_shrinkage(series, Window(100), 30)
    np.testing.assert_array_equal(
        correlation_shrinkage([one[:170] for one in series], Window(100), 30), whole[:170]
    )


def test_correlation_shrinkage_of_one_series_is_refused():
    with pytest.raises(DataError, match="at least two"):
        correlation_shrinkage(returns(50, 2)[:1], Window(10), 5)


def one(*values):
    return tuple(np.array([value]) for value in values)


def test_vasicek_draws_by_the_variances():
    """τ = .1 × .5 = .05 and s = .05: half of each; error .05 ÷ √2."""
    beta, error = vasicek(*one(0.7, 0.05, 0.5), 0.1)
    assert beta[0] == pytest.approx(0.6)
    assert error[0] == pytest.approx(0.05 / np.sqrt(2))


@pytest.mark.parametrize(("fast", "error"), [(NAN, NAN), (0.7, NAN), (NAN, 0.1)])
def test_vasicek_without_a_fast_beta_is_the_slow_one(fast, error):
    beta, uncertain = vasicek(*one(fast, error, 0.5), 0.1)
    assert beta[0] == 0.5
    assert uncertain[0] == pytest.approx(0.05)


def test_vasicek_without_a_slow_beta_has_no_opinion():
    assert all(np.isnan(found[0]) for found in vasicek(*one(0.7, 0.05, NAN), 0.1))


def test_vasicek_without_any_doubt_about_the_fast_beta_is_the_fast_one():
    assert vasicek(*one(0.7, 0.0, 0.5), 0.1)[0][0] == pytest.approx(0.7)
    assert vasicek(*one(0.7, 0.1, 0.5), 0.0)[0][0] == 0.5
    assert vasicek(*one(0.7, 0.0, 0.5), 0.0)[0][0] == 0.5


@given(st.floats(-2, 2), st.floats(0, 1), st.floats(-2, 2), st.floats(0, 1))
def test_vasicek_lies_between_both_and_is_surer_than_either(fast, error, slow, drift):
    beta, mixed = vasicek(*one(fast, error, slow), drift)
    assert min(fast, slow) - 1e-12 <= beta[0] <= max(fast, slow) + 1e-12
    assert mixed[0] <= min(error, drift * abs(slow)) + 1e-12
