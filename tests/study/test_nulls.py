"""What needs no skill: the driftless walk by formula and by simulation, draws of random entries by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outrigger.study.nulls import geometry_win_rate, matched_null, null_weights


def rate(protect: float, activation: float, trail: float) -> float:
    return float(geometry_win_rate(np.array([protect]), np.array([activation]), np.array([trail]))[0])


def test_geometry_of_a_stop_with_a_near_trail_is_the_ruin_probability() -> None:
    """3 % against 1.5 %: 66.7 %, and every armed trade wins."""
    assert rate(0.03, 0.015, 0.001) == pytest.approx(2 / 3)
    assert rate(0.03, 0.015, 0.015) == pytest.approx(2 / 3)


def test_geometry_of_an_immediate_trail_is_one_over_e() -> None:
    assert rate(0.03, 0.0, 0.03) == pytest.approx(np.exp(-1))


def test_geometry_of_a_stop_that_never_arms_is_not_known() -> None:
    assert np.isnan(rate(0.03, np.inf, np.nan))


def test_geometry_of_a_trail_wider_than_the_activation_equals_a_simulated_walk() -> None:
    """Stop 2 %, armed at 1 %, trail 1.5 %, on walks in steps of .05 %: the formula is that of the limit."""
    step, rng = 0.0005, np.random.default_rng(4)
    position, best, armed = np.zeros(4000), np.zeros(4000), np.zeros(4000, dtype=bool)
    alive, won = np.ones(4000, dtype=bool), np.zeros(4000, dtype=bool)
    while alive.any():
        position[alive] += step * rng.choice([-1, 1], alive.sum())
        best = np.maximum(best, position)
        armed |= best >= 0.01 - 1e-12
        stop = np.where(armed, np.maximum(best - 0.015, -0.02), -0.02)
        out = alive & (position <= stop + 1e-12)
        won |= out & (stop > 0)
        alive &= ~out
    assert won.mean() == pytest.approx(rate(0.02, 0.01, 0.015), abs=0.025)


def trades(results: list[float], sides: list[int], pair: int = 0) -> pd.DataFrame:
    return pd.DataFrame({"pair": pair, "data": 0, "window": 0, "side": sides, "bp": results})


def test_null_weights_give_each_side_its_share_of_the_entries() -> None:
    """Three longs and no short among the entries; two random longs and two random shorts."""
    weights = null_weights(trades([0, 0, 0], [1, 1, 1]), trades([0, 0, 0, 0], [1, 1, -1, -1]))
    assert weights.tolist() == [1.5, 1.5, 0.0, 0.0]


def test_null_weights_of_pairs_without_entries_are_zero() -> None:
    pool = pd.concat([trades([0, 0], [1, 1]), trades([0, 0], [1, 1], pair=1)])
    assert null_weights(trades([0], [1]), pool).tolist() == [0.5, 0.5, 0.0, 0.0]


def test_matched_null_draws_the_entries_sides_only() -> None:
    """All random longs earn 10, all shorts lose 90: two longs and a short make -70 / 3."""
    found = matched_null(trades([1, 1, 1], [1, 1, -1]), trades([10, 10, -90, -90], [1, 1, -1, -1]), "bp", 1)
    assert (found.mean, found.low, found.high) == pytest.approx((-70 / 3,) * 3)
    assert found.draws >= 200
    assert found.p_value == pytest.approx(1 / (found.draws + 1))


def test_matched_null_of_entries_like_the_pool_has_a_p_value_in_the_middle() -> None:
    rng = np.random.default_rng(0)
    pool = trades(rng.normal(0, 100, 400).tolist(), [1, -1] * 200)
    own = pool.iloc[:100].assign(bp=lambda one: one["bp"] - one["bp"].mean() + pool["bp"].mean())
    found = matched_null(own, pool, "bp", 1)
    assert 0.2 < found.p_value < 0.8
    assert found == matched_null(own, pool, "bp", 1)


def test_matched_null_spreads_by_the_entries_and_by_the_pool() -> None:
    """100 entries from a pool of 50: variances 1/100 and 1/50 add up."""
    rng = np.random.default_rng(1)
    results = rng.normal(0, 1, 50)
    results = (results - results.mean()) / results.std()
    found = matched_null(trades([0.0] * 100, [1] * 100), trades(results.tolist(), [1] * 50), "bp", 1, 4000)
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.sqrt(1 / 100 + 1 / 50), rel=0.06)


def test_matched_null_without_random_entries_is_not_known() -> None:
    assert np.isnan(matched_null(trades([1], [1]), trades([1], [-1]), "bp", 1).mean)
