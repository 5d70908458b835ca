import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError
from outrigger.market.features.asof import carry, earlier, last_known, readings

NAN = np.nan


def table(times, known, values):
    return pd.DataFrame({"time_ms": times, "known_ms": known, "x": np.asarray(values, dtype=float)})


def take(rows, clock, limit):
    found = readings(rows, ["x"], "test")
    clock = np.asarray(clock, dtype=np.int64)
    last = last_known(clock, found.known_ms)
    return carry(found.values["x"], last, clock, found.time_ms, limit)


def plainly(rows, now, limit):
    """What a trader does: looks through everything that has arrived for the latest event with a value."""
    best, newest = NAN, -np.inf
    for stamped, known, x in rows.itertuples(index=False):
        time = min(stamped, known)
        if known > now or time < newest:
            continue
        newest = time
        if not np.isnan(x):
            best, of = x, time
    return best if not np.isnan(best) and now - of <= limit else NAN


def test_carry_uses_a_row_from_the_moment_it_is_known():
    rows = table([0, 10], [5, 15], [1, 2])
    np.testing.assert_array_equal(take(rows, [4, 5, 14, 15], 100), [NAN, 1, 1, 2])


def test_carry_counts_age_from_the_event_not_from_its_arrival():
    rows = table([0], [5], [1])
    np.testing.assert_array_equal(take(rows, [10, 11], 10), [1, NAN])


def test_carry_of_a_missing_value_falls_back_to_the_row_before_within_the_limit():
    rows = table([0, 10, 20], [0, 10, 20], [1, NAN, NAN])
    np.testing.assert_array_equal(take(rows, [10, 15, 16, 20], 15), [1, 1, NAN, NAN])


def test_carry_without_rows_is_missing():
    np.testing.assert_array_equal(take(table([], [], []).astype("int64"), [1, 2], 10), [NAN, NAN])


def test_readings_pass_over_a_row_that_arrives_after_a_later_event():
    rows = table([20, 10, 30], [20, 25, 30], [1, 2, 3])
    np.testing.assert_array_equal(take(rows, [24, 25, 29, 30], 100), [1, 1, 1, 3])


def test_readings_with_a_clock_running_ahead_do_not_block_what_follows():
    rows = table([10_000, 20], [10, 20], [1, 2])
    np.testing.assert_array_equal(take(rows, [10, 20], 100), [1, 2])


def test_readings_out_of_order_are_refused():
    with pytest.raises(DataError, match="book rows must be ordered by known_ms, row 2 goes back"):
        readings(table([1, 2, 3], [1, 3, 2], [1, 2, 3]), ["x"], "book")


def test_readings_without_a_column_name_it():
    with pytest.raises(DataError, match="book rows have no column y"):
        readings(table([1], [1], [1]), ["x", "y"], "book")


def test_last_known_refuses_a_clock_of_floats():
    with pytest.raises(DataError, match="whole milliseconds"):
        last_known(np.array([1.0]), np.array([1]))


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(0, 20), st.one_of(st.just(NAN), st.floats(-9, 9))),
        max_size=20,
    ),
    st.integers(0, 30),
)
def test_carry_equals_a_plain_search_through_what_has_arrived(raw, limit):
    # Lags below zero are events stamped after they were known.
    rows = table([t for t, _, _ in raw], [t + lag - 5 for t, lag, _ in raw], [x for *_, x in raw])
    rows = rows.astype({"time_ms": "int64", "known_ms": "int64"}).sort_values(
        ["known_ms", "time_ms"], ignore_index=True, kind="stable"
    )
    clock = np.arange(-6, 80)
    np.testing.assert_array_equal(take(rows, clock, limit), [plainly(rows, now, limit) for now in clock])


def test_earlier_takes_the_reading_within_slack_and_tolerance():
    times = np.array([0, 7, 60, 66, 80])
    values = np.array([1.0, 2.0, NAN, 4.0, 5.0])
    # One lag of 60 before 66 and 80 lie 6 and 20: 7 is within the slack of 1; 13 before 20 is too early.
    np.testing.assert_array_equal(earlier(times, values, 60, 1, 12), [NAN, NAN, 1, 2, NAN])


def test_earlier_without_values_is_missing():
    np.testing.assert_array_equal(earlier(np.array([0, 1]), np.array([NAN, NAN]), 1, 0, 5), [NAN, NAN])
