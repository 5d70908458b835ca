"""Estimated liquidation levels: one position by hand, sweeps, open interest, causality, columns."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log, nan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError, SettingsError
from outrigger.market.features.level_columns import (
    COLUMNS,
    SPECS,
    candles_of,
    close_times,
    crowd_weights,
    level_columns,
    level_row,
    positions_at,
)
from outrigger.market.features.leverage_mix import LeverageMix
from outrigger.market.features.liquidation_levels import Candle, LevelModel, LiquidationLevels
from outrigger.risk.liquidation import MaintenanceTier, liquidation_price

FIVE_MINUTES = 300_000
TEN = LeverageMix((10.0,), (1.0,), 0.004)
ONE = LevelModel(mix=TEN, warmup_hours=0.0, opening_share=1.0)


def _at(minute: int, price: float, volume: float = 0.0, **changed: float) -> Candle:
    return replace(Candle((minute + 5) * 60_000, price, price, price, volume), **changed)


def _walk(rows: int, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, rows)))
    wick = rng.exponential(0.001, (2, rows))
    return pd.DataFrame(
        {
            "date": pd.date_range("2025-01-01", periods=rows, freq="5min", tz="UTC", unit="ms"),
            "high": close * (1 + wick[0]),
            "low": close * (1 - wick[1]),
            "close": close,
            "volume": rng.lognormal(2, 1, rows),
        }
    )


def _metrics(frame: pd.DataFrame, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    times = close_times(frame, "5m")
    return pd.DataFrame(
        {
            "time_ms": times - 1000,
            "known_ms": times,
            "open_interest_base": 5000 * np.exp(np.cumsum(rng.normal(0, 0.003, len(frame)))),
            "open_interest_quote": nan,
            "account_ratio": rng.uniform(0.5, 2.0, len(frame)),
        }
    )


def test_offsets_at_ten_times_lie_where_the_exchange_liquidates():
    # 40,000 × (1 − 1/10) / (1 − .004) = 36,144.58; 40,000 × 1.1 / 1.004 = 43,824.70.
    assert 40_000 * exp(TEN.offsets(1)[0]) == pytest.approx(36_144.578, abs=1e-3)
    assert 40_000 * exp(TEN.offsets(-1)[0]) == pytest.approx(43_824.701, abs=1e-3)
    tier = (MaintenanceTier(0.0, 0.004, 0.0),)
    for leverage in (3.0, 25.0, 100.0):
        mix = LeverageMix((leverage,), (1.0,))
        for side in (1, -1):
            ours = 40_000 * exp(mix.offsets(side)[0])
            assert ours == pytest.approx(liquidation_price(side, 40_000, 1000, leverage, tier))


def test_levels_one_position_sits_at_its_liquidation_price():
    state = LiquidationLevels(ONE)
    state.update(_at(0, 40_000, 2.0))
    for row, level in ((0, 36_144.578), (1, 43_824.701)):
        place = int(np.flatnonzero(state.amounts[row])[0])
        assert np.flatnonzero(state.amounts[row]).size == 1
        assert state.amounts[row, place] == pytest.approx(2.0)
        assert abs(log(state.prices[place] / level)) <= ONE.step / 2 + 1e-12


def test_level_row_one_position_gives_distance_and_size_by_hand():
    columns = dict(zip(COLUMNS, level_row(LiquidationLevels(ONE), _at(0, 40_000, 2.0)), strict=True))
    assert columns["liquidation_long_distance"] == pytest.approx(0.09639, abs=0.0005)
    assert columns["liquidation_short_distance"] == pytest.approx(0.09562, abs=0.0005)
    assert columns["liquidation_long_size"] == pytest.approx(2 * 36_144.6, rel=0.0005)
    assert columns["liquidation_short_size"] == pytest.approx(2 * 43_824.7, rel=0.0005)
    assert columns["liquidation_long_5"] == columns["liquidation_short_5"] == 0.0
    assert columns["liquidation_anchored"] == 0.0


def test_levels_half_life_halves_a_position_at_ordinary_volume():
    state = LiquidationLevels(ONE)
    state.update(_at(0, 40_000, 2.0))
    # Two days later at the same volume half is left; the new candle's two lie at the same level.
    state.update(_at(2 * 1440, 40_000, 2.0))
    assert state.amounts.sum(axis=1) == pytest.approx([3.0, 3.0])


def test_levels_sweep_clears_the_side_that_was_traded_through_and_only_it():
    state = LiquidationLevels(ONE)
    state.update(_at(0, 40_000, 2.0))
    assert state.update(_at(5, 36_400)) == (0.0, 0.0)
    longs, shorts = state.update(_at(10, 36_300, low=36_000))
    assert longs == pytest.approx(2 * 36_144.6, rel=0.0005)
    assert shorts == 0.0
    assert state.amounts.sum(axis=1) == pytest.approx([0.0, 2.0])
    assert state.update(_at(15, 36_300, high=44_000))[1] == pytest.approx(2 * 43_824.7, rel=0.0005)
    assert not state.amounts.any()


def test_levels_first_open_interest_is_not_placed_at_the_price():
    state = LiquidationLevels(ONE)
    state.update(_at(0, 40_000, 0.0, open_interest=1000.0))
    assert state.anchored
    assert not state.amounts.any()
    # What it rises by was opened here, on both sides; what falls is closed alike everywhere.
    state.update(_at(5, 40_000, 0.0, open_interest=1100.0))
    assert state.amounts.sum(axis=1) == pytest.approx([100.0, 100.0])
    assert state.placed == pytest.approx(100 / 1100)
    state.update(_at(10, 40_000, 0.0, open_interest=550.0))
    assert state.amounts.sum(axis=1) == pytest.approx([50.0, 50.0])


def test_levels_swept_longs_without_a_fall_in_open_interest_are_taken_over_below():
    state = LiquidationLevels(ONE)
    for minute, interest in ((0, 1000.0), (5, 1100.0)):
        state.update(_at(minute, 40_000, 0.0, open_interest=interest))
    state.update(_at(10, 36_000, 0.0, open_interest=1100.0))
    place = int(np.flatnonzero(state.amounts[0])[0])
    assert state.amounts[0, place] == pytest.approx(100.0)
    assert state.prices[place] == pytest.approx(36_000 * 0.9 / 0.996, rel=0.0006)


def test_levels_grid_moves_with_the_price_and_keeps_amounts():
    state = LiquidationLevels(ONE)
    state.update(_at(0, 40_000, 2.0))
    before = state.prices[np.flatnonzero(state.amounts[0])]
    state.update(_at(5, 41_000))
    assert state.prices[np.flatnonzero(state.amounts[0])] == pytest.approx(before)
    state.update(_at(10, 90_000))
    assert state.amounts[0].sum() == 0.0
    assert state.amounts.shape == (2, 2 * ONE.bins + 1)


def test_levels_unusable_candle_is_passed_over_and_its_row_is_empty():
    frame = _walk(400)
    frame.loc[350, ["high", "low", "close"]] = nan
    rows = level_columns(frame, "5m")
    assert rows.loc[350].isna().all()
    assert rows.loc[351, "liquidation_long_5"] > 0


def test_levels_candle_out_of_order_is_refused():
    state = LiquidationLevels(ONE)
    state.update(_at(5, 40_000))
    with pytest.raises(DataError, match="in order"):
        state.update(_at(5, 40_000))


@given(
    prices=st.lists(st.floats(50.0, 200.0), min_size=1, max_size=30),
    interests=st.lists(st.one_of(st.just(nan), st.floats(1.0, 1e6)), min_size=30, max_size=30),
)
def test_levels_never_negative_never_above_open_interest_and_on_their_side(
    prices: list[float], interests: list[float]
):
    state = LiquidationLevels(LevelModel(warmup_hours=0.0))
    for index, (price, interest) in enumerate(zip(prices, interests, strict=False)):
        low, high = price * 0.98, price * 1.03
        state.update(Candle((index + 1) * FIVE_MINUTES, high, low, price, 10.0, interest))
        assert (state.amounts >= 0).all()
        if interest == interest:
            assert (state.amounts.sum(axis=1) <= interest * (1 + 1e-9)).all()
        assert not state.amounts[0, state.prices >= price * (1 + 1e-9)].any()
        assert not state.amounts[1, state.prices <= price * (1 - 1e-9)].any()


@pytest.mark.parametrize("with_metrics", [True, False])
def test_level_columns_of_truncated_candles_are_the_truncated_columns(with_metrics: bool):
    frame = _walk(700)
    metrics = _metrics(frame) if with_metrics else None
    whole = level_columns(frame, "5m", metrics)
    for rows in (1, 289, 500):
        known = metrics.iloc[: rows + 40] if metrics is not None else None
        pd.testing.assert_frame_equal(level_columns(frame.iloc[:rows], "5m", known), whole.iloc[:rows])
    assert whole.iloc[:287].isna().all(axis=None)
    assert whole["liquidation_anchored"].iloc[300:].eq(float(with_metrics)).all()


def test_level_row_live_equals_the_batch():
    frame = _walk(400)
    metrics = _metrics(frame)
    closed = close_times(frame, "5m")
    interest, ratio = positions_at(closed, frame["close"].to_numpy(), metrics)
    state = LiquidationLevels()
    live = [
        level_row(state, candle, r)
        for candle, r in zip(candles_of(frame, closed, interest), ratio, strict=True)
    ]
    np.testing.assert_array_equal(np.array(live), level_columns(frame, "5m", metrics).to_numpy())


def test_level_columns_are_all_documented_and_causal_rows_rise_with_distance():
    rows = level_columns(_walk(600), "5m").iloc[300:]
    assert [spec.name for spec in SPECS] == list(rows.columns)
    for side in ("long", "short"):
        within = rows[[f"liquidation_{side}_{x}" for x in (1, 2, 3, 5)]].to_numpy()
        assert (np.diff(within, axis=1) >= 0).all()


def test_positions_at_converts_quote_interest_at_the_price_of_its_reading():
    closed = np.array([1, 2, 3], dtype=np.int64) * FIVE_MINUTES
    closes = np.array([100.0, 200.0, 400.0])
    metrics = pd.DataFrame(
        {
            "time_ms": closed[:1],
            "known_ms": closed[1:2],
            "open_interest_base": [nan],
            "open_interest_quote": [5000.0],
            "account_ratio": [3.0],
        }
    )
    interest, ratio = positions_at(closed, closes, metrics, age_ms=FIVE_MINUTES)
    np.testing.assert_array_equal(interest, [nan, 50.0, nan])
    np.testing.assert_array_equal(ratio, [nan, 3.0, nan])


def test_crowd_weights_three_longs_a_short_and_an_unknown_ratio():
    np.testing.assert_allclose(crowd_weights(np.array([3.0, nan])), [[1.5, 0.5], [1.0, 1.0]])


@pytest.mark.real_data
def test_level_columns_forced_sums_follow_published_liquidations(market: Path):
    frame = pd.read_feather(market / "binance-5m-2025h1" / "futures" / "XRP_USDT_USDT-5m-futures.feather")
    frame = frame.iloc[: 60 * 288]
    published = pd.read_feather(market / "positioning" / "XRP-liquidations-usd-4h.feather").set_index("date")
    told = level_columns(frame, "5m").set_index(frame["date"]).resample("4h").sum()
    prices = frame.set_index("date").resample("4h")
    first, low, high = prices["close"].first(), prices["low"].min(), prices["high"].max()
    for side, move in (("long", first / low), ("short", high / first)):
        table = pd.concat(
            (published[f"{side}_liquidation_usd"], told[f"liquidation_{side}_forced"], move.rename("move")),
            axis=1,
        ).dropna()
        ranks = table.iloc[6:].corr("spearman").iloc[0]
        assert ranks.iloc[1] > 0.8
        # More than the size of the adverse move says by itself.
        assert ranks.iloc[1] > ranks["move"] + 0.05


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: LeverageMix((10.0,), (0.5, 0.5)), "one share a leverage"),
        (lambda: LeverageMix((10.0, 5.0), (0.9, 0.2)), "together at most 1"),
        (lambda: LeverageMix((300.0,), (1.0,)), "below 1 / rate"),
        (lambda: LeverageMix((10.0,), (1.0,), nan), "maintenance_rate"),
        (lambda: LevelModel(half_life_hours=0.0), "half_life_hours"),
        (lambda: LevelModel(opening_share=0.0), "opening_share"),
        (lambda: LevelModel(warmup_hours=-1.0), "warmup_hours"),
        (lambda: LevelModel(reach=0.3), "reach"),
    ],
)
def test_model_value_out_of_range_is_refused_by_name(make, word: str):
    with pytest.raises(SettingsError, match=word):
        make()


def test_level_columns_without_volume_column_is_refused():
    with pytest.raises(DataError, match="lack volume"):
        level_columns(_walk(5).drop(columns="volume"), "5m")
