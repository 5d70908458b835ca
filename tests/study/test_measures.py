"""Figures and their intervals, worked out by hand or by brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.review.trade_measures import wilson_interval
from outrigger.study.measures import (
    DAILY_RISK,
    KEYS,
    Resamples,
    cvar,
    drawdown,
    equity_path,
    figures,
    mean_figure,
    resamples,
    tail_mean,
)


def trades(**columns: object) -> pd.DataFrame:
    """Four trades on two days."""
    plain = {
        "pair": 0,
        "data": 0,
        "window": 0,
        "side": [1, 1, -1, -1],
        "day": [10, 10, 11, 11],
        "premature_24h": [1.0, 0.0, 0.0, np.nan],
        "capture": [np.nan, 0.5, 0.7, np.nan],
        "liquidated": [False, False, False, True],
        "net": [-0.03, 0.02, 0.01, -0.1],
        "account_r": [-1.0, 0.5, 0.25, -3.0],
        "bp": [-300.0, 200.0, 100.0, -1000.0],
    }
    return pd.DataFrame(plain | columns)


def test_figures_by_hand() -> None:
    own = trades()
    found = figures(own, trades(bp=[-100.0, 100.0, 0.0, 0.0]), resamples(own["day"].to_numpy()))
    assert tuple(found) == KEYS
    values = {key: one.value for key, one in found.items()}
    assert values == pytest.approx(
        {
            "premature_stop_rate": 1 / 3,
            "trend_capture": 0.6,
            "liquidations": 1,
            "win_rate": 0.5,
            "expectancy_bp": -250.0,
            "expectancy_minus_null_bp": -250.0,
            "cvar95": -3.0,
            "max_drawdown": DAILY_RISK * (0.25 + 1.375),
            "trades": 4,
        }
    )
    rare = wilson_interval(1, 4)
    assert (found["liquidations"].low, found["liquidations"].high) == pytest.approx(
        (4 * rare[0], 4 * rare[1])
    )


def test_expectancy_less_null_of_the_same_trades_is_exactly_nothing() -> None:
    """Resampled days are the same for both, so what the market did drops out."""
    own = trades()
    found = figures(own, own, resamples(own["day"].to_numpy()))["expectancy_minus_null_bp"]
    assert (found.value, found.low, found.high) == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)


def test_mean_of_nothing_known_is_not_known() -> None:
    drawn = resamples(np.array([1, 2]))
    found = mean_figure(np.array([np.nan, np.nan]), np.array([1, 2]), drawn)
    assert np.isnan([found.value, found.low, found.high]).all()


def test_mean_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """Days with a shared shock: 95 % of intervals should hold zero; with forty days some fewer do."""
    rng, inside = np.random.default_rng(3), 0
    days = np.repeat(np.arange(40), 5)
    drawn = resamples(days, draws=300)
    for _ in range(120):
        values = np.repeat(rng.normal(size=40), 5) + rng.normal(size=200)
        found = mean_figure(values, days, drawn)
        inside += found.low <= 0 <= found.high
    assert 0.82 < inside / 120 <= 1


@given(st.integers(0, 10_000))
def test_cvar_interval_equals_that_of_trades_written_out(seed: int) -> None:
    """Weights on days say the same as copies of trades, up to the part of a trade at the 5 % mark."""
    rng = np.random.default_rng(seed)
    day, results = rng.integers(0, 6, 400), rng.standard_t(3, 400)
    weights = rng.integers(0, 3, (1, 6)).astype(float)
    weights[0, 0] = 1.0
    copies = np.repeat(results, weights[0, day].astype(int))
    wanted = 0.05 * len(copies)
    worst, whole = np.sort(copies), int(wanted)
    expected = (worst[:whole].sum() + (wanted - whole) * worst[whole]) / wanted
    found = cvar(results, day, Resamples(np.arange(6), np.empty((1, 6), dtype=np.int64), weights))
    assert found.low == pytest.approx(expected)
    assert found.value == tail_mean(results)


def test_tail_mean_of_few_trades_is_the_worst_one() -> None:
    assert tail_mean(np.array([3.0, -2.0, 1.0])) == -2.0
    assert np.isnan(tail_mean(np.empty(0)))


def test_drawdown_counts_from_the_start_and_from_the_highest_point() -> None:
    drawn = resamples(np.arange(4))
    ones = np.ones(4)
    assert drawdown(np.array([-1.0, 0.5, -1.0, 3.0]), ones, drawn).value == pytest.approx(0.015)
    assert drawdown(np.array([2.0, -1.0, -0.5, 3.0]), ones, drawn).value == pytest.approx(0.015)
    assert drawdown(np.abs(np.arange(4.0)), ones, drawn).value == 0.0


def test_equity_path_spreads_a_days_risk_over_its_entries() -> None:
    path = equity_path(pd.DataFrame({"day": [1, 1, 3], "account_r": [1.0, 3.0, -1.0]}), [1, 2, 3])
    assert path == pytest.approx(DAILY_RISK * np.array([2.0, 2.0, 1.0]))
