"""Money measures against hand calculation, published figures and second implementations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from outrigger.review.trade_measures import (
    bootstrap_interval,
    expectancy,
    max_drawdown,
    payoff,
    profit_factor,
    wilson_interval,
    win_rate,
)

RESULTS = st.lists(st.floats(-1e4, 1e4), max_size=40)


def test_win_rate_counts_profits_only() -> None:
    assert win_rate([10.0, -5.0, 0.0, 2.0]) == 0.5
    assert math.isnan(win_rate([]))


def test_wilson_interval_of_the_textbook_example() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3: 81 of 263, and 0 of 20.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


@given(st.integers(0, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_contains_the_share_and_agrees_with_statsmodels(case: tuple[int, int]) -> None:
    wins, trials = case
    low, high = wilson_interval(wins, trials)
    if trials == 0:
        assert (low, high) == (0.0, 1.0)
        return
    assert 0 <= low <= wins / trials <= high <= 1
    assert (low, high) == pytest.approx(proportion_confint(wins, trials, method="wilson"), abs=1e-12)


def test_expectancy_is_the_mean() -> None:
    assert expectancy([0.02, -0.01, 0.005]) == pytest.approx(0.005)
    assert math.isnan(expectancy([]))


def test_bootstrap_interval_of_independent_results_is_the_normal_one() -> None:
    results = np.random.default_rng(5).normal(3.0, 10.0, 400)
    low, high = bootstrap_interval(results, block=1)
    half = 1.96 * results.std() / 20
    assert (low, high) == pytest.approx((results.mean() - half, results.mean() + half), abs=0.12)


def test_bootstrap_interval_of_results_in_runs_is_wider_with_blocks() -> None:
    runs = np.repeat(np.random.default_rng(6).normal(0.0, 1.0, 50), 8)
    alone, together = bootstrap_interval(runs, block=1), bootstrap_interval(runs, block=8)
    assert together[1] - together[0] > 1.8 * (alone[1] - alone[0])


def test_bootstrap_interval_is_reproducible_and_needs_two_results() -> None:
    results = [1.0, -2.0, 4.0, 0.5]
    assert bootstrap_interval(results) == bootstrap_interval(results)
    assert all(math.isnan(bound) for bound in bootstrap_interval([1.0]))


def test_bootstrap_interval_of_one_value_repeated_is_that_value() -> None:
    assert bootstrap_interval([0.25] * 9) == (0.25, 0.25)


def test_profit_factor_and_payoff_by_hand() -> None:
    results = [30.0, -10.0, 10.0, -6.0, 0.0]
    assert profit_factor(results) == 2.5  # 40 / 16
    assert payoff(results) == 2.5  # 20 / 8


def test_profit_factor_without_losses_is_infinite_and_without_trades_unknown() -> None:
    assert profit_factor([1.0]) == math.inf
    assert math.isnan(profit_factor([]))
    assert math.isnan(profit_factor([0.0]))
    assert profit_factor([-1.0]) == 0.0
    assert math.isnan(payoff([1.0]))
    assert math.isnan(payoff([-1.0]))


def test_max_drawdown_by_hand() -> None:
    # 1000, 1100, 990, 1190, 833: the fall from 1190 to 833 is 30 %, that from 1100 to 990 is 10 %.
    assert max_drawdown([100.0, -110.0, 200.0, -357.0], 1000.0) == pytest.approx(0.3)
    assert max_drawdown([], 1000.0) == 0.0
    assert max_drawdown([-50.0], 1000.0) == pytest.approx(0.05)


@given(RESULTS)
def test_max_drawdown_agrees_with_every_pair_of_balances(results: list[float]) -> None:
    balances = [1e6]
    for result in results:
        balances.append(balances[-1] + result)
    worst = max(1 - later / earlier for i, earlier in enumerate(balances) for later in balances[i:])
    assert max_drawdown(results, 1e6) == pytest.approx(worst, abs=1e-12)


@given(RESULTS)
def test_expectancy_is_win_rate_times_gain_minus_rest_times_loss(results: list[float]) -> None:
    gains, losses = [r for r in results if r > 0], [r for r in results if r <= 0]
    if gains and losses:
        won = win_rate(results)
        split = won * np.mean(gains) + (1 - won) * np.mean(losses)
        assert expectancy(results) == pytest.approx(split, abs=1e-8)
