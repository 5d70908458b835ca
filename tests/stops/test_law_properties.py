"""What holds for every sequence of candles; sequences include candles that nobody would expect."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from outrigger.stops import document
from outrigger.stops.law import StopState, Widths, advance, open_stop
from tests.stops.trades import MINUTE, Trade, activations, distances, min_steps, trades, trails


def tighter_or_equal(side, later, earlier) -> bool:
    return bool(np.all(side * (np.asarray(later) - np.asarray(earlier)) >= 0))


def reloaded(state: StopState) -> StopState:
    return document.loads(document.TradeDocument(state, "volatility", {}).dumps()).stop


@given(trades(guarded=True), min_steps)
def test_stop_over_any_candles_never_loosens(trade, min_step):
    stops = np.concatenate([[trade.opened().protective, trade.opened().stop], trade.stops(min_step)])
    assert tighter_or_equal(trade.side, stops[1:], stops[:-1])
    assert np.all(np.isfinite(stops))
    assert np.all(stops > 0)


@given(trades(guarded=True), st.data())
def test_stop_over_gaps_duplicates_and_disorder_never_loosens(trade, data):
    rows = data.draw(st.lists(st.integers(0, max(len(trade.widths) - 1, 0)), max_size=40))
    state = trade.opened()
    for row in rows if trade.widths else []:
        later = advance(state, float(trade.extremes[row]), trade.widths[row], (row + 1) * MINUTE)
        assert trade.side * (later.stop - state.stop) >= 0
        assert trade.side * (later.best - state.best) >= 0
        assert later.as_of_ms >= state.as_of_ms
        assert later.armed >= state.armed
        assert later.protective == state.protective
        state = later


@given(trades(guarded=True), min_steps, st.data())
def test_saved_and_loaded_state_goes_on_as_if_nothing_had_happened(trade, min_step, data):
    states = trade.states(min_step)
    assume(states)
    cut = data.draw(st.integers(0, len(states) - 1))
    state = reloaded(states[cut])
    assert state == states[cut]
    for row in range(cut + 1, len(states)):
        extreme, widths = float(trade.extremes[row]), trade.widths[row]
        state = reloaded(advance(state, extreme, widths, (row + 1) * MINUTE, min_step))
    assert state == states[-1]


@given(trades(guarded=True), min_steps, st.data())
def test_restart_that_lost_candles_is_never_looser_than_before_nor_tighter_than_with_them(
    trade, min_step, data
):
    # Policies give the guard, or nothing, as the early guard: one that asked for more would bind a trade only
    # for as long as it has not armed.
    trade = replace(
        trade,
        widths=[
            replace(asked, early_guard=data.draw(st.sampled_from([asked.guard, float("nan")])))
            for asked in trade.widths
        ],
    )
    states = trade.states()
    assume(states)
    cut = data.draw(st.integers(0, len(states) - 1))
    missing = data.draw(st.integers(0, len(states) - 1 - cut))
    state = reloaded(states[cut])
    for row in range(cut + 1 + missing, len(states)):
        state = advance(state, float(trade.extremes[row]), trade.widths[row], (row + 1) * MINUTE)
        assert trade.side * (state.stop - states[cut].stop) >= 0
        assert trade.side * (states[row].stop - state.stop) >= 0


@given(trades(), min_steps)
def test_stop_of_an_armed_trade_stands_at_a_trail_some_candle_asked_for(trade, min_step):
    allowed = {trade.opened().protective, trade.opened().stop}
    for state, widths in zip(trade.states(min_step), trade.widths, strict=True):
        allowed.add(state.best * (1 - trade.side * widths.trail))
        assert state.stop in allowed


@given(trades(), st.integers(-40, 40), min_steps)
def test_prices_in_another_unit_give_the_same_stops_in_that_unit(trade, power, min_step):
    scale = 2.0**power
    scaled = Trade(trade.side, trade.entry * scale, trade.opening, trade.extremes * scale, trade.widths)
    assert np.array_equal(scaled.stops(min_step), trade.stops(min_step) * scale)


# Whole 1024ths of a power of two add and divide without rounding, so that the mirror is exact.
dyadic = st.integers(-250, 250).map(lambda parts: parts / 1024)


@given(
    st.lists(dyadic, max_size=25),
    st.lists(st.tuples(activations, trails), min_size=25, max_size=25),
    distances,
)
def test_short_on_mirrored_moves_arms_with_the_long_and_keeps_the_same_distances(moves, asked, protect):
    widths = [Widths(protect, activation, trail) for activation, trail in asked[: len(moves)]]
    opening, relative = Widths(protect, 0.5, 0.1), np.array(moves, dtype=float)
    long = Trade(1, 64.0, opening, 64.0 * (1 + relative), widths).states()
    short = Trade(-1, 64.0, opening, 64.0 * (1 - relative), widths).states()
    for up, down in zip(long, short, strict=True):
        assert up.armed == down.armed
        assert up.best - 64.0 == 64.0 - down.best
        assert up.protective - 64.0 == pytest.approx(64.0 - down.protective)
        if not up.armed:
            assert up.stop == up.protective
            assert down.stop == down.protective


@given(st.lists(dyadic, min_size=1, max_size=25), distances)
def test_short_under_a_constant_trail_stands_as_far_from_its_best_as_the_long(moves, trail):
    widths = [Widths(trail, 0.0, trail)] * len(moves)
    relative = np.array(moves)
    long = Trade(1, 64.0, widths[0], 64.0 * (1 + relative), widths).states()
    short = Trade(-1, 64.0, widths[0], 64.0 * (1 - relative), widths).states()
    for up, down in zip(long, short, strict=True):
        assert 1 - up.stop / up.best == pytest.approx(trail, rel=1e-9)
        assert down.stop / down.best - 1 == pytest.approx(trail, rel=1e-9)


@given(trades(), st.lists(st.floats(1.0, 4.0), min_size=31, max_size=31), min_steps)
def test_wider_widths_arm_no_earlier_and_never_put_the_stop_nearer(trade, factors, min_step):
    assume(trade.opening.protect * factors[-1] < 1)

    def widened(row, factor):
        return Widths(row.protect * factor, row.activation * factor, row.trail * factor)

    wide = Trade(
        trade.side,
        trade.entry,
        widened(trade.opening, factors[-1]),
        trade.extremes,
        [widened(row, factor) for row, factor in zip(trade.widths, factors, strict=False)],
    )
    narrow_states, wide_states = trade.states(), wide.states()
    for narrow, other in zip(narrow_states, wide_states, strict=True):
        assert narrow.armed or not other.armed
        assert trade.side * (narrow.protective - other.protective) >= 0
        assert trade.side * (narrow.stop - other.stop) >= 0
    # A minimum step can hold the narrower stop back, by less than that step.
    thinned, step = trade.stops(min_step), min_step * (1 + 1e-9)
    assert np.all(trade.side * (wide.stops(min_step) - thinned) <= step * thinned + 1e-15 * thinned)


@given(trades(guarded=True), min_steps)
def test_minimum_step_holds_the_stop_back_by_less_than_a_step(trade, min_step):
    free, thinned = trade.stops(), trade.stops(min_step)
    behind = trade.side * (free - thinned)
    assert np.all(behind >= 0)
    assert np.all(behind <= min_step * thinned * (1 + 1e-9))


@given(trades(), st.data())
def test_activation_above_break_even_arms_at_the_entry_or_better(trade, data):
    def secured(row):
        # What the volatility policy does: an unknown trail never arms.
        needed = np.fmax(row.trail / (1 - row.trail), row.activation)
        return Widths(row.protect, float(needed) if np.isfinite(row.trail) else np.inf, row.trail)

    safe = Trade(
        trade.side,
        trade.entry,
        Widths(trade.opening.protect, np.inf, trade.opening.trail),
        trade.extremes,
        [secured(row) for row in trade.widths],
    )
    for state in safe.states(data.draw(min_steps)):
        if state.armed:
            assert trade.side * (state.stop / trade.entry - 1) >= -2e-12


def test_state_opened_after_the_entry_candle_has_the_protective_stop_only():
    state = open_stop(1, 100.0, Widths(0.03, 0.001, 0.001), MINUTE)
    assert advance(state, 200.0, Widths(0.03, 0.001, 0.001), MINUTE).stop == pytest.approx(97.0)
