import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.signals.momentum import normalised_momentum
from tests.signals.walk import random_close


def slow(close, bars):
    out = []
    for i in range(len(close)):
        if i < bars:
            out.append(math.nan)
            continue
        returns = [math.log(close[j] / close[j - 1]) for j in range(i - bars + 1, i + 1)]
        noise = math.sqrt(math.fsum(r * r for r in returns))
        out.append(math.fsum(returns) / noise if noise else 0.0)
    return out


def test_momentum_of_steady_growth_is_root_of_window():
    close = 100.0 * 1.001 ** np.arange(20)
    assert normalised_momentum(close, 9)[9:] == pytest.approx(3.0)


def test_momentum_of_one_spike_is_one_however_large():
    for jump in (1.001, 1.36, 5.0):
        close = np.array([100.0] * 10 + [100.0 * jump] * 5)
        assert normalised_momentum(close, 9)[10:] == pytest.approx(1.0)


def test_momentum_of_three_equal_rises_and_one_equal_fall_is_one():
    # (3 - 1) r / sqrt(4 r^2) = 1
    close = 100.0 * np.exp(np.array([0.0, 0.01, 0.02, 0.01, 0.02]))
    assert normalised_momentum(close, 4)[-1] == pytest.approx(1.0)


def test_momentum_of_frozen_price_is_zero_not_nan():
    assert normalised_momentum(np.full(12, 5.0), 8).tolist()[8:] == [0.0] * 4


def test_momentum_of_too_short_chart_is_nan():
    assert np.isnan(normalised_momentum(random_close(8), 8)).all()


def test_momentum_of_random_walk_has_unit_variance():
    # E[(sum r)^2 / sum r^2] is exactly 1 for independent symmetric r; its square has variance below 2.
    returns = np.random.default_rng(3).standard_t(3, size=(4000, 30)) * 1e-3
    close = np.exp(np.concatenate(([0.0], np.cumsum(returns.ravel()))))
    values = normalised_momentum(close, 30)[30::30]
    assert values.size == 4000
    assert abs(np.mean(values**2) - 1.0) < 4 * math.sqrt(2 / 4000)


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40), st.integers(2, 12))
def test_momentum_equals_the_slow_sum_stays_in_bounds_and_mirrors(ticks, bars):
    close = 100.0 * np.exp(np.cumsum(np.array(ticks) * 1e-4))
    fast = normalised_momentum(close, bars)
    np.testing.assert_allclose(fast, slow(close, bars), atol=1e-8)
    np.testing.assert_allclose(normalised_momentum(1.0 / close, bars), -fast, atol=1e-8)
    assert np.nanmax(np.abs(fast), initial=0.0) <= math.sqrt(bars) + 1e-8


@given(st.integers(0, 300), st.integers(0, 100))
def test_momentum_ignores_the_future_and_what_lies_before_the_window(end, start):
    close = random_close(300)
    whole = normalised_momentum(close, 24)
    np.testing.assert_array_equal(normalised_momentum(close[:end], 24), whole[:end])
    np.testing.assert_allclose(normalised_momentum(close[start:], 24)[24:], whole[start + 24 :], rtol=1e-12)
