"""Funding, depth and the cascade guard: by hand, within bounds, mirrored, and silent without data."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.settings.read import Settings, read_settings
from outrigger.settings.squeeze import SqueezeSettings
from outrigger.stops.measured import inputs_wanted, measured_track, on_base, pressures
from outrigger.stops.policies import sided_widths
from outrigger.stops.pressure import columns_read, depth_factor, funding_factor, guard_price, squeeze_pressure
from tests.stops.tracks import noise, steady, walk
from tests.stops.trades import NAN

ON = SqueezeSettings(funding=True, depth=True, guard=True)
maybe = st.one_of(st.just(NAN), st.floats(-5, 5))


def column(*values):
    return np.array(values, dtype=float)


@pytest.mark.parametrize(
    ("percentile", "long", "short"),
    [
        (0.5, 1.0, 1.0),
        (0.8, 1.0, 1.0),  # the quiet middle ends at |2p - 1| = .6
        (0.9, 0.875, 1.125),  # half way from there to the extreme: half of a gain of .25
        (1.0, 0.75, 1.25),
        (0.0, 1.25, 0.75),
        (NAN, 1.0, 1.0),
    ],
)
def test_funding_factor_narrows_the_crowded_side_and_widens_the_other(percentile, long, short):
    assert funding_factor(1, column(percentile), ON) == pytest.approx([long])
    assert funding_factor(-1, column(percentile), ON) == pytest.approx([short])


def test_depth_factor_is_a_power_of_norm_over_depth_within_its_bounds():
    told = depth_factor(column(0.0, np.log(0.5), np.log(2.0), -20.0, 20.0, NAN), ON)
    assert told == pytest.approx([1.0, 2**0.3, 2**-0.3, 1.5, 0.8, 1.0])


def guard(side=1, close=100.0, fragility=0.95, distance=0.01, depth=-0.5, least=0.001, **changed):
    settings = SqueezeSettings(guard=True, **changed)
    return guard_price(
        side, column(close), column(fragility), column(distance), column(depth), column(least), settings
    )[0]


def test_guard_price_lies_just_before_the_cluster_on_either_side():
    assert guard(1) == pytest.approx(99.3)
    assert guard(-1) == pytest.approx(100.7)
    assert guard(1, guard_room=0.5) == pytest.approx(99.5)


def test_guard_price_is_never_nearer_than_the_candles_noise():
    assert guard(1, distance=0.002, least=0.004) == pytest.approx(99.6)


@pytest.mark.parametrize(
    "changed",
    [
        {"fragility": 0.89},
        {"distance": 0.031},
        {"distance": 0.0},
        {"depth": -0.19},
        {"fragility": NAN},
        {"distance": NAN},
        {"depth": NAN},
    ],
)
def test_guard_price_where_no_cascade_looks_close_or_something_is_unknown_asks_for_nothing(changed):
    assert np.isnan(guard(**changed))


def test_columns_read_are_those_of_the_parts_switched_on():
    assert columns_read(SqueezeSettings()) == ()
    assert columns_read(SqueezeSettings(funding=True)) == ("funding_percentile_90d",)
    assert set(columns_read(SqueezeSettings(depth=True))) == {
        "book_bid_depth_vs_norm",
        "book_ask_depth_vs_norm",
    }
    assert len(set(columns_read(ON))) == len(columns_read(ON)) == 7
    assert inputs_wanted(Settings()) == ()


@given(st.lists(st.tuples(*[maybe] * 7), min_size=1, max_size=20))
def test_squeeze_pressure_of_any_inputs_stays_within_its_bounds(rows):
    inputs = dict(zip(columns_read(ON), np.array(rows, dtype=float).T, strict=True))
    close = np.full(len(rows), 100.0)
    told = squeeze_pressure(inputs, close, np.full(len(rows), 0.004), ON)
    for side, pressure in ((1, told.long), (-1, told.short)):
        funding, depth = pressure.factors.values()
        assert np.all((funding >= ON.funding_min) & (funding <= ON.funding_max))
        assert np.all((depth >= ON.depth_min) & (depth <= ON.depth_max))
        known = np.isfinite(pressure.guard)
        assert np.all(side * (close - pressure.guard)[known] >= 0.4 - 1e-9)
        assert pressure.early_guard is None


def test_squeeze_pressure_of_mirrored_inputs_mirrors_the_sides():
    rng = np.random.default_rng(4)
    inputs = {name: rng.uniform(-1, 1, 50) for name in columns_read(ON)}
    swap = {"bid": "ask", "ask": "bid", "long": "short", "short": "long"}
    mirrored = {}
    for name, values in inputs.items():
        other = "_".join(swap.get(word, word) for word in name.split("_"))
        mirrored[other] = 1 - values if name.startswith("funding") else values
    close, room = np.full(50, 100.0), np.full(50, 0.004)
    plain, turned = (squeeze_pressure(told, close, room, ON) for told in (inputs, mirrored))
    for cause in plain.long.factors:
        assert plain.long.factors[cause] == pytest.approx(turned.short.factors[cause])
    assert np.array_equal(np.isnan(plain.long.guard), np.isnan(turned.short.guard))


@pytest.mark.parametrize("n", [0, 1, 20])
def test_squeeze_pressure_of_fewer_candles_is_the_beginning(n):
    rng = np.random.default_rng(4)
    inputs = {name: rng.uniform(-1, 1, 50) for name in columns_read(ON)}
    close, room = rng.uniform(90, 110, 50), np.full(50, 0.004)
    whole = squeeze_pressure(inputs, close, room, ON)
    cut = squeeze_pressure({name: values[:n] for name, values in inputs.items()}, close[:n], room[:n], ON)
    for cause, values in cut.long.factors.items():
        assert np.array_equal(values, whole.long.factors[cause][:n])
    assert np.array_equal(cut.short.guard, whole.short.guard[:n], equal_nan=True)


def test_guard_unarmed_lets_the_guard_move_protective_stops_too():
    early = SqueezeSettings(guard=True, guard_unarmed=True)
    told = squeeze_pressure({}, column(100.0), column(0.004), early)
    assert told.long.early_guard is told.long.guard


# In the policy


def test_volatility_widths_with_every_switch_on_and_no_data_are_what_they_were():
    market, settings = noise(300), Settings()
    told = squeeze_pressure({}, np.full(300, 100.0), np.full(300, 0.004), ON)
    plain, pressed = sided_widths(market, settings.stop), sided_widths(market, settings.stop, told)
    for side in (1, -1):
        for name in ("protect", "activation", "trail"):
            assert np.array_equal(getattr(plain.of(side), name), getattr(pressed.of(side), name))
        assert np.isnan(pressed.of(side).guard).all()


def test_volatility_trail_takes_multipliers_before_its_limits_and_protective_stops_do_not():
    market = steady(3, 0.02, candle_range=0.0)
    inputs = {"funding_percentile_90d": column(1.0, 0.0, NAN)}
    settings = read_settings({"outrigger": {"squeeze": {"funding": True}, "stop": {"trail_max": 0.016}}})
    told = squeeze_pressure(inputs, np.full(3, 100.0), np.full(3, 0.004), settings.squeeze)
    found = sided_widths(market, settings.stop, told)
    assert found.long.trail == pytest.approx([0.0105, 0.016, 0.014])  # .7 sigma is 1.4 %
    assert found.short.trail == pytest.approx([0.016, 0.0105, 0.014])
    assert np.array_equal(found.long.protect, found.short.protect)
    assert list(found.long.factors) == ["funding"]


@pytest.mark.parametrize("policy", ["trailing", "chandelier", "fixed"])
def test_other_policies_do_not_listen_to_pressure(policy):
    settings = read_settings({"outrigger": {"stop": {"policy": policy}}})
    inputs = {name: np.full(50, 1.0) for name in columns_read(ON)}
    told = squeeze_pressure(inputs, np.full(50, 100.0), np.full(50, 0.004), ON)
    found = sided_widths(noise(50), settings.stop, told)
    assert found.long.guard is None
    assert not found.long.factors
    for name in ("protect", "activation", "trail"):
        assert np.array_equal(getattr(found.long, name), getattr(found.short, name), equal_nan=True)


def test_pressures_with_everything_switched_off_are_none():
    assert pressures({}, column(100.0), steady(1, 0.01), Settings()) is None


# On candles


def test_measured_track_puts_five_minute_inputs_on_minutes_only_once_they_are_known():
    minute = walk(3 * 1440)
    five = minute.iloc[::5].assign(
        close=minute["close"].iloc[4::5].to_numpy(), volume=1.0, open=minute["close"]
    )
    frames = {"1m": minute.assign(open=minute["close"], volume=1.0), "5m": five.reset_index(drop=True)}
    inputs = pd.DataFrame({"funding_percentile_90d": np.arange(len(five), dtype=float)})
    known = on_base(inputs, frames, "1m", "X")["funding_percentile_90d"]
    # The candle from 00:05 closes at 00:10, with the minute from 00:09.
    assert np.isnan(known[3])
    assert known[4:10].tolist() == [0.0] * 5 + [1.0]
    settings = read_settings({"outrigger": {"squeeze": {"funding": True}}})
    track = measured_track(frames, "1m", settings, "X", inputs.clip(upper=1.0))
    assert len(track.widths.long.factors["funding"]) == len(minute)
    assert track.widths.long.factors["funding"][-1] == pytest.approx(0.75)
    alone = measured_track(frames, "1m", Settings(), "X")
    assert not alone.widths.long.factors
