from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError
from outrigger.volatility.ranges import (
    garman_klass,
    garman_klass_bias,
    parkinson,
    parkinson_bias,
    rogers_satchell,
    rogers_satchell_bias,
    usable,
)
from tests.volatility.walks import walk_frame

ESTIMATORS = {
    "parkinson": (parkinson, parkinson_bias),
    "garman_klass": (garman_klass, garman_klass_bias),
    "rogers_satchell": (rogers_satchell, rogers_satchell_bias),
}
SIGMA = 0.01


def _prices(steps: int, n: int = 60_000):
    frame = walk_frame(n, seed=7, bar_sigma=SIGMA, steps=steps)
    return [frame[name] for name in ("open", "high", "low", "close")]


@pytest.fixture(scope="module")
def sixty():
    return _prices(60)


def test_estimators_one_candle_match_hand_calculation():
    # ln H/O = .02, ln L/O = −.01, ln C/O = .005
    candle = [np.exp([x]) for x in (0.0, 0.02, -0.01, 0.005)]
    assert parkinson(*candle)[0] == pytest.approx(0.0009 / 2.772588722)
    assert garman_klass(*candle)[0] == pytest.approx(0.00045 - 0.386294361 * 0.000025)
    assert rogers_satchell(*candle)[0] == pytest.approx(0.02 * 0.015 + 0.01 * 0.015)


@pytest.mark.parametrize(
    ("name", "bias"), [("parkinson", 0.84), ("garman_klass", 0.78), ("rogers_satchell", 0.78)]
)
def test_bias_at_sixty_steps_matches_reference_and_simulation(name, bias, sixty):
    estimator, expected = ESTIMATORS[name]
    assert expected(60) == pytest.approx(bias, abs=0.005)
    seen = estimator(*sixty) / SIGMA**2
    assert abs(seen.mean() - expected(60)) < 4 * seen.std() / np.sqrt(len(seen))


@pytest.mark.parametrize("steps", [2, 5, 60])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_corrected_estimator_is_unbiased_within_simulation_error(name, steps, sixty):
    prices = sixty if steps == 60 else _prices(steps)
    ratio = ESTIMATORS[name][0](*prices, steps=steps) / SIGMA**2
    assert abs(ratio.mean() - 1) < 4 * ratio.std() / np.sqrt(len(ratio))


@pytest.mark.parametrize(
    ("name", "efficiency"), [("parkinson", 4.1), ("garman_klass", 5.8), ("rogers_satchell", 4.2)]
)
def test_efficiency_at_sixty_steps_matches_reference(name, efficiency, sixty):
    # Var of the squared return ÷ var of the estimator, each relative to its own mean.
    squared = np.log(np.asarray(sixty[3]) / np.asarray(sixty[0])) ** 2
    corrected = ESTIMATORS[name][0](*sixty, steps=60)
    assert squared.var() / corrected.var() == pytest.approx(efficiency, rel=0.06)


def _mean_squared_range(steps: int) -> float:
    """E[range²] of a Gaussian walk by quadrature of its survival between two walls: a second way there."""
    nodes, weights = np.polynomial.legendre.leggauss(80)
    heights = (nodes + 1) / 2 * 8 * np.sqrt(steps)
    mean = np.sqrt(2 / np.pi) * np.sum(np.arange(1, steps + 1) ** -0.5)
    total = 0.0
    for height, weight in zip(heights, weights * 4 * np.sqrt(steps), strict=True):
        x, w = (nodes + 1) / 2 * height, weights / 2 * height
        move = np.exp(-0.5 * (x[:, None] - x) ** 2) / np.sqrt(2 * np.pi) * w
        alive = np.ones_like(x)
        for _ in range(steps):
            alive = move @ alive
        total += weight * (mean - height + w @ alive)
    return 2 * total


@pytest.mark.parametrize("steps", [2, 3, 8, 20, 60])
def test_parkinson_bias_matches_numerical_integration(steps):
    exact = _mean_squared_range(steps) / (4 * np.log(2) * steps)
    assert parkinson_bias(steps) == pytest.approx(exact, rel=1e-3)


def test_rogers_satchell_bias_of_two_steps_is_one_over_two_pi():
    # E[M (M − S)] = 1/2π and twice that, over a variance of 2.
    assert rogers_satchell_bias(2) == pytest.approx(1 / (2 * np.pi))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_bias_of_many_steps_approaches_one_from_below(name):
    few, many = ESTIMATORS[name][1](100), ESTIMATORS[name][1](100_000)
    assert few < many < 1
    assert many > 0.99


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("steps", [1, 0, -3])
def test_estimator_with_too_few_steps_is_refused(name, steps):
    with pytest.raises(DataError, match="at least 2"):
        ESTIMATORS[name][0]([1.0], [1.0], [1.0], [1.0], steps=steps)


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize(
    "candle",
    [
        (1.0, np.nan, 0.9, 1.0),
        (1.0, 0.9, 1.1, 1.0),
        (1.0, 1.1, 1.05, 1.08),
        (1.0, 1.1, 0.9, 1.2),
        (1.0, 1.1, 0.0, 1.0),
        (1.0, np.inf, 0.9, 1.0),
        (-1.0, 1.1, -2.0, 1.0),
    ],
)
def test_estimator_of_odd_candle_is_missing(name, candle):
    assert np.isnan(ESTIMATORS[name][0](*([x] for x in candle)))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_estimator_of_flat_candle_is_zero_only_if_it_traded(name):
    flat = [[2.0, 2.0, 2.0]] * 4
    np.testing.assert_array_equal(ESTIMATORS[name][0](*flat), [0, 0, 0])
    np.testing.assert_array_equal(ESTIMATORS[name][0](*flat, [1.0, 0.0, np.nan]), [0, np.nan, np.nan])
    np.testing.assert_array_equal(usable(*flat, [1.0, 0.0, np.nan]), [True, False, False])


@given(
    st.floats(1e-6, 1e6),
    st.lists(st.floats(-0.2, 0.2), min_size=4, max_size=4),
)
def test_estimators_any_candle_are_not_negative_and_ignore_the_price_level(level, logs):
    low, *inner, high = sorted(logs)
    candle = [level * np.exp([x]) for x in (inner[0], high, low, inner[1])]
    candle[1] = np.maximum(candle[1], np.maximum(candle[0], candle[3]))
    candle[2] = np.minimum(candle[2], np.minimum(candle[0], candle[3]))
    for estimator, _ in ESTIMATORS.values():
        value = estimator(*candle)[0]
        assert value >= 0
        assert value == pytest.approx(estimator(*(x / level for x in candle))[0], rel=1e-6, abs=1e-15)
