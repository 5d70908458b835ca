from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from arch.univariate import EWMAVariance
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import SettingsError
from outrigger.volatility.ewma import decay_from_half_life, ewma_variance


def test_ewma_riskmetrics_decay_matches_arch():
    returns = np.random.default_rng(5).normal(size=400)
    process, start = EWMAVariance(0.94), 1.3
    sigma2 = np.empty(len(returns))
    bounds = np.tile([1e-12, 1e12], (len(returns), 1))
    process.compute_variance(np.empty(0), returns, sigma2, start, bounds)
    # arch's element i is the forecast for i; ours is known at the close of i and is the forecast for i + 1.
    ours = ewma_variance(returns**2, decay=0.94, initial=start)
    np.testing.assert_allclose(ours[:-1], sigma2[1:], rtol=1e-12)


def test_ewma_missing_values_match_pandas_ignoring_them():
    x = np.random.default_rng(6).exponential(size=200)
    x[[0, 1, 7, 50, 51, 52, 199]] = np.nan
    expected = pd.Series(x).ewm(halflife=9, adjust=False, ignore_na=True).mean()
    np.testing.assert_allclose(ewma_variance(x, decay=decay_from_half_life(9)), expected, rtol=1e-12)


def test_ewma_missing_values_leave_the_start_in_place():
    np.testing.assert_array_equal(ewma_variance([np.nan, 4.0], decay=0.5, initial=2.0), [2, 3])
    assert np.isnan(ewma_variance([np.nan, np.nan], decay=0.5)).all()
    assert len(ewma_variance([], decay=0.5)) == 0


@given(st.lists(st.one_of(st.just(np.nan), st.floats(0, 1)), max_size=30), st.integers(0, 30))
def test_ewma_truncated_input_gives_truncated_output(x, n):
    np.testing.assert_array_equal(ewma_variance(x[:n], decay=0.9), ewma_variance(x, decay=0.9)[:n])


def test_half_life_halves_the_weight():
    weight = ewma_variance([0.0, 1.0, *[0.0] * 12], decay=decay_from_half_life(12))
    assert weight[13] == pytest.approx(weight[1] / 2)


@pytest.mark.parametrize("decay", [0.0, 1.0, 1.5, np.nan])
def test_ewma_decay_outside_zero_and_one_is_refused(decay):
    with pytest.raises(SettingsError, match="between 0 and 1"):
        ewma_variance([1.0], decay=decay)


@pytest.mark.parametrize("half_life", [0.0, -1.0, np.inf, np.nan])
def test_half_life_not_positive_is_refused(half_life):
    with pytest.raises(SettingsError, match="positive"):
        decay_from_half_life(half_life)
