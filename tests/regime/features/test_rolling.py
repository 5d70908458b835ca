"""The wanted end of an array, worked out alone or cut from the whole: the same numbers, found by looking."""

from __future__ import annotations

import numpy as np
import pytest

from outrigger.regime.features.rolling import delayed, maxima_from, means_ago, means_from

WINDOWS = (1, 2, 7, 30, 99)
N = 80


def values() -> np.ndarray:
    """A gap at the start, holes, and a stretch of nothing."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(N)
    x[:3] = x[40:50] = np.nan
    x[rng.random(N) < 0.2] = np.nan
    return x


def looked_at(x: np.ndarray, window: int, row: int, how) -> float:
    inside = x[max(row - window + 1, 0) : row + 1]
    present = inside[np.isfinite(inside)]
    return float(how(present)) if present.size else np.nan


# Few rows are summed one by one, many on the whole array; all may be wanted, or none.
@pytest.mark.parametrize("wanted", [0, 30, N - 5, N - 1, N])
@pytest.mark.parametrize(("rolled", "how"), [(means_from, np.mean), (maxima_from, np.max)])
def test_rolling_from_a_wanted_row_on_is_what_the_windows_hold(rolled, how, wanted: int) -> None:
    x = values()
    for window, found in zip(WINDOWS, rolled(x, WINDOWS, wanted), strict=True):
        expected = [looked_at(x, window, row, how) for row in range(wanted, N)]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("wanted", [0, 5, N - 1, N])
@pytest.mark.parametrize("bars", [0, 1, 5, 6, N - 1, N, N + 9])
def test_delayed_from_a_wanted_row_on_is_the_value_so_long_ago(bars: int, wanted: int) -> None:
    x = values()
    expected = [x[row - bars] if row >= bars else np.nan for row in range(wanted, N)]
    np.testing.assert_array_equal(delayed(x, bars, wanted), expected)


@pytest.mark.parametrize("wanted", [0, 30, N - 5, N - 1, N])
@pytest.mark.parametrize("window", [1, 7, 30])
def test_means_ago_are_what_the_windows_held_then(window: int, wanted: int) -> None:
    x, ago = values(), np.array([0, 1, 9, 45, 78, 200])
    found = means_ago(x, window, ago, wanted)
    for bars, told in zip(ago.tolist(), found, strict=True):
        expected = [
            looked_at(x, window, row - bars, np.mean) if row >= bars else np.nan for row in range(wanted, N)
        ]
        np.testing.assert_allclose(told, expected, rtol=0, atol=1e-12)
