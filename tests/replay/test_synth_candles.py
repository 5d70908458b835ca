"""Candles, funding, mark and book rows: consistent inside, exact when merged, causal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.replay.synth.book import BookState, book_depth, metrics
from outrigger.replay.synth.candles import minute_candles, resample
from outrigger.replay.synth.cascades import BuildUp
from outrigger.replay.synth.funding import funding_events, funding_rate, mark_candles
from outrigger.replay.synth.impact import impact
from outrigger.replay.synth.instruments import CATALOGUE
from outrigger.replay.synth.parameters import MarketParameters

START = 29_000_160  # 2025-02-20 00:00 UTC in minutes
ETH = CATALOGUE["ETH"]


def _candles(seed: int, count: int, volatility: float = 1e-3) -> pd.DataFrame:
    minutes = np.arange(START, START + count, dtype=np.int64)
    sigma = np.full(count, volatility)
    returns = sigma * np.random.default_rng(seed).standard_normal(count)
    return minute_candles(seed, ETH, minutes, returns, sigma)


@given(seed=st.integers(0, 2**32), volatility=st.floats(1e-6, 0.05))
def test_minute_candles_are_consistent_for_any_volatility(seed: int, volatility: float):
    candles = _candles(seed, 60, volatility)
    assert (candles["high"] >= candles[["open", "close"]].max(axis=1)).all()
    assert (candles["low"] <= candles[["open", "close"]].min(axis=1)).all()
    assert (candles["low"] > 0).all()
    assert (candles["volume"] > 0).all()
    ticks = candles[["open", "high", "low", "close"]].to_numpy() / ETH.tick
    assert np.allclose(ticks, np.round(ticks), atol=1e-4)


def test_minute_candles_range_is_near_that_of_a_random_walk_with_few_steps():
    candles = _candles(4, 40_000)
    spread = np.log(candles["high"] / candles["low"]).to_numpy()
    parkinson = np.sqrt(np.mean(spread**2) / (4 * np.log(2)))
    # A continuous path gives 1.00; 16 steps give less for their own volatility, the wider bridge more.
    assert 0.85 < parkinson / 1e-3 < 1.05


def test_resample_agrees_with_pandas():
    candles = _candles(1, 960)
    ours = resample(candles, 15).set_index("date")
    rule = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    theirs = candles.set_index("date").resample("15min").agg(rule)
    pd.testing.assert_frame_equal(ours, theirs, check_freq=False, check_exact=False, rtol=1e-12)


@given(count=st.integers(10, 80), bars=st.sampled_from((1, 5, 15)))
def test_resample_of_a_truncated_series_is_the_truncated_result(count: int, bars: int):
    candles = _candles(2, 80)
    whole = resample(candles, bars)
    part = resample(candles.iloc[:count], bars)
    pd.testing.assert_frame_equal(part, whole.iloc[: count // bars])


@pytest.mark.parametrize(
    ("average", "rate"),
    [
        (0.0001, 0.0001),  # at the interest: nothing to add
        (0.0003, 0.0001),  # inside the clamp: the plateau
        (0.0010, 0.0005),  # premium less half a per mille
        (-0.00045, 0.00005),
        (-0.0020, -0.0015),
        (0.0200, 0.0030),  # cap
    ],
)
def test_funding_rate_by_hand(average: float, rate: float):
    assert funding_rate(np.array([average]))[0] == pytest.approx(rate)


def test_funding_events_stand_at_settlements_and_know_only_the_past():
    minutes = np.arange(START, START + 1440, dtype=np.int64)
    premium = np.where(np.arange(1440) < 480, 0.001, -0.002)
    events = funding_events(minutes, premium)
    assert list(events["date"].dt.hour) == [0, 8, 16]
    assert list(events["funding_rate"]) == pytest.approx([0.0001, 0.0005, -0.0015])
    shorter = funding_events(minutes[:960], premium[:960])
    pd.testing.assert_frame_equal(shorter, events.iloc[:2])


def test_mark_candles_without_premium_moves_are_the_contract():
    candles = _candles(3, 240)
    mark = mark_candles(candles, np.full(240, -4e-4))
    hourly = resample(candles, 60)
    for name in ("open", "high", "low", "close"):
        assert mark[name].to_numpy() == pytest.approx(hourly[name].to_numpy())
    assert (mark["volume"] == 0).all()


def test_mark_candles_stay_above_a_dislocated_contract():
    candles = _candles(3, 120)
    premium = np.where(np.arange(120) >= 110, -0.003, 0.0)
    mark, hourly = mark_candles(candles, premium), resample(candles, 60)
    assert mark["close"].iloc[0] == pytest.approx(hourly["close"].iloc[0])
    assert mark["close"].iloc[1] > hourly["close"].iloc[1] * 1.002


def _state(count: int = 240) -> BookState:
    rng = np.random.default_rng(9)
    level = np.zeros(count)
    return BookState(
        minutes=np.arange(START, START + count, dtype=np.int64),
        close=3000 * np.exp(1e-3 * np.cumsum(rng.standard_normal(count))),
        returns=1e-3 * rng.standard_normal(count),
        crowding=rng.standard_normal(count),
        log_depth=level,
        log_open_interest=level,
    )


def test_book_depth_is_cumulative_and_notional_matches_prices():
    table = book_depth(1, ETH, _state(), 5).to_pandas()
    assert len(table) == 48 * 12
    snapshot = table.iloc[:12]
    assert list(snapshot["percentage"]) == [
        f"{band:.2f}" for band in (-5, -4, -3, -2, -1, -0.2, 0.2, 1, 2, 3, 4, 5)
    ]
    for side in (snapshot.iloc[:6][::-1], snapshot.iloc[6:]):
        assert side["notional"].is_monotonic_increasing
        assert side["depth"].is_monotonic_increasing
    price = (table["notional"] / table["depth"]).to_numpy().reshape(-1, 12)
    assert (price[:, :6].mean(axis=1) < price[:, 6:].mean(axis=1)).all()


def test_book_and_metrics_rows_know_only_closed_minutes():
    state = _state()
    later = np.arange(240) >= 120
    changed = replace(
        state,
        close=np.where(later, 1.0, state.close),
        returns=np.where(later, 0.5, state.returns),
        crowding=np.where(later, 9.0, state.crowding),
        log_depth=np.where(later, -3.0, state.log_depth),
        log_open_interest=np.where(later, 2.0, state.log_open_interest),
    )
    # The row stamped 02:00 (index 24) may use minutes up to 01:59, which are unchanged.
    book, book_changed = (book_depth(1, ETH, s, 5).to_pandas() for s in (state, changed))
    pd.testing.assert_frame_equal(book.iloc[: 25 * 12], book_changed.iloc[: 25 * 12])
    assert not book.iloc[25 * 12 :].equals(book_changed.iloc[25 * 12 :])
    rows, rows_changed = (metrics(1, ETH, s).to_pandas() for s in (state, changed))
    pd.testing.assert_frame_equal(rows.iloc[:25], rows_changed.iloc[:25])
    assert not rows.iloc[25:].equals(rows_changed.iloc[25:])


def _event(size: float, side: int = 1) -> BuildUp:
    return BuildUp("ETH", "ETH", 100, 400, 30, side, size, 0.3)


@pytest.mark.parametrize("side", [1, -1])
def test_impact_of_a_cascade_overshoots_and_partly_recovers(side: int):
    added = impact(1, 3000, [_event(0.03, side)], MarketParameters())
    path = np.cumsum(added.returns)
    assert path[399] == 0.0
    assert path[429] == pytest.approx(-side * 0.03)
    assert path[-1] == pytest.approx(-side * 0.03 * 0.7)
    assert side * path.min() >= -0.03 - 1e-12 if side == 1 else path.max() <= 0.03 + 1e-12


def test_impact_of_a_cascade_thins_the_book_before_and_burns_open_interest():
    added = impact(1, 3000, [_event(0.03)], MarketParameters())
    assert added.log_depth[99] == 0.0
    assert added.log_depth[399] < -0.4
    assert added.log_depth[430] < added.log_depth[399]
    assert added.log_depth[-1] == pytest.approx(0.0, abs=1e-6)
    assert added.log_open_interest[399] == added.log_open_interest[:400].max() > 0.0
    assert added.log_open_interest[430] < added.log_open_interest[399] - 0.04
    assert added.crowding_factor[430] == pytest.approx(0.3, abs=0.02)


def test_impact_of_a_fizzled_build_up_moves_no_price():
    added = impact(1, 3000, [_event(0.0)], MarketParameters())
    assert not added.returns.any()
    assert not added.log_volatility.any()
    assert added.log_depth.min() < -0.4
