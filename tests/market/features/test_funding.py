import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.market.features.funding import FUNDING_NAMES, funding_features, funding_rows
from tests.market.features.rows import DAY, HOUR, MINUTE, START, frozen, metrics, random_metrics, same

PAIR = "BTC/USDT:USDT"
NAN = np.nan


def candles(rates, every_h=8, unit="ms"):
    dates = pd.to_datetime(START + every_h * HOUR * np.arange(len(rates)), unit="ms", utc=True)
    return pd.DataFrame({"date": dates.as_unit(unit), "funding_rate": np.asarray(rates, dtype=float)})


def told(rates, hours, **kwargs):
    clock = START + np.round(HOUR * np.asarray(hours)).astype(np.int64)
    return funding_features(funding_rows(candles(rates, **kwargs), PAIR), clock)


def test_funding_rate_is_known_a_minute_after_its_event():
    found = told([1e-4, 2e-4], [0, 1 / 60, 8, 8 + 1 / 60])
    np.testing.assert_array_equal(found["funding_rate"], [NAN, 1e-4, 1e-4, 2e-4])


def test_funding_older_than_nine_hours_is_missing():
    found = told([1e-4], [9, 9 + 1 / 60])
    np.testing.assert_array_equal(found["funding_rate"], [1e-4, NAN])


def test_funding_of_an_hourly_pair_is_missing_two_hours_after_the_last_charge():
    found = told([1e-4, 1e-4, 2e-4], [4, 4 + 1 / 60], every_h=1)
    np.testing.assert_allclose(found["funding_rate"], [8 * 2e-4, NAN])
    assert found.iloc[1].isna().all()


def test_funding_read_after_a_schedule_that_has_passed_stands():
    rows = metrics([START, START + 3 * HOUR], funding_rate=[1e-4, 2e-4], next_funding_ms=[START + HOUR, NAN])
    found = funding_features(rows, np.array([START + 2 * HOUR, START + 2 * HOUR + 1, START + 4 * HOUR]))
    np.testing.assert_array_equal(found["funding_rate"], [1e-4, NAN, 2e-4])


def test_funding_change_is_against_the_event_eight_hours_before():
    found = told([1e-4, 3e-4, -2e-4], [1, 9, 17])
    np.testing.assert_allclose(found["funding_change_8h"], [NAN, 2e-4, -5e-4])


def test_funding_change_of_a_four_hour_pair_skips_one_event():
    found = told([7e-4, 1e-4, 3e-4, -2e-4], [13], every_h=4)
    # Twice a four-hourly rate is what eight hours cost.
    np.testing.assert_allclose(found["funding_change_8h"], [2 * (-2e-4 - 1e-4)])


def test_funding_sign_run_counts_hours_with_the_sign_of_the_rate():
    found = told([1, 1, 1, -1, -1, 0], np.arange(6) * 8 + 1)
    np.testing.assert_array_equal(found["funding_sign_run_h"], [0, 8, 16, -0.0, -8, 0])


def test_funding_sign_run_starts_again_after_a_day_without_readings():
    frame = candles([1, 1, 1]).assign(date=lambda f: f.date + pd.to_timedelta([0, 0, 48], unit="h"))
    rows = funding_rows(frame, PAIR)
    found = funding_features(rows, np.asarray(rows["known_ms"]))
    np.testing.assert_array_equal(found["funding_sign_run_h"], [0, 8, 0])


def test_funding_next_event_follows_the_spacing_of_the_last_two():
    found = told([1, 1], [1, 9, 15.5, 16, 16.5])
    np.testing.assert_allclose(found["funding_next_h"], [NAN, 7, 0.5, 0, NAN])


def test_funding_next_event_is_unknown_after_a_missing_one():
    found = funding_features(
        funding_rows(candles([1, 1, 1, 1]).drop(index=2), PAIR), np.array([START + 25 * HOUR])
    )
    assert np.isnan(found["funding_next_h"].iloc[0])
    assert found["funding_rate"].iloc[0] == 1


def test_funding_percentile_is_the_share_of_lower_events_ties_halved():
    rates = [*range(30), 10, 50]
    found = told(rates, [29 * 8 + 1, 30 * 8 + 1, 31 * 8 + 1])["funding_percentile_90d"]
    # Thirty events are needed; of 0..29 ten are below 10 and one ties; all 31 are below 50.
    np.testing.assert_allclose(found, [NAN, 10.5 / 30, 1])


def test_funding_percentile_forgets_after_ninety_days():
    rates = [9.0] * 30 + [1.0] * 270 + [5.0]
    assert told(rates, [300 * 8 + 1])["funding_percentile_90d"].iloc[0] == 1


def test_funding_from_minutely_metrics_equals_funding_from_candles():
    rates = np.round(np.random.default_rng(1).normal(0, 1e-4, 120), 6)
    events = funding_rows(candles(rates), PAIR)
    times = START + MINUTE + 5 * MINUTE * np.arange(120 * 96)
    event = (times - START - MINUTE) // (8 * HOUR)
    rows = metrics(times, funding_rate=rates[event], next_funding_ms=START + (event + 1) * 8 * HOUR)
    clock = START + np.arange(40 * DAY // (15 * MINUTE)) * 15 * MINUTE + 7 * MINUTE
    names = ["funding_rate", "funding_percentile_90d", "funding_change_8h"]
    recorded, published = (funding_features(r, clock)[names] for r in (rows, events))
    same(recorded[96:], published[96:])


def test_funding_expected_change_needs_a_fresh_estimate():
    rows = metrics([START], funding_rate=[1e-4], predicted_funding_rate=[3e-4])
    found = funding_features(rows, np.array([START + 900_000, START + 900_001]))
    np.testing.assert_allclose(found["funding_expected_change"], [2e-4, NAN])


def test_funding_rows_leave_out_missing_rates_and_take_any_date_unit():
    milli, micro = (funding_rows(candles([1, NAN, 3], unit=unit), PAIR) for unit in ("ms", "us"))
    same(milli, micro)
    assert milli["funding_rate"].tolist() == [1, 3]


def test_funding_rows_of_an_empty_frame_give_missing_features():
    found = funding_features(funding_rows(candles([]), PAIR), np.array([START]))
    assert tuple(found.columns) == FUNDING_NAMES
    assert found.isna().all(axis=None)


def test_funding_rows_with_a_repeated_date_are_refused():
    twice = pd.concat([candles([1]), candles([1])])
    with pytest.raises(DataError, match="BTC/USDT:USDT funding"):
        funding_rows(twice, PAIR)


@pytest.mark.parametrize("every_ms", [300_000, 8 * HOUR])
def test_funding_features_of_truncated_rows_are_the_truncated_features(every_ms):
    rows = random_metrics(2, 5000 if every_ms < HOUR else 400, every_ms)
    clock = START + 17 * MINUTE * np.arange(1200) * (1 if every_ms < HOUR else 9)
    whole = funding_features(rows, clock)
    assert whole["funding_percentile_90d"].notna().any()
    for n in (1, 2, 333, 1100):
        known = rows[rows["known_ms"] <= clock[n - 1]]
        same(funding_features(known, clock[:n]), whole[:n])


@pytest.mark.parametrize("every_h", [1, 8])
def test_funding_features_of_a_moment_alone_are_those_of_the_whole_clock(every_h):
    rng = np.random.default_rng(5)
    rates = np.where(rng.random(900) < 0.1, NAN, rng.normal(0, 1e-4, 900))
    rows = funding_rows(candles(rates, every_h=every_h), PAIR)
    clock = START + 5 * HOUR * np.arange(1, 190 * every_h, 3)
    whole = funding_features(rows, clock)
    assert whole["funding_percentile_90d"].notna().sum() > 40
    for i in range(0, len(clock), 7):
        alone = funding_features(rows, clock[i : i + 1])
        np.testing.assert_array_equal(alone.to_numpy(), whole.iloc[[i]].to_numpy())


def test_funding_features_leave_their_inputs_as_they_are():
    rows, clock = random_metrics(3, 500), START + HOUR * np.arange(40)
    clock.setflags(write=False)
    same(funding_features(frozen(rows), clock), funding_features(rows, clock))


@pytest.mark.real_data
def test_funding_features_of_a_real_file_are_there_between_its_ends(market):
    path = market / "binance-1m-2025-05" / "futures" / "BTC_USDT_USDT-1h-funding_rate.feather"
    rows = funding_rows(pd.read_feather(path), PAIR)
    clock = np.arange(rows["known_ms"].iloc[40], rows["known_ms"].iloc[-1], 5 * MINUTE)
    found = funding_features(rows, clock).drop(columns="funding_expected_change")
    # Only the minute in which an event has happened and is not yet published has no next event.
    assert found.notna().all(axis=None)
    assert found["funding_next_h"].between(0, 8).all()
    assert found["funding_percentile_90d"].between(0, 1).all()
