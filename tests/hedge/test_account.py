from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.hedge.account import (
    PooledLeg,
    PooledTrade,
    chain,
    cvar,
    equity_changes,
    free_legs,
    max_drawdown,
)


def leg(pair, first, last, value=0.0, full=9.0):
    return PooledLeg(pair, first, last, np.full(last - first + 1, value), full)


def trade(first, last, value=0.0, *legs):
    return PooledTrade(first, last, np.full(last - first + 1, value), legs)


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 60)), max_size=60), st.integers(0, 9))
def test_chain_takes_one_trade_after_the_other(spans, seed):
    pool = [trade(first, first + length) for first, length in sorted(spans)]
    taken = chain(pool, 5.0, np.random.default_rng(seed))
    assert all(after.entry_row > before.exit_row for before, after in pairwise(taken))


def test_chain_of_the_same_seed_is_the_same():
    pool = [trade(row, row + 3) for row in range(100)]
    assert chain(pool, 5.0, np.random.default_rng(1)) == chain(pool, 5.0, np.random.default_rng(1))


def test_free_legs_gives_the_second_best_where_the_best_is_taken():
    first = trade(10, 20, 0.0, leg("ETH", 11, 30), leg("BNB", 11, 30))
    second = trade(15, 18, 0.0, leg("ETH", 16, 19), leg("BNB", 16, 40))
    third = trade(25, 26, 0.0, leg("ETH", 26, 27), leg("BNB", 26, 27))
    fourth = trade(31, 33, 0.0, leg("ETH", 32, 34), leg("BNB", 32, 34))
    found = free_legs([fourth, third, second, first])
    assert [(one.pair, one.entry_row) for one in found] == [("ETH", 11), ("BNB", 16), ("ETH", 32)]


def test_equity_changes_add_trades_and_scaled_legs():
    held = leg("ETH", 2, 3, -0.01, full=0.4)
    trades = [trade(1, 2, 0.02, held)]
    np.testing.assert_allclose(equity_changes(trades, [held], 0.0, 5), [0, 0.02, 0.02, 0, 0])
    np.testing.assert_allclose(equity_changes(trades, [held], 0.2, 5), [0, 0.02, 0.018, -0.002, 0])
    np.testing.assert_allclose(equity_changes(trades, [held], 1.0, 5), [0, 0.02, 0.016, -0.004, 0])


def test_equity_changes_of_a_leg_that_outlasts_the_clock_are_cut():
    assert equity_changes([], [leg("ETH", 3, 9, 1.0)], 1.0, 5).tolist() == [0, 0, 0, 1, 1]


@given(st.lists(st.floats(-1, 1), max_size=30))
def test_max_drawdown_is_the_worst_of_all_pairs_of_moments(changes):
    equity = np.concatenate(([0.0], np.cumsum(changes)))
    worst = max(equity[i] - equity[j] for i in range(len(equity)) for j in range(i, len(equity)))
    assert max_drawdown(np.array(changes)) == pytest.approx(worst)


def test_cvar_is_the_mean_of_the_worst_twentieth():
    results = np.arange(-40.0, 0.0)
    assert cvar(results) == pytest.approx(39.5)
    assert cvar(np.append(results, np.nan)) == pytest.approx(39.5)
    assert cvar(np.array([-1.0, 2.0])) == 1.0
    assert np.isnan(cvar(np.array([])))
