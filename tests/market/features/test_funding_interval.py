"""Intervals read from charges and schedules: by hand, by truncation, and against the definition."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from outrigger.market.features.funding import funding_features, funding_rows, metrics_funding
from outrigger.market.features.funding_interval import (
    charge_intervals_ms,
    per_eight_hours,
    schedule_intervals_ms,
)
from tests.market.features.rows import HOUR, MINUTE, START, metrics
from tests.market.features.test_funding import PAIR, candles

NAN = np.nan
SPACINGS = st.lists(st.sampled_from([1, 2, 3, 4, 8, 16, 24]), max_size=30)


def at(*hours: float) -> np.ndarray:
    return START + np.round(np.array(hours) * HOUR).astype(np.int64)


def test_charge_intervals_are_the_distance_to_the_charge_before() -> None:
    found = charge_intervals_ms(at(0, 8, 16, 20, 24, 25, 26))
    assert (found / HOUR).tolist() == [8, 8, 8, 4, 4, 1, 1]


def test_charge_intervals_over_a_hole_stay_as_they_were() -> None:
    assert (charge_intervals_ms(at(0, 4, 8, 20, 24)) / HOUR).tolist() == [8, 4, 4, 4, 4]


def test_charge_intervals_round_jitter_away() -> None:
    assert (charge_intervals_ms(at(0, 4) + np.array([0, 21_000])) / HOUR).tolist() == [8, 4]


def test_charge_intervals_of_nothing_are_none() -> None:
    assert charge_intervals_ms(at()).shape == (0,)


def test_schedule_intervals_follow_the_announcements() -> None:
    announced = np.array([NAN, *at(4, 4), NAN, *at(8, 8, 12)], dtype=float)
    # The first change of the schedule tells its length; a reading without one keeps what was known.
    assert (schedule_intervals_ms(announced) / HOUR).tolist() == [8, 8, 8, 8, 4, 4, 4]
    assert schedule_intervals_ms(np.full(3, NAN)).tolist() == [8 * HOUR] * 3
    assert schedule_intervals_ms(np.empty(0)).shape == (0,)


@given(SPACINGS)
def test_charge_intervals_follow_the_definition_and_do_not_look_ahead(spacings: list[int]) -> None:
    times = at(*np.cumsum([0, *spacings]))
    expected, last = [8], 8
    for hours in spacings:
        last = hours if hours in (1, 2, 4, 8) else last
        expected.append(last)
    found = charge_intervals_ms(times)
    assert (found / HOUR).tolist() == expected
    for n in range(len(times)):
        np.testing.assert_array_equal(charge_intervals_ms(times[:n]), found[:n])


@given(SPACINGS, st.lists(st.booleans(), min_size=31, max_size=31))
def test_schedule_intervals_do_not_look_ahead(spacings: list[int], told: list[bool]) -> None:
    announced = at(*np.cumsum([0, *spacings])).astype(float)
    announced[~np.array(told[: len(announced)])] = NAN
    found = schedule_intervals_ms(announced)
    for n in range(len(announced)):
        np.testing.assert_array_equal(schedule_intervals_ms(announced[:n]), found[:n])


def test_per_eight_hours_of_an_hourly_rate_is_eight_times_it() -> None:
    np.testing.assert_allclose(
        per_eight_hours(np.array([1e-4, 1e-4]), np.array([HOUR, 8 * HOUR])), [8e-4, 1e-4]
    )


def test_funding_rate_of_a_four_hour_pair_is_told_per_eight_hours() -> None:
    rows = funding_rows(candles([1e-4, 1e-4, 2e-4], every_h=4), PAIR)
    found = funding_features(rows, at(9))
    np.testing.assert_allclose(found["funding_rate"], [4e-4])
    # Against the charge eight hours before, whose interval nothing told yet.
    np.testing.assert_allclose(found["funding_change_8h"], [3e-4])
    np.testing.assert_allclose(found["funding_next_h"], [3.0])


def test_funding_percentile_does_not_jump_when_a_pair_goes_from_eight_hours_to_four() -> None:
    """The same yearly rate, charged twice as often in halves: nothing has happened to the crowd."""
    rng = np.random.default_rng(3)
    rates = np.r_[rng.normal(1e-4, 1e-5, 90), np.full(6, 0.5e-4)]
    hours = np.r_[8.0 * np.arange(90), 8.0 * 89 + 4.0 * np.arange(1, 7)]
    frame = candles(rates).assign(date=candles(rates)["date"].iloc[0] + np.array(hours, "timedelta64[h]"))
    found = funding_features(funding_rows(frame, PAIR), at(hours[-1] + 1))
    np.testing.assert_allclose(found["funding_rate"], [1e-4])
    assert 0.2 < found["funding_percentile_90d"].iloc[0] < 0.8


def test_metrics_of_an_hourly_pair_tell_what_its_candles_tell() -> None:
    rates = np.round(np.random.default_rng(5).normal(0, 1e-4, 60), 6)
    times = START + MINUTE + 5 * MINUTE * np.arange(60 * 12)
    event = (times - START - MINUTE) // HOUR
    rows = metrics(times, funding_rate=rates[event], next_funding_ms=START + (event + 1) * HOUR)
    clock = at(*np.arange(12, 59)) + 7 * MINUTE
    names = ["funding_rate", "funding_change_8h"]
    recorded = funding_features(metrics_funding(rows), clock)[names]
    published = funding_features(funding_rows(candles(rates, every_h=1), PAIR), clock)[names]
    np.testing.assert_allclose(recorded, published, rtol=1e-12)


def test_metrics_of_an_eight_hour_pair_are_left_alone() -> None:
    rows = metrics(at(0, 8, 16), funding_rate=[1e-4] * 3, next_funding_ms=at(8, 16, 24))
    assert metrics_funding(rows) is rows
