from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from outrigger.volatility.candidates import REFERENCE, SHIPPED, Forecaster, candidates
from outrigger.volatility.grid import BARS_PER_WEEK, CandleGrid
from tests.volatility.walks import breathing_sigma, walk_frame

N = 4 * BARS_PER_WEEK
FRAME = walk_frame(N, seed=21, bar_sigma=breathing_sigma(N))
NAMES = [
    "ewma-1d", "ewma-6h", "riskmetrics-1h", "rolling-1d", "ewma-1d-2h", "range-ewma-6h", "ewma-1d-2h-season",
    "har-returns", "har-returns-season", "har-range-variance", "har-range-variance-season",
    "har-mean-range", "har-mean-range-season",
]  # fmt: skip


@cache
def fitted() -> dict[str, Forecaster]:
    return candidates([CandleGrid.from_frame(FRAME)], 48)


def test_candidates_are_the_documented_ones():
    assert sorted(fitted()) == sorted(NAMES)
    assert {REFERENCE, SHIPPED} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_candidate_truncated_candles_give_truncated_forecast(name):
    full = fitted()[name](CandleGrid.from_frame(FRAME), 48)
    for n in (0, 1, 13, 400, 4001):
        short = fitted()[name](CandleGrid.from_frame(FRAME.iloc[:n]), 48)
        np.testing.assert_array_equal(short, full[:n])


@pytest.mark.parametrize("name", NAMES)
def test_candidate_on_a_walk_is_near_the_true_variance(name):
    flat = CandleGrid.from_frame(walk_frame(N, seed=22, bar_sigma=0.002))
    forecast = candidates([flat], 48)[name](flat, 48)[BARS_PER_WEEK:]
    # Twelve price changes a candle: an uncorrected range reads about a third low. Hours are 504 draws only:
    # four standard errors of their mean square are 25 %.
    low, high = {"range-ewma-6h": (0.6, 0.75), "riskmetrics-1h": (0.75, 1.25)}.get(name, (0.93, 1.07))
    assert low < np.mean(forecast) / (48 * 0.002**2) < high


def test_reference_matches_pandas():
    expected = (np.log(FRAME["close"]).diff() ** 2).ewm(
        halflife=288, adjust=False, ignore_na=True
    ).mean() * 48
    np.testing.assert_allclose(fitted()[REFERENCE](CandleGrid.from_frame(FRAME), 48), expected, rtol=1e-12)


def test_riskmetrics_uses_closed_hours_only():
    closes = FRAME.set_index("date")["close"].resample("1h").last()
    hourly = (np.log(closes).diff() ** 2).ewm(alpha=0.06, adjust=False, ignore_na=True).mean() * 4
    # The hour that starts at 03:00 is known with the candle that starts at 03:55.
    known = hourly.set_axis(hourly.index + pd.Timedelta("55min")).reindex(FRAME["date"]).ffill()
    np.testing.assert_allclose(
        fitted()["riskmetrics-1h"](CandleGrid.from_frame(FRAME), 48), known.to_numpy(), rtol=1e-9
    )
