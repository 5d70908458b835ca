from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.settings.stop import StopSettings
from outrigger.stops.policies import MarketColumns, break_even, widths
from tests.stops.tracks import PLAIN, noise
from tests.stops.trades import INF, NAN, Trade, relatives, sides

PLAIN_STOP = StopSettings(**PLAIN)
POLICY_NAMES = ("volatility", "trailing", "chandelier", "fixed")
sigmas = st.one_of(st.just(NAN), st.floats(1e-4, 0.2))


def market(sigma, candle_range=0.0, atr=NAN):
    """A market whose forecast for a day is twice that for the trail's horizon."""
    sigma = np.asarray(sigma, dtype=float)
    columns = np.broadcast_arrays(sigma, 2 * sigma, candle_range, atr)
    return MarketColumns(*(np.atleast_1d(np.array(column, dtype=float)) for column in columns))


def distances(columns):
    return columns.protect, columns.activation, columns.trail


def only(columns):
    return tuple(float(column[0]) for column in distances(columns))


@pytest.mark.parametrize(
    ("sigma", "protect", "activation", "trail"),
    [
        # Once a day's 4 %, 1.5 and .75 times 2 %, where no limit binds.
        (0.02, 0.04, 0.03, 0.015),
        # The protective minimum, the smallest activation and the narrowest trail.
        (0.001, 0.01, 0.015, 0.006),
        # The widest protective stop and trail; nothing limits the activation.
        (0.10, 0.08, 0.15, 0.06),
    ],
)
def test_volatility_widths_follow_sigma_between_the_limits(sigma, protect, activation, trail):
    assert only(widths(market(sigma), PLAIN_STOP)) == pytest.approx((protect, activation, trail))


def test_volatility_trail_stays_above_the_noise_of_the_candles_even_beyond_its_maximum():
    # Three mean ranges of 1 % and of 4 %: 3 % and 12 %; break-even of 12 % is 12/88.
    assert only(widths(market(0.02, 0.01), PLAIN_STOP))[1:] == pytest.approx((0.03 / 0.97, 0.03))
    assert only(widths(market(0.02, 0.04), PLAIN_STOP))[1:] == pytest.approx((0.12 / 0.88, 0.12))


@pytest.mark.parametrize("candle_range", [1 / 3, 0.4, 5.0])
def test_volatility_trail_as_wide_as_the_price_does_not_arm(candle_range):
    assert only(widths(market(0.02, candle_range), PLAIN_STOP))[1] > 1e12


def test_volatility_activation_may_be_smaller_than_break_even_only_when_allowed():
    loose = StopSettings(
        **PLAIN | {"allow_loss_when_armed": True, "activation": 0.001, "activation_sigma": 0.1}
    )
    assert only(widths(market(0.02), loose))[1] == pytest.approx(0.002)


def test_volatility_without_a_forecast_neither_opens_nor_arms_nor_trails():
    protect, activation, trail = only(widths(market(NAN, 0.01), PLAIN_STOP))
    assert np.isnan(protect)
    assert activation == INF
    assert np.isnan(trail)


def test_volatility_without_candle_ranges_goes_by_sigma():
    assert only(widths(market(0.02, NAN), PLAIN_STOP)) == pytest.approx((0.04, 0.03, 0.015))


def test_fixed_never_arms():
    protect, activation, trail = only(widths(market(0.5), StopSettings(policy="fixed", fixed_distance=0.025)))
    assert (protect, activation) == (0.025, INF)
    assert np.isnan(trail)


def test_trailing_has_one_width_and_its_own_activation():
    settings = StopSettings(policy="trailing", trailing_width=0.02, trailing_activation=0.05)
    assert only(widths(market(NAN), settings)) == (0.02, 0.05, 0.02)


@pytest.mark.parametrize(("atr", "width"), [(0.01, 0.03), (0.0001, 0.004), (0.9, 0.5)])
def test_chandelier_trails_three_atr_from_the_entry_on(atr, width):
    found = only(widths(market(NAN, atr=atr), StopSettings(**PLAIN, policy="chandelier")))
    assert found == pytest.approx((width, 0.0, width))


def test_chandelier_without_atr_does_not_open():
    assert np.isnan(only(widths(market(0.02), StopSettings(**PLAIN, policy="chandelier")))[0])


@given(st.floats(0.0005, 0.9))
def test_break_even_lifts_a_long_exactly_to_its_entry_and_a_short_beyond(width):
    needed = float(break_even(np.array([width]))[0])
    assert (1 + needed) * (1 - width) == pytest.approx(1.0)
    assert (1 - needed) * (1 + width) <= 1 + 1e-12


@pytest.mark.filterwarnings("error")
def test_break_even_of_a_width_that_no_move_makes_good_is_infinite():
    assert np.array_equal(break_even(np.array([0.5, 1.0, 2.0, NAN])), [1.0, INF, INF, NAN], equal_nan=True)


@pytest.mark.parametrize("policy", POLICY_NAMES)
@pytest.mark.parametrize("n", [0, 1, 37, 200])
def test_widths_of_a_truncated_market_are_the_truncated_widths(policy, n):
    whole, settings = noise(200), StopSettings(policy=policy)
    cut = widths(MarketColumns(*(column[:n] for column in astuple(whole))), settings)
    for short, long in zip(distances(cut), distances(widths(whole, settings)), strict=True):
        assert np.array_equal(short, long[:n], equal_nan=True)


@given(st.lists(st.tuples(sigmas, st.floats(1.0, 5.0), st.floats(0.0, 0.05)), min_size=1, max_size=20))
def test_volatility_larger_sigma_never_narrows_a_width_nor_lowers_the_activation(rows):
    sigma, factor, candle_range = np.array(rows).T
    calm = widths(market(sigma, candle_range), PLAIN_STOP)
    wild = widths(market(sigma * factor, candle_range), PLAIN_STOP)
    for near, far in zip(distances(calm), distances(wild), strict=True):
        known = np.isfinite(near)
        assert np.all(far[known] >= near[known])
        assert np.array_equal(np.isnan(near), np.isnan(far))


@given(
    sides,
    st.lists(st.tuples(relatives, sigmas, st.floats(1.0, 5.0)), min_size=2, max_size=25),
    st.sampled_from([0.0, 0.0005, 0.01]),
)
def test_volatility_larger_sigma_arms_no_earlier_and_never_holds_the_nearer_stop(side, rows, min_step):
    relative, sigma, factor = np.array(rows).T
    sigma[0] = 0.01

    def traded(forecast):
        found = widths(market(forecast, 0.001), PLAIN_STOP)
        asked = [found.at(row) for row in range(1, len(forecast))]
        return Trade(side, 100.0, found.at(0), 100 * relative[1:], asked)

    calm, wild = traded(sigma), traded(sigma * factor)
    for near, far in zip(calm.states(min_step), wild.states(min_step), strict=True):
        assert near.armed or not far.armed
        assert side * (near.protective - far.protective) >= 0
        assert side * (far.stop - near.stop) <= min_step * near.stop * (1 + 1e-9)


@given(
    sides,
    st.lists(st.tuples(relatives, sigmas, st.floats(0.0, 0.5)), min_size=2, max_size=25),
    st.floats(0.0, 0.02),
)
def test_volatility_stop_that_is_armed_lies_at_the_entry_or_better(side, rows, min_step):
    relative, sigma, candle_range = np.array(rows).T
    sigma[0] = 0.01
    found = widths(market(sigma, candle_range), PLAIN_STOP)
    asked = [found.at(row) for row in range(1, len(sigma))]
    for state in Trade(side, 100.0, found.at(0), 100 * relative[1:], asked).states(min_step):
        assert not state.armed or side * (state.stop / 100.0 - 1) >= -2e-12
