import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError
from outrigger.stops.law import Widths
from outrigger.stops.path import stop_path
from tests.stops.trades import INF, NAN, Trade, column, distances, min_steps, trades


def paths(trade: Trade, min_step: float, trail_at_entry: float = NAN):
    return stop_path(
        trade.side,
        trade.entry,
        trade.extremes,
        trade.opening.protect,
        column(trade.widths, "activation"),
        column(trade.widths, "trail"),
        min_step,
        trail_at_entry,
        column(trade.widths, "guard"),
        column(trade.widths, "early_guard"),
    )


@given(trades(60, guarded=True), min_steps)
def test_stop_path_of_a_delayed_trail_equals_the_law_at_every_candle(trade, min_step):
    opening = Widths(trade.opening.protect, INF, NAN)
    delayed = Trade(trade.side, trade.entry, opening, trade.extremes, trade.widths)
    stops, armed_at = paths(delayed, min_step)
    states = delayed.states(min_step)
    assert np.array_equal(stops, [state.stop for state in states])
    assert armed_at == next((row for row, state in enumerate(states) if state.armed), len(states))


@given(trades(60, guarded=True), min_steps, distances)
def test_stop_path_of_a_trail_from_the_entry_equals_the_law_at_every_candle(trade, min_step, trail):
    opening = Widths(trade.opening.protect, 0.0, trail)
    at_once = Trade(trade.side, trade.entry, opening, trade.extremes, trade.widths)
    stops, armed_at = paths(at_once, min_step, trail)
    assert np.array_equal(stops, at_once.stops(min_step))
    assert armed_at == -1


@given(trades(guarded=True), min_steps, st.integers(0, 30))
def test_stop_path_of_fewer_candles_is_the_beginning_of_the_path(trade, min_step, n):
    cut = Trade(trade.side, trade.entry, trade.opening, trade.extremes[:n], trade.widths[:n])
    assert np.array_equal(paths(cut, min_step)[0], paths(trade, min_step)[0][:n])


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("min_step", [0.0, 0.0005, 0.01])
def test_stop_path_of_a_long_walk_equals_the_law(side, min_step):
    rng = np.random.default_rng(20)
    walk = 40_000 * np.exp(np.cumsum(rng.normal(side * 2e-4, 0.002, 3000)))
    sigma = 0.01 * np.exp(np.cumsum(rng.normal(0, 0.02, 3000)))
    walk[rng.random(3000) < 0.02] = NAN
    sigma[rng.random(3000) < 0.02] = NAN
    widths = [Widths(0.03, 1.5 * s if s == s else INF, 0.75 * s) for s in sigma]
    trade = Trade(side, 40_000.0, Widths(0.03, INF, NAN), walk, widths)
    stops, _ = paths(trade, min_step)
    assert np.array_equal(stops, trade.stops(min_step))
    assert len(np.unique(stops)) > 5


@pytest.mark.parametrize("side", [1, -1])
def test_stop_path_makes_the_move_that_arms_however_large_the_minimum_step(side):
    # From 1 % behind the entry to just above it: less than a step of 2 %.
    extremes = 100.0 * (1 + side * np.array([0.005, 0.0102, 0.011]))
    asked = np.full(3, 0.0102), np.full(3, 0.0099)
    stops, armed_at = stop_path(side, 100.0, extremes, 0.01, *asked, min_step=0.02)
    armed = extremes[1] * (1 - side * 0.0099)
    assert armed_at == 1
    np.testing.assert_allclose(stops, [100.0 * (1 - side * 0.01), armed, armed])


def test_stop_path_moves_by_exactly_the_minimum_step():
    # All of it exact in binary: from 64 by 1/64 of 64.
    widths = Widths(0.5, 0.0, 0.5)
    trade = Trade(1, 128.0, widths, np.array([129.0, 130.0]), [widths] * 2)
    assert list(trade.stops(1 / 64)) == [64.0, 65.0]
    assert list(paths(trade, 1 / 64, 0.5)[0]) == [64.0, 65.0]


@pytest.mark.parametrize("trail_at_entry", [0.0, -0.1])
def test_stop_path_with_no_width_at_entry_starts_at_the_protective_stop(trail_at_entry):
    stops, armed_at = stop_path(
        1, 100.0, np.array([99.0]), 0.03, np.array([0.0]), np.array([NAN]), 0.0, trail_at_entry
    )
    assert stops[0] == pytest.approx(97.0)
    assert armed_at == -1


def test_stop_path_without_candles_is_empty():
    empty = np.array([])
    for trail_at_entry, armed_at in ((NAN, 0), (0.03, -1)):
        for min_step in (0.0, 0.01):
            stops, armed = stop_path(1, 100.0, empty, 0.03, empty, empty, min_step, trail_at_entry)
            assert stops.shape == (0,)
            assert armed == armed_at


@pytest.mark.parametrize(
    ("side", "entry", "protect"), [(0, 1.0, 0.1), (1, NAN, 0.1), (1, 1.0, NAN), (1, 1.0, 1.0)]
)
def test_stop_path_with_what_is_no_trade_is_refused(side, entry, protect):
    one = np.array([1.0])
    with pytest.raises(DataError):
        stop_path(side, entry, one, protect, one, one)


@given(trades(40), min_steps)
def test_stop_path_without_guards_is_the_path_with_guards_that_ask_for_nothing(trade, min_step):
    delayed = Trade(
        trade.side, trade.entry, Widths(trade.opening.protect, INF, NAN), trade.extremes, trade.widths
    )
    plain = stop_path(
        delayed.side,
        delayed.entry,
        delayed.extremes,
        delayed.opening.protect,
        column(delayed.widths, "activation"),
        column(delayed.widths, "trail"),
        min_step,
    )
    assert np.array_equal(plain[0], paths(delayed, min_step)[0])
    assert plain[1] == paths(delayed, min_step)[1]
