"""The random parts of the synthetic market, against theory and by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError
from outrigger.replay.synth.cascades import hazard
from outrigger.replay.synth.instruments import CATALOGUE, DEFAULT_PAIRS, instrument
from outrigger.replay.synth.parameters import MarketParameters
from outrigger.replay.synth.randomness import fluctuation, generator, ornstein_uhlenbeck
from outrigger.replay.synth.returns import base_returns, common_factor
from outrigger.replay.synth.seasonality import seasonality
from outrigger.replay.synth.stylised_facts import autocorrelation

PARAMETERS = MarketParameters()
MINUTES = np.arange(60 * 1440, dtype=np.int64)


def test_generator_same_name_gives_same_numbers_and_other_names_others():
    first = generator(5, "BTC", "depth").standard_normal(4)
    assert np.array_equal(first, generator(5, "BTC", "depth").standard_normal(4))
    assert not np.array_equal(first, generator(5, "BTC", "book").standard_normal(4))
    assert not np.array_equal(first, generator(6, "BTC", "depth").standard_normal(4))


def test_ornstein_uhlenbeck_forgets_half_after_its_half_life():
    path = ornstein_uhlenbeck(np.random.default_rng(1), 400_000, 30.0)
    assert path.std() == pytest.approx(1.0, abs=0.03)
    assert autocorrelation(path, 30) == pytest.approx(0.5, abs=0.03)
    assert autocorrelation(path, 60) == pytest.approx(0.25, abs=0.03)


def test_fluctuation_of_two_pairs_shares_the_common_variance():
    scales = PARAMETERS.volatility[:2]
    one, two = (fluctuation(3, base, "volatility", scales, 300_000) for base in ("BTC", "ETH"))
    variance = sum(scale.sd**2 for scale in scales)
    shared = sum(scale.common * scale.sd**2 for scale in scales)
    assert one.var() == pytest.approx(variance, rel=0.06)
    assert np.cov(one, two)[0, 1] == pytest.approx(shared, rel=0.10)


def test_seasonality_mean_square_is_one_and_weekend_is_quieter():
    factor = seasonality(np.arange(7 * 1440, dtype=np.int64), 0.8)
    assert np.mean(factor**2) == pytest.approx(1.0)
    days = [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=i) for i in range(7)]
    daily = factor.reshape(7, 1440).mean(axis=1)
    quiet = {day.weekday() for day, mean in zip(days, daily, strict=True) if mean < daily.max() * 0.9}
    assert quiet == {5, 6}


def test_seasonality_new_york_afternoon_is_louder_than_european_morning():
    monday = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) // 60
    hours = seasonality(np.arange(monday, monday + 1440, dtype=np.int64), 0.8).reshape(24, 60).mean(axis=1)
    assert hours[14] == hours.max()
    assert hours[14] > 1.5 * hours[6]


def test_base_returns_reach_the_daily_volatility_that_was_asked_for():
    ratio = []
    for seed in range(4):
        factor = common_factor(seed, MINUTES.size, PARAMETERS)
        base = base_returns(seed, CATALOGUE["ETH"], MINUTES, factor, PARAMETERS)
        ratio.append(np.sqrt(np.mean(base.returns**2) * 1440) / CATALOGUE["ETH"].daily_volatility)
    assert np.mean(ratio) == pytest.approx(1.0, abs=0.15)


def test_base_returns_are_hardly_predictable_from_the_last_four_hours():
    factor = common_factor(2, MINUTES.size, PARAMETERS)
    base = base_returns(2, CATALOGUE["BTC"], MINUTES, factor, PARAMETERS)
    blocks = (base.returns / base.volatility).reshape(-1, 240).sum(axis=1)
    assert abs(autocorrelation(blocks, 1)) < 0.15


@given(
    crowd=st.floats(-4, 4, allow_nan=False),
    depth=st.floats(-2, 2, allow_nan=False),
    side=st.sampled_from((1, -1)),
)
def test_hazard_needs_a_crowd_on_the_side_and_a_thin_book(crowd: float, depth: float, side: int):
    rate = hazard(np.array([crowd]), np.array([depth]), side, PARAMETERS)[0]
    both = side * crowd > PARAMETERS.crowded_from and depth < 0.0
    assert rate > 0.0 if both and depth < -1e-6 and side * crowd > 0.51 else rate >= 0.0
    if side * crowd <= PARAMETERS.crowded_from or depth >= 0.0:
        assert rate == 0.0


def test_hazard_by_hand():
    sd = np.sqrt(sum(scale.sd**2 for scale in PARAMETERS.depth))
    rate = hazard(np.array([1.5]), np.array([-sd]), 1, PARAMETERS)[0]
    assert rate == pytest.approx(PARAMETERS.hazard_per_day * (1.5 - 0.5) * 1.0)


@pytest.mark.parametrize("name", ["ETH", "ETHUSDT", "ETH/USDT:USDT"])
def test_instrument_any_spelling_finds_the_contract(name: str):
    assert instrument(name) is CATALOGUE["ETH"]


def test_instrument_unknown_coin_gets_a_middling_scale():
    assert instrument("PEPE/USDT:USDT").symbol == "PEPEUSDT"
    assert [instrument(name).pair for name in DEFAULT_PAIRS] == list(DEFAULT_PAIRS)


@pytest.mark.parametrize("name", ["BTC/USDT", "BTC/USD:BTC", "", "btc", "../x"])
def test_instrument_other_markets_are_refused(name: str):
    with pytest.raises(DataError, match="USDT perpetual"):
        instrument(name)


def test_common_factor_tails_are_fatter_than_normal():
    innovation = pd.Series(common_factor(1, 200_000, PARAMETERS).innovation)
    assert innovation.std() == pytest.approx(1.0, abs=0.03)
    assert innovation.kurt() > 1.0
