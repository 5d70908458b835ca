"""Luck of the best of many: published values, a hand computation, and trials whose luck is known."""

from __future__ import annotations

from itertools import combinations
from math import sqrt

import numpy as np
import pytest
from scipy.stats import norm

from outrigger.errors import DataError
from outrigger.study.overfitting import deflated_sharpe, expected_best, overfitting_probability, sharpe_ratio


@pytest.mark.parametrize(("trials", "expected"), [(10, 1.57), (100, 2.53), (1000, 3.26)])
def test_expected_best_of_worthless_trials_is_the_published_one(trials: int, expected: float) -> None:
    assert expected_best(trials) == pytest.approx(expected, abs=0.006)


def test_expected_best_of_one_trial_is_none_at_all() -> None:
    assert expected_best(1) == 0.0


def test_deflated_sharpe_by_hand() -> None:
    """Results 1, 1, 1, -1: mean .5, variance 1, skewness -1.1547, kurtosis 2.3333; trials at ±.1."""
    results, sharpes = np.array([1.0, 1.0, 1.0, -1.0]), np.array([0.1, -0.1, 0.0])
    found = deflated_sharpe(results, sharpes, trials=3)
    benchmark = 0.1 * expected_best(3)
    noise = 1 + 2 / sqrt(3) * 0.5 + (7 / 3 - 1) / 4 * 0.25
    assert found.sharpe == pytest.approx(0.5)
    assert found.benchmark == pytest.approx(benchmark)
    assert found.probability == pytest.approx(norm.cdf((0.5 - benchmark) * sqrt(3) / sqrt(noise)))


def test_deflated_sharpe_falls_with_every_trial_that_was_made() -> None:
    rng = np.random.default_rng(1)
    results, sharpes = rng.normal(0.1, 1, 200), rng.normal(0, 0.07, 20)
    few, many = (deflated_sharpe(results, sharpes, trials).probability for trials in (20, 2000))
    assert many < few


def test_deflated_sharpe_counts_no_fewer_trials_than_are_known() -> None:
    with pytest.raises(DataError, match="2 trials of which 3 are known"):
        deflated_sharpe(np.arange(9.0), np.array([0.1, 0.2, 0.3]), trials=2)


def test_sharpe_ratio_without_variation_is_not_known() -> None:
    assert np.isnan(sharpe_ratio(np.ones(5)))


def test_overfitting_of_worthless_trials_is_one_half() -> None:
    """The best of one half is anywhere in the other: the mean over many simulated studies is .5."""
    rng = np.random.default_rng(7)
    found = [overfitting_probability(rng.normal(size=(60, 9)), blocks=6).probability for _ in range(300)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.04)


def test_overfitting_of_a_trial_that_is_always_best_is_none() -> None:
    results = np.random.default_rng(2).normal(size=(50, 5))
    results[:, 3] += 5
    found = overfitting_probability(results)
    assert (found.probability, found.loss_probability, found.splits) == (0.0, 0.0, 252)


def test_overfitting_of_trials_that_each_shine_once_is_certain() -> None:
    """Each of four trials earns in its own block and loses a little elsewhere; two blocks are seen."""
    results = np.full((4, 4), -1.0) + 9 * np.eye(4)
    assert overfitting_probability(results, blocks=4).probability == 1.0


def test_overfitting_equals_a_plain_second_implementation() -> None:
    results = np.random.default_rng(5).normal(size=(24, 6))
    parts, worse, count = np.split(results, 4), 0.0, 0
    for inside in combinations(range(4), 2):
        seen = np.concatenate([parts[one] for one in inside]).mean(axis=0)
        unseen = np.concatenate([parts[one] for one in range(4) if one not in inside]).mean(axis=0)
        rank = (unseen <= unseen[seen.argmax()]).sum() / 7
        worse, count = worse + (np.log(rank / (1 - rank)) < 0), count + 1
    assert overfitting_probability(results, blocks=4).probability == pytest.approx(worse / count)


def test_overfitting_needs_two_trials() -> None:
    with pytest.raises(DataError, match="1 trials"):
        overfitting_probability(np.ones((10, 1)))
