import pytest

from outrigger.errors import DataError
from outrigger.stops.law import StopState, Widths, advance, is_crossed, open_stop
from tests.stops.trades import INF, MINUTE, NAN

TRAIL_AT_ONCE = Widths(protect=0.03, activation=0.0, trail=0.03)
DELAYED = Widths(protect=0.03, activation=0.02, trail=0.01)


def after(side, entry, widths, *extremes, min_step=0.0) -> StopState:
    state = open_stop(side, entry, widths, 0)
    for row, extreme in enumerate(extremes):
        state = advance(state, extreme, widths, (row + 1) * MINUTE, min_step)
    return state


@pytest.mark.parametrize(
    ("side", "extremes", "stop"),
    [
        (1, [], 38_800),
        (1, [42_000], 40_740),
        (1, [42_000, 41_000], 40_740),
        (-1, [], 41_200),
        (-1, [38_000], 39_140),
        (-1, [38_000, 39_000], 39_140),
    ],
)
def test_three_percent_trail_without_delay_gives_the_documented_stops(side, extremes, stop):
    assert after(side, 40_000.0, TRAIL_AT_ONCE, *extremes).stop == pytest.approx(stop, rel=1e-12)


@pytest.mark.parametrize(("side", "best"), [(1, 40_799.0), (-1, 39_201.0)])
def test_protective_stop_before_arming_stays_where_it_was_set(side, best):
    state = after(side, 40_000.0, DELAYED, best)
    assert not state.armed
    assert state.stop == state.protective == 40_000.0 * (1 - side * 0.03)
    assert state.best == best


def test_protective_stop_before_arming_ignores_later_protective_distances():
    state = open_stop(1, 100.0, DELAYED, 0)
    for row, protect in enumerate([0.001, 0.5, NAN, 0.01]):
        state = advance(state, 101.0, Widths(protect, 0.02, 0.01), (row + 1) * MINUTE)
    assert state.stop == state.protective == pytest.approx(97.0)


@pytest.mark.parametrize("side", [1, -1])
def test_arming_with_a_close_at_the_activation_moves_the_stop_to_the_trail(side):
    state = after(side, 40_000.0, DELAYED, 40_000.0 * (1 + side * 0.02))
    assert state.armed
    assert state.stop == pytest.approx(40_000 * (1 + side * 0.02) * (1 - side * 0.01))


@pytest.mark.parametrize("entry", [1e-8, 7e-6, 0.1, 100.0, 40_000.0, 1e6])
@pytest.mark.parametrize("activation", [0.015, 0.016, 0.018, 0.02])
@pytest.mark.parametrize("side", [1, -1])
def test_arming_exactly_at_the_activation_does_not_depend_on_float_rounding(side, activation, entry):
    widths = Widths(0.03, activation, 0.01)
    assert after(side, entry, widths, entry * (1 + side * activation)).armed
    assert not after(side, entry, widths, entry * (1 + side * (activation - 1e-9))).armed


def test_arming_uses_the_activation_known_at_that_close():
    state = open_stop(1, 100.0, DELAYED, 0)
    state = advance(state, 103.0, Widths(0.03, 0.04, 0.01), MINUTE)
    assert not state.armed
    assert advance(state, 103.0, Widths(0.03, 0.03, 0.01), 2 * MINUTE).armed


def test_falling_activation_does_not_arm_on_an_old_best():
    state = advance(open_stop(1, 100.0, DELAYED, 0), 103.0, Widths(0.03, 0.04, 0.01), MINUTE)
    later = advance(state, 100.0, Widths(0.03, 0.03, 0.01), 2 * MINUTE)
    assert not later.armed
    assert later.best == 103.0


@pytest.mark.parametrize("closed_at", [-MINUTE, 0, MINUTE])
def test_candle_that_closes_with_the_entry_candle_or_before_changes_nothing(closed_at):
    state = open_stop(1, 100.0, DELAYED, MINUTE)
    assert advance(state, 150.0, DELAYED, closed_at) is state


def test_candle_seen_twice_changes_nothing():
    state = after(1, 100.0, DELAYED, 103.0)
    assert advance(state, 120.0, DELAYED, state.as_of_ms) is state


@pytest.mark.parametrize("extreme", [NAN, INF, -INF, 0.0, -5.0])
@pytest.mark.parametrize("side", [1, -1])
def test_candle_that_cannot_be_read_leaves_stop_and_best_but_is_taken_note_of(side, extreme):
    before = after(side, 100.0, DELAYED, 100.0 * (1 + side * 0.03))
    state = advance(before, extreme, DELAYED, before.as_of_ms + MINUTE)
    assert (state.stop, state.best, state.armed) == (before.stop, before.best, True)
    assert state.as_of_ms == before.as_of_ms + MINUTE


@pytest.mark.parametrize("trail", [NAN, INF, 0.0, -0.1])
def test_trail_that_is_no_width_keeps_the_stop_and_remembers_the_best(trail):
    before = after(1, 100.0, DELAYED, 103.0)
    state = advance(before, 110.0, Widths(NAN, NAN, trail), before.as_of_ms + MINUTE)
    assert (state.stop, state.best) == (before.stop, 110.0)
    assert advance(state, 105.0, DELAYED, state.as_of_ms + MINUTE).stop == pytest.approx(110 * 0.99)


@pytest.mark.parametrize("activation", [NAN, INF])
def test_activation_that_is_not_known_or_infinite_never_arms(activation):
    assert not after(1, 100.0, Widths(0.03, activation, 0.01), 1e9).armed


def test_trail_that_widens_after_arming_does_not_loosen_the_stop():
    state = after(1, 100.0, DELAYED, 103.0)
    wider = advance(state, 104.0, Widths(0.03, 0.02, 0.08), state.as_of_ms + MINUTE)
    assert wider.stop == state.stop == pytest.approx(101.97)


def test_trail_as_wide_as_the_price_does_not_move_the_stop():
    assert after(1, 100.0, Widths(0.03, 0.0, 1.2), 110.0).stop == pytest.approx(97.0)
    assert after(-1, 100.0, Widths(0.03, 0.0, 1.2), 90.0).stop == pytest.approx(103.0)


# An armed long from 100 whose trail of 1 % stands at 101.97; 1 % more is 102.9897.
@pytest.mark.parametrize(("best", "moves"), [(103.9, False), (104.0, False), (104.04, True), (104.1, True)])
def test_move_smaller_than_the_minimum_step_waits(best, moves):
    state = after(1, 100.0, DELAYED, 103.0)
    later = advance(state, best, DELAYED, state.as_of_ms + MINUTE, min_step=0.01)
    assert (later.stop > state.stop) is moves
    assert later.best == best


def test_minimum_step_of_a_short_is_measured_from_its_own_stop():
    # Armed at 97, trail 97.97; a step of 1 % is 0.9797: to 96.9903, which needs a low of 96.03.
    state = after(-1, 100.0, DELAYED, 97.0)
    assert advance(state, 96.04, DELAYED, 10 * MINUTE, min_step=0.01).stop == state.stop
    assert advance(state, 96.02, DELAYED, 10 * MINUTE, min_step=0.01).stop == pytest.approx(96.02 * 1.01)


@pytest.mark.parametrize("side", [1, -1])
def test_move_that_arms_is_made_however_large_the_minimum_step(side):
    # Protective at 1 %, armed stop at the entry: less than the 2 % step, and still what saves the entry.
    widths = Widths(0.01, 0.0102, 0.0099)
    state = after(side, 100.0, widths, 100 * (1 + side * 0.0102), min_step=0.02)
    assert state.armed
    assert side * (state.stop - 100.0) >= 0


def test_stop_opened_without_delay_takes_the_narrower_of_trail_and_protective():
    assert open_stop(1, 100.0, Widths(0.05, 0.0, 0.02), 0).stop == pytest.approx(98.0)
    assert open_stop(1, 100.0, Widths(0.02, 0.0, 0.05), 0).stop == pytest.approx(98.0)
    assert open_stop(-1, 100.0, Widths(0.05, 0.0, 0.02), 0).stop == pytest.approx(102.0)


def test_stop_opened_without_delay_and_without_a_trail_keeps_the_protective_stop():
    state = open_stop(1, 100.0, Widths(0.05, 0.0, NAN), 0)
    assert state.armed
    assert state.stop == state.protective == pytest.approx(95.0)


@pytest.mark.parametrize(
    ("side", "entry", "protect", "message"),
    [
        (0, 100.0, 0.03, "side is 0"),
        (2, 100.0, 0.03, "side is 2"),
        (1, 0.0, 0.03, "entry price is 0.0"),
        (1, -1.0, 0.03, "entry price is -1.0"),
        (1, NAN, 0.03, "entry price is nan"),
        (1, INF, 0.03, "entry price is inf"),
        (1, 100.0, 0.0, "protective distance is 0.0"),
        (-1, 100.0, 1.0, "protective distance is 1.0"),
        (1, 100.0, -0.1, "protective distance is -0.1"),
        (1, 100.0, NAN, "protective distance is nan"),
    ],
)
def test_open_stop_with_what_is_no_trade_is_refused_by_name(side, entry, protect, message):
    with pytest.raises(DataError, match=message):
        open_stop(side, entry, Widths(protect, 0.02, 0.01), 0)


@pytest.mark.parametrize(
    ("side", "price", "crossed"),
    [
        (1, 97.01, False),
        (1, 97.0, True),
        (1, 90.0, True),
        (-1, 102.99, False),
        (-1, 103.0, True),
        (-1, 110.0, True),
        (1, NAN, False),
        (-1, NAN, False),
    ],
)
def test_is_crossed_at_or_beyond_the_stop(side, price, crossed):
    assert is_crossed(open_stop(side, 100.0, DELAYED, 0), price) is crossed


@pytest.mark.parametrize(
    ("side", "guard", "drawn_to"), [(1, 101.5, 101.5), (1, 98.5, 99.0), (-1, 98.5, 98.5), (-1, 101.5, 101.0)]
)
def test_guard_of_an_armed_trade_draws_the_stop_up_and_never_back(side, guard, drawn_to):
    state = StopState(side, 100.0, 100.0 - 3 * side, 100.0 - side, 100.0 + 2 * side, True, 0)
    later = advance(state, float("nan"), Widths(0.03, 0.015, float("nan"), guard), 60_000)
    assert later.stop == drawn_to


def test_guard_of_a_trade_that_has_not_armed_leaves_the_protective_stop_unless_it_is_an_early_guard():
    state = open_stop(1, 100.0, Widths(0.03, 0.02, 0.01), 0)
    assert advance(state, 100.5, Widths(0.03, 0.02, 0.01, 99.0), 60_000).stop == state.protective
    early = advance(state, 100.5, Widths(0.03, 0.02, 0.01, 99.5, 99.0), 60_000)
    assert (early.stop, early.armed, early.protective) == (99.0, False, state.protective)


def test_guard_and_trail_of_the_same_candle_leave_the_nearer_of_the_two():
    state = StopState(1, 100.0, 97.0, 97.0, 104.0, True, 0)
    assert advance(state, 104.0, Widths(0.03, 0.02, 0.02, 101.0), 60_000).stop == pytest.approx(101.92)
    assert advance(state, 104.0, Widths(0.03, 0.02, 0.02, 103.0), 60_000).stop == 103.0
