import math

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.market.features.interest import INTEREST_NAMES, InterestTerms, interest_features
from outrigger.market.features.registry import FEATURES
from tests.market.features.rows import HOUR, MINUTE, START, frozen, metrics, random_metrics, same

NAN = np.nan


def test_interest_changes_are_logs_against_one_four_and_twenty_four_hours_before():
    times = START + HOUR * np.array([0, 20, 23, 24])
    rows = metrics(times, open_interest_base=[100, 400, 160, 200])
    row = interest_features(rows, np.array([times[-1]])).iloc[0]
    assert row["oi_change_1h"] == pytest.approx(math.log(200 / 160))
    assert row["oi_change_4h"] == pytest.approx(math.log(0.5))
    assert row["oi_change_24h"] == pytest.approx(math.log(2))


def test_interest_change_without_a_reading_that_long_ago_is_missing():
    times = START + MINUTE * np.array([0, 76])
    found = interest_features(metrics(times, open_interest_base=[100, 200]), times[1:])
    assert np.isnan(found["oi_change_1h"].iloc[0])


def test_interest_older_than_half_an_hour_is_missing():
    rows = metrics([START], account_ratio=[2])
    found = interest_features(rows, START + MINUTE * np.array([30, 31]))["account_log_ratio"]
    np.testing.assert_allclose(found, [math.log(2), NAN])


def test_interest_ratios_of_two_to_one_and_one_to_two_are_mirror_images():
    rows = metrics([START], top_account_ratio=[2], top_position_ratio=[0.5], taker_ratio=[1])
    row = interest_features(rows, np.array([START])).iloc[0]
    assert row["top_account_log_ratio"] == -row["top_position_log_ratio"] == pytest.approx(math.log(2))
    assert row["taker_log_ratio"] == 0


@pytest.mark.parametrize("broken", [0, -1, NAN, np.inf])
def test_interest_that_is_no_amount_is_missing(broken):
    rows = metrics([START], open_interest_base=[broken], taker_ratio=[broken])
    found = interest_features(rows, np.array([START]))
    assert found.isna().all(axis=None)


def test_interest_score_by_hand_and_within_its_bound():
    # Hourly logs alternate 0 and 2: mean 1, variance n/(n-1) for the even number of hours in the window.
    hours = np.arange(60)
    logs = np.where(hours % 2 == 0, 0.0, 2.0)
    logs[[58, 59]] = [3.0, 90.0]
    times = START + HOUR * hours
    found = interest_features(metrics(times, open_interest_base=np.exp(logs)), times)["oi_zscore_30d"]
    assert np.isnan(found[41])
    assert np.isfinite(found[42])
    assert found[58] == pytest.approx(2 / math.sqrt(58 / 57))
    assert found[59] == 5


def test_interest_in_quote_currency_reads_the_quote_column():
    times = START + HOUR * np.arange(2)
    rows = metrics(times, open_interest_base=[1, 1], open_interest_quote=[100, 200])
    terms = InterestTerms(unit="quote")
    assert interest_features(rows, times, terms)["oi_change_1h"].iloc[1] == pytest.approx(math.log(2))


def test_interest_terms_of_an_unknown_unit_are_refused():
    with pytest.raises(DataError, match="unit is base or quote"):
        InterestTerms(unit="coin")


def test_interest_without_rows_is_missing_everywhere():
    found = interest_features(metrics([]), np.array([START]))
    assert tuple(found.columns) == INTEREST_NAMES
    assert found.isna().all(axis=None)


def test_interest_features_of_truncated_rows_are_the_truncated_features():
    rows = random_metrics(1, 5000)
    clock = START + 13 * MINUTE * np.arange(1800)
    whole = interest_features(rows, clock)
    assert whole.notna().any().all()
    for n in (1, 2, 500, 1700):
        known = rows[rows["known_ms"] <= clock[n - 1]]
        same(interest_features(known, clock[:n]), whole[:n])


def test_interest_features_leave_their_inputs_as_they_are():
    rows, clock = random_metrics(2, 500), START + HOUR * np.arange(40)
    clock.setflags(write=False)
    same(interest_features(frozen(rows), clock), interest_features(rows, clock))


@pytest.mark.real_data
def test_interest_of_a_sparse_real_history_needs_a_longer_limit(market):
    file = pd.read_csv(market / "open-interest" / "BTCUSDT-openInterestHist-4h.csv")
    rows = metrics(file["timestamp"], open_interest_base=file["sum_open_interest"])
    clock = np.asarray(rows["time_ms"])[43:] + HOUR
    assert interest_features(rows, clock).isna().all(axis=None)
    found = interest_features(rows, clock, InterestTerms(max_age_ms=4 * HOUR))
    assert found[["oi_change_4h", "oi_change_24h", "oi_zscore_30d"]].notna().all(axis=None)
    assert found["oi_change_4h"].abs().max() < 0.3


def test_registry_describes_every_column_once():
    names = [spec.name for spec in FEATURES]
    assert len(set(names)) == len(names)
    for spec in FEATURES:
        assert spec.age_limit_s > 0
        assert all(spec.to_dict().values())
