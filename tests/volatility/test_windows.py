from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from outrigger.volatility.windows import following_sum, trailing_means, trailing_sums

VALUES = arrays(np.float64, st.integers(0, 60), elements=st.floats(0, 100, width=32))


@given(VALUES, st.lists(st.integers(1, 70), min_size=1, max_size=4))
def test_trailing_sums_any_windows_equal_a_plain_loop(x, windows):
    expected = [[x[max(i - w + 1, 0) : i + 1].sum() for i in range(len(x))] for w in windows]
    for got, want in zip(trailing_sums(x, windows), expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)


@given(VALUES, st.integers(1, 70), st.integers(0, 60))
def test_trailing_sums_truncated_input_give_truncated_output(x, window, n):
    np.testing.assert_array_equal(trailing_sums(x[:n], [window])[0], trailing_sums(x, [window])[0][:n])


def test_trailing_sums_start_elsewhere_are_bitwise_the_same():
    x = np.random.default_rng(3).lognormal(sigma=3, size=30_000)
    x[100] = 1e12  # a running sum would carry this one's rounding error for ever
    for window in (12, 288, 2016):
        late = trailing_sums(x[20_000:], [window])[0][window - 1 :]
        np.testing.assert_array_equal(late, trailing_sums(x, [window])[0][20_000 + window - 1 :])


def test_trailing_sums_without_windows_are_empty():
    assert trailing_sums(np.ones(4), []) == []


def test_trailing_means_missing_values_are_left_out():
    (mean,), (count,) = trailing_means(np.array([1.0, np.nan, 5.0, np.nan, np.nan, np.nan]), [3])
    np.testing.assert_array_equal(count, [1, 1, 2, 1, 1, 0])
    np.testing.assert_array_equal(mean, [1, 1, 3, 5, 5, np.nan])


def test_following_sum_counts_only_what_comes_after():
    np.testing.assert_array_equal(
        following_sum(np.array([9.0, 1.0, 2.0, np.nan, 4.0, 5.0, 6.0]), 2),
        [3, np.nan, np.nan, 9, 11, np.nan, np.nan],
    )


@pytest.mark.parametrize("n", [0, 1, 2])
def test_following_sum_shorter_than_its_window_is_all_unknown(n):
    assert np.isnan(following_sum(np.ones(n), 2)).all()
