from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from outrigger.errors import DataError, SettingsError
from outrigger.volatility.forecast import STARTUP_CANDLES, sigmas
from tests.volatility.walks import breathing_sigma, walk_frame

N = 6000


def sigma(frame, hours=4.0):
    return sigmas(frame, [hours])[0]


FRAME = walk_frame(N, seed=11, bar_sigma=breathing_sigma(N))
FULL = sigma(FRAME)
PRICES = ["open", "high", "low", "close"]


def test_sigmas_of_several_horizons_are_those_of_each_alone():
    several = sigmas(FRAME, [1.0, 4.0, 24.0])
    for found, hours in zip(several, (1.0, 4.0, 24.0), strict=True):
        pd.testing.assert_series_equal(found, sigma(FRAME, hours), check_exact=True)
    assert not several[0].equals(several[1])


def test_sigma_is_a_float_series_on_the_frames_index():
    frame = FRAME.iloc[:400].set_index(pd.Index(range(1000, 1400)))
    result = sigma(frame)
    assert result.name == "sigma"
    assert result.dtype == np.float64
    assert result.index.equals(frame.index)
    assert result.first_valid_index() == 1287


@given(st.integers(0, N))
@hypothesis_settings(max_examples=40)
def test_sigma_truncated_candles_give_truncated_sigma(n):
    pd.testing.assert_series_equal(sigma(FRAME.iloc[:n]), FULL.iloc[:n], check_exact=True)


@given(st.integers(0, N - STARTUP_CANDLES - 1))
@hypothesis_settings(max_examples=40)
def test_sigma_after_startup_does_not_depend_on_where_the_data_starts(start):
    late = sigma(FRAME.iloc[start:])
    pd.testing.assert_series_equal(
        late.iloc[STARTUP_CANDLES - 1 :], FULL.iloc[start + STARTUP_CANDLES - 1 :], check_exact=True
    )


def test_sigma_changed_future_changes_nothing_before():
    frame = FRAME.copy()
    frame.loc[4000:, PRICES] *= 3.0
    frame.loc[4000:, "high"] *= 2.0
    pd.testing.assert_series_equal(sigma(frame).iloc[:4000], FULL.iloc[:4000], check_exact=True)


def test_sigma_follows_a_change_of_volatility():
    wild = FRAME.copy()
    wild[PRICES] = (FRAME[PRICES] / 100) ** 2
    np.testing.assert_allclose(sigma(wild).dropna(), 2 * FULL.dropna(), rtol=1e-9)


def test_sigma_of_the_inverse_price_is_the_same():
    mirror = FRAME.copy()
    mirror["open"], mirror["close"] = 1 / FRAME["open"], 1 / FRAME["close"]
    mirror["high"], mirror["low"] = 1 / FRAME["low"], 1 / FRAME["high"]
    np.testing.assert_allclose(sigma(mirror).dropna(), FULL.dropna(), rtol=1e-9)


def test_sigma_missing_rows_nan_rows_and_untraded_rows_are_one_and_the_same():
    gone = FRAME.index[3000:3040]
    dropped = sigma(FRAME.drop(index=gone))
    empty, untraded = FRAME.copy(), FRAME.copy()
    empty.loc[gone, [*PRICES, "volume"]] = np.nan
    untraded.loc[gone, "volume"] = 0.0
    for other in (sigma(empty), sigma(untraded)):
        pd.testing.assert_series_equal(other.drop(index=gone), dropped, check_exact=True)
        assert other.notna().iloc[300:].all()


def test_sigma_after_an_outage_of_a_month_waits_for_a_day_of_candles():
    later = FRAME.iloc[3000:].assign(date=FRAME["date"].iloc[3000:] + pd.Timedelta("30D"))
    result = sigma(pd.concat([FRAME.iloc[:3000], later]))
    assert result.iloc[3000:].first_valid_index() == 3287


def test_sigma_one_absurd_candle_moves_it_within_bounds_and_is_forgotten_after_a_week():
    frame = FRAME.copy()
    frame.loc[3000, "low"] *= 0.5
    ratio = sigma(frame) / FULL
    assert ratio.iloc[3000:].max() < 4
    np.testing.assert_array_equal(ratio.iloc[3000 + STARTUP_CANDLES :], 1.0)


def test_sigma_longer_horizons_are_wider():
    widths = [sigma(FRAME, hours).iloc[-500:].mean() for hours in (1, 2, 3, 4, 8, 12, 24)]
    assert np.all(np.diff(widths) > 0)


def test_sigma_of_an_empty_frame_is_empty():
    assert sigma(FRAME.iloc[:0]).empty


@pytest.mark.parametrize("hours", [0.5, 48.0])
def test_sigma_outside_the_fitted_horizons_is_refused(hours):
    with pytest.raises(SettingsError, match="1 to 24 h"):
        sigma(FRAME, hours)


def test_sigma_of_another_timeframe_is_refused():
    with pytest.raises(DataError, match="timeframe 5m"):
        sigma(FRAME.iloc[::3])


@pytest.mark.real_data
def test_sigma_around_the_wick_of_2025_02_03_rises_and_comes_back(market):
    frame = pd.read_feather(market / "binance-5m-2025h1" / "futures" / "ETH_USDT_USDT-5m-futures.feather")
    width = sigma(frame).set_axis(frame["date"])
    before, peak = width["2025-02-02"].median(), width["2025-02-03"].max()
    after = width["2025-02-08"].median()
    assert 1.5 * before < peak < 0.1
    assert after < 1.5 * before
