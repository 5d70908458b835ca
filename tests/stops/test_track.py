import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError
from outrigger.settings.stop import StopSettings
from tests.stops.tracks import PLAIN, START, START_MS, closes_at, dated, noise, track, walk
from tests.stops.trades import MINUTE

SETTINGS = StopSettings(**PLAIN)


def flat(minutes):
    ones = np.full(len(minutes), 100.0)
    return dated(ones, ones, ones, minutes=minutes)


@given(
    st.lists(st.integers(0, 60), unique=True, max_size=20).map(sorted),
    st.integers(-2 * MINUTE, 64 * MINUTE),
)
def test_last_closed_equals_a_naive_search(minutes, offset):
    frame, now = flat(minutes), START_MS + offset
    expected = -1
    for row, minute in enumerate(minutes):
        if START_MS + (minute + 1) * MINUTE <= now:
            expected = row
    assert track(frame, SETTINGS).last_closed(now) == expected


def test_last_closed_counts_a_candle_from_the_millisecond_of_its_close():
    found = track(flat([0, 1]), SETTINGS)
    assert [found.last_closed(closes_at(0) + ms) for ms in (-1, 0, 1)] == [-1, 0, 0]


@given(st.integers(0, 10 * MINUTE))
def test_candle_end_is_the_first_boundary_after_now(offset):
    end = track(flat([0]), SETTINGS).candle_end(START_MS + offset)
    assert end % MINUTE == 0
    assert START_MS + offset < end <= START_MS + offset + MINUTE


def test_track_of_reads_backtest_and_live_dates_alike():
    frame = walk(5)
    live = frame.assign(date=frame["date"].dt.as_unit("us").dt.tz_convert("Etc/UTC"))
    assert np.array_equal(track(frame, SETTINGS).closed_at_ms, track(live, SETTINGS).closed_at_ms)
    assert track(frame, SETTINGS).closed_at_ms[0] == START_MS + MINUTE


def test_track_extreme_is_the_high_for_a_long_and_the_low_for_a_short():
    frame = walk(5)
    found = track(frame, SETTINGS)
    assert np.array_equal(found.extreme(1), frame["high"])
    assert np.array_equal(found.extreme(-1), frame["low"])
    assert len(found) == 5


@pytest.mark.parametrize("minutes", [[0, 2, 1], [0, 1, 1]])
def test_track_of_candles_out_of_order_is_refused(minutes):
    with pytest.raises(DataError, match="must increase"):
        track(flat(minutes), SETTINGS)


def test_track_of_a_candle_without_date_is_refused():
    frame = flat([0, 1])
    frame.loc[1, "date"] = pd.NaT
    with pytest.raises(DataError, match="has no date"):
        track(frame, SETTINGS, noise(2))


def test_track_of_no_candles_knows_nothing():
    empty = track(flat([]), SETTINGS, noise(0))
    assert len(empty) == 0
    assert empty.last_closed(START.value) == -1
