import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.settings.stop import StopSettings
from outrigger.stops import document
from outrigger.stops.keeper import StopKeeper
from outrigger.stops.law import advance, open_stop
from tests.stops.tracks import PLAIN, START_MS, closes_at, dated, noise, steady, track, walk, without_older
from tests.stops.trades import MINUTE, NAN

PAIR = "BTC/USDT:USDT"
SETTINGS = StopSettings(**PLAIN | {"activation": 0.006, "activation_sigma": 0.75})
FRAME = walk(240)
TRACK = track(FRAME, SETTINGS)
# A fill in the middle of the candle of row 20: row 19 is the last closed one.
OPENED = closes_at(19) + MINUTE // 2
ENTRY = float(FRAME["close"][19])


def keeping(side=1, kept=TRACK, now=OPENED) -> StopKeeper:
    keeper = StopKeeper(SETTINGS.min_step)
    keeper.set_track(PAIR, kept)
    assert keeper.open(1, PAIR, side, ENTRY, now) is not None
    return keeper


def by_the_law(side, last):
    state = open_stop(side, ENTRY, TRACK.widths.of(side).at(19), closes_at(20))
    for row in range(21, last + 1):
        extreme = float(FRAME["high" if side > 0 else "low"][row])
        state = advance(state, extreme, TRACK.widths.of(side).at(row), closes_at(row), SETTINGS.min_step)
    return state


def calm(close, low=None):
    """A track of given candles and constant noise: a day of 4 %, and so the protective stop."""
    close = np.asarray(close, dtype=float)
    frame = dated(close, close if low is None else np.asarray(low, dtype=float), close)
    return track(frame, StopSettings(**PLAIN), steady(len(close), 0.02))


@pytest.mark.parametrize("side", [1, -1])
def test_open_takes_widths_of_the_last_closed_candle_and_waits_for_the_entry_candle(side):
    state = keeping(side).state(1)
    assert state == open_stop(side, ENTRY, TRACK.widths.of(side).at(19), closes_at(20))
    assert state.stop == ENTRY * (1 - side * TRACK.widths.long.protect[19])


def test_open_at_a_candle_boundary_belongs_to_the_candle_that_begins():
    assert keeping(now=closes_at(19)).state(1).as_of_ms == closes_at(20)
    assert keeping(now=closes_at(20) - 1).state(1).as_of_ms == closes_at(20)


def test_open_without_track_candle_or_forecast_keeps_nothing():
    keeper = StopKeeper(0.0)
    assert keeper.open(1, PAIR, 1, 100.0, OPENED) is None
    keeper.set_track(PAIR, TRACK)
    assert keeper.open(1, PAIR, 1, 100.0, START_MS) is None
    keeper.set_track(PAIR, track(FRAME, SETTINGS, steady(240, NAN)))
    assert keeper.open(1, PAIR, 1, 100.0, OPENED) is None
    assert keeper.widths(PAIR, 1, OPENED) is None
    assert keeper.state(1) is None


@pytest.mark.parametrize("side", [1, -1])
def test_update_over_many_candles_at_once_equals_one_by_one_and_the_law(side):
    at_once, one_by_one = keeping(side), keeping(side)
    for row in range(20, 240):
        one_by_one.update(1, PAIR, closes_at(row))
    at_once.update(1, PAIR, closes_at(239))
    assert at_once.state(1) == one_by_one.state(1) == by_the_law(side, 239)
    assert at_once.state(1).armed


def test_update_again_changes_nothing():
    keeper = keeping()
    first = keeper.update(1, PAIR, closes_at(100))
    assert keeper.update(1, PAIR, closes_at(100)) is first
    assert keeper.update(1, PAIR, closes_at(101) - 1) is first
    assert keeper.update(1, PAIR, closes_at(50)) is first


def test_update_before_the_next_candle_after_the_entry_changes_nothing():
    keeper = keeping()
    opened = keeper.state(1)
    assert keeper.update(1, PAIR, closes_at(21) - 1) is opened
    assert keeper.update(1, PAIR, closes_at(21)) is not opened


def test_update_of_what_is_not_known_is_no_opinion():
    keeper = keeping()
    assert keeper.update(2, PAIR, closes_at(50)) is None
    assert keeper.update(1, "ETH/USDT:USDT", closes_at(50)) is keeper.state(1)


@pytest.mark.parametrize("side", [1, -1])
def test_update_with_a_frame_that_rolled_on_gives_the_same_stop(side):
    whole, rolling = keeping(side), keeping(side)
    for row in range(20, 240):
        whole.update(1, PAIR, closes_at(row))
        rolling.set_track(PAIR, without_older(TRACK, FRAME, SETTINGS, first=row))
        rolling.update(1, PAIR, closes_at(row))
        assert rolling.state(1) == whole.state(1)


@given(st.lists(st.integers(20, 239), max_size=12), st.sampled_from([1, -1]), st.data())
def test_stop_never_loosens_over_late_candles_restarts_rolled_frames_and_lost_states(rows, side, data):
    keeper = keeping(side)
    stop = keeper.state(1).stop
    for row in rows:
        event = data.draw(st.sampled_from(["update", "reload", "rebuild", "roll"]))
        state = keeper.state(1)
        if event != "update":
            keeper = StopKeeper(SETTINGS.min_step)
            keeper.set_track(PAIR, TRACK)
        if event == "reload":
            text = document.TradeDocument(state, "volatility", {}).dumps()
            keeper.put(1, document.loads(text).stop)
        elif event == "rebuild":
            keeper.rebuild(1, PAIR, side, ENTRY, OPENED, stop)
        elif event == "roll":
            keeper.set_track(PAIR, without_older(TRACK, FRAME, SETTINGS, first=row))
            keeper.rebuild(1, PAIR, side, ENTRY, OPENED, stop)
        state = keeper.update(1, PAIR, closes_at(row))
        assert side * (state.stop - stop) >= 0
        stop = state.stop


@pytest.mark.parametrize("side", [1, -1])
def test_rebuild_with_all_candles_and_no_better_floor_gives_the_lost_stop(side):
    keeper = keeping(side)
    lost = keeper.update(1, PAIR, closes_at(239))
    keeper.forget(set())
    keeper.rebuild(1, PAIR, side, ENTRY, OPENED, floor=ENTRY * (1 - side * 0.3))
    assert keeper.update(1, PAIR, closes_at(239)) == lost


@pytest.mark.parametrize("side", [1, -1])
def test_rebuild_is_never_less_favourable_than_the_floor(side):
    keeper, floor = keeping(side), ENTRY * (1 + side * 0.5)
    assert keeper.rebuild(1, PAIR, side, ENTRY, OPENED, floor).stop == floor
    assert keeper.update(1, PAIR, closes_at(239)).stop == floor


@pytest.mark.parametrize("side", [1, -1])
def test_rebuild_where_the_entry_has_rolled_out_stands_on_the_floor_and_trails_on(side):
    keeper, floor = StopKeeper(0.0), ENTRY * (1 - side * 0.05)
    assert keeper.rebuild(1, PAIR, side, ENTRY, OPENED, floor) is None
    keeper.set_track(PAIR, without_older(TRACK, FRAME, SETTINGS, first=30))
    state = keeper.rebuild(1, PAIR, side, ENTRY, OPENED, floor)
    assert (state.stop, state.protective, state.armed) == (floor, floor, False)
    late = keeper.update(1, PAIR, closes_at(239))
    assert late.armed
    assert side * (late.stop - floor) > 0


@pytest.mark.parametrize("floor", [0.0, -1.0, NAN])
def test_rebuild_without_a_floor_opens_anew(floor):
    keeper = keeping()
    opened = keeper.state(1)
    assert keeper.rebuild(1, PAIR, 1, ENTRY, OPENED, floor) == opened


def test_forget_keeps_the_open_trades_only():
    keeper = keeping()
    keeper.open(2, PAIR, -1, ENTRY, OPENED)
    keeper.forget({2, 3})
    assert keeper.state(1) is None
    assert keeper.state(2) is not None


def test_crossed_does_not_count_closes_from_before_the_fill():
    # 90 is far beyond the stop of 96, and closed before the trade was opened at 100.
    kept = calm([100, 90, 100, 100])
    keeper = StopKeeper(0.0)
    keeper.set_track(PAIR, kept)
    keeper.open(1, PAIR, 1, 100.0, closes_at(1) + 1)
    assert not keeper.crossed(1, PAIR, closes_at(1) + 1)
    assert not keeper.crossed(1, PAIR, closes_at(2) - 1)
    assert not keeper.crossed(1, PAIR, closes_at(3))


@pytest.mark.parametrize(
    ("closes", "crossed"), [([96.01], False), ([96], True), ([90], True), ([NAN], False)]
)
def test_crossed_from_the_close_of_the_entry_candle_on_counts_the_last_close(closes, crossed):
    # The entry candle's extremes may lie before the fill, its close cannot.
    kept = calm([100, 100, *closes, *closes])
    keeper = StopKeeper(0.0)
    keeper.set_track(PAIR, kept)
    keeper.open(1, PAIR, 1, 100.0, closes_at(1))
    for row in (2, 3):
        keeper.update(1, PAIR, closes_at(row))
        assert keeper.crossed(1, PAIR, closes_at(row)) is crossed


def test_crossed_by_a_wick_that_recovered_is_left_to_the_placed_stop():
    keeper = StopKeeper(0.0)
    keeper.set_track(PAIR, calm([100] * 4, low=[100, 100, 100, 90]))
    keeper.open(1, PAIR, 1, 100.0, closes_at(1))
    keeper.update(1, PAIR, closes_at(3))
    assert not keeper.crossed(1, PAIR, closes_at(3))


@pytest.mark.parametrize("side", [1, -1])
def test_crossed_by_the_very_candle_that_armed_when_it_closed_far_from_its_best(side):
    close = np.full(4, 100.0)
    wick = close + side * np.array([0, 0, 0, 10.0])
    frame = dated(np.maximum(close, wick), np.minimum(close, wick), close)
    keeper = StopKeeper(0.0)
    keeper.set_track(PAIR, track(frame, StopSettings(**PLAIN), steady(4, 0.02)))
    keeper.open(1, PAIR, side, 100.0, closes_at(1))
    # Activation 3 %, trail 1.5 % from a best price 10 % away.
    state = keeper.update(1, PAIR, closes_at(3))
    assert state.stop == pytest.approx((100 + side * 10) * (1 - side * 0.015))
    assert keeper.crossed(1, PAIR, closes_at(3))


def test_crossed_of_what_is_not_known_is_false():
    keeper = keeping()
    assert not keeper.crossed(2, PAIR, closes_at(30))
    assert not keeper.crossed(1, "ETH/USDT:USDT", closes_at(30))
    assert not StopKeeper(0.0).crossed(1, PAIR, closes_at(30))


def test_track_replaced_by_a_longer_one_moves_no_decided_stop():
    keeper = keeping()
    state = keeper.update(1, PAIR, closes_at(120))
    longer = track(walk(300), SETTINGS, noise(300))
    keeper.set_track(PAIR, longer)
    assert keeper.track(PAIR) is longer
    assert keeper.update(1, PAIR, closes_at(120)) is state
