import numpy as np
import pandas as pd
import pytest
from scipy import stats

from outrigger.market.features.norm import (
    median_of_present,
    same_hour_median,
    trailing_percentile,
    trailing_zscore,
)

NAN = np.nan


def sample(seed, count, per_hour):
    rng = np.random.default_rng(seed)
    hours = 480_000 + np.sort(rng.integers(0, count // per_hour, count))
    return hours, np.where(rng.random(count) < 0.1, NAN, rng.normal(10, 1, count))


def test_median_of_present_counts_what_is_there():
    x = np.array([[3.0, NAN, 1.0], [NAN, NAN, 5.0], [4.0, 1.0, 2.0]])
    np.testing.assert_array_equal(median_of_present(x, 2), [2, NAN, 2])


def test_same_hour_median_equals_pandas_by_the_hour():
    hours, values = sample(1, 3000, 5)
    frame = pd.DataFrame({"hour": hours, "x": values})
    means = frame.groupby("hour").x.mean()
    expected = []
    for hour in hours:
        past = means.reindex([hour - 24 * k for k in range(1, 8)]).dropna()
        expected.append(past.median() if len(past) >= 3 else NAN)
    np.testing.assert_allclose(same_hour_median(hours, values, 7, 3), expected, rtol=1e-13)
    assert np.isfinite(expected).sum() > 2000


def test_trailing_zscore_equals_pandas_by_the_hour():
    hours, values = sample(2, 2000, 4)
    means = pd.DataFrame({"hour": hours, "x": values}).groupby("hour").x.mean()
    expected = []
    for hour, x in zip(hours, values, strict=True):
        past = means.loc[(means.index >= hour - 48) & (means.index < hour)].dropna()
        expected.append((x - past.mean()) / past.std() if len(past) >= 20 else NAN)
    np.testing.assert_allclose(trailing_zscore(hours, values, 48, 20), expected, rtol=1e-9)


def test_trailing_zscore_of_a_history_that_never_moved_is_missing():
    assert np.isnan(trailing_zscore(np.arange(100), np.full(100, 11.3), 48, 20)).all()


def test_trailing_percentile_equals_scipy_mean_rank():
    cells, values = sample(3, 1500, 3)
    values = np.round(values, 1)
    present = np.isfinite(values)
    last = pd.Series(values[present]).groupby(cells[present]).last()
    expected = np.full(len(values), NAN)
    for i in np.flatnonzero(present):
        past = last.loc[(last.index >= cells[i] - 60) & (last.index < cells[i])]
        if len(past) >= 30:
            expected[i] = stats.percentileofscore(past, values[i], kind="mean") / 100
    np.testing.assert_allclose(trailing_percentile(cells, values, 60, 30), expected, atol=1e-12)
    assert np.isfinite(expected).sum() > 1000


def test_trailing_percentile_from_a_row_on_is_that_of_all_rows():
    cells, values = sample(4, 1500, 3)
    whole = trailing_percentile(cells, values, 60, 30)
    for first in (0, 700, 1499, 1500):
        found = trailing_percentile(cells, values, 60, 30, first)
        np.testing.assert_array_equal(found[first:], whole[first:])
    assert np.isnan(found).all()


@pytest.mark.parametrize(
    "norm",
    [
        lambda h, x: same_hour_median(h, x, 7, 3),
        lambda h, x: trailing_zscore(h, x, 48, 20),
        lambda h, x: trailing_percentile(h, x, 60, 30),
    ],
)
def test_norms_of_truncated_data_are_the_truncated_norms(norm):
    hours, values = sample(4, 1500, 4)
    whole = norm(hours, values)
    assert np.isfinite(whole).any()
    for n in (1, 2, 700, 701, 1499):
        np.testing.assert_array_equal(norm(hours[:n], values[:n]), whole[:n])
    assert norm(hours[:0], values[:0]).size == 0
