import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.hedge.returns import log_returns, on_one_clock, traded_log
from tests.hedge.samples import BTC, ETH, FIVE, START_MS, frame

WALK = np.array([0.0, 0.01, 0.03, 0.02, 0.05, 0.06])


def test_on_one_clock_puts_a_later_pair_at_the_primary_s_candles():
    clock, closes = on_one_clock(BTC, {BTC: frame(WALK), ETH: frame(WALK[:3], first=2)}, "5m")
    assert clock.tolist() == [START_MS + FIVE * i for i in range(6)]
    np.testing.assert_allclose(closes[BTC], WALK, atol=1e-12)
    np.testing.assert_allclose(closes[ETH], [np.nan, np.nan, 0.0, 0.01, 0.03, np.nan], atol=1e-12)


def test_on_one_clock_takes_nothing_from_a_candle_that_opened_at_another_time():
    shifted = frame(WALK)
    shifted["date"] += pd.Timedelta(minutes=1)
    _, closes = on_one_clock(BTC, {BTC: frame(WALK), ETH: shifted}, "5m")
    assert np.isnan(closes[ETH]).all()


def test_on_one_clock_reads_dates_of_any_unit_and_zone_alike():
    other = frame(WALK)
    other["date"] = other["date"].dt.tz_convert("Asia/Tokyo").dt.as_unit("us")
    _, closes = on_one_clock(BTC, {BTC: frame(WALK), ETH: other}, "5m")
    np.testing.assert_array_equal(closes[ETH], closes[BTC])


def test_on_one_clock_gives_a_pair_without_candles_no_prices():
    _, closes = on_one_clock(BTC, {BTC: frame(WALK), ETH: frame([])}, "5m")
    assert np.isnan(closes[ETH]).all()


@pytest.mark.parametrize("frames", [{}, {BTC: frame([])}])
def test_on_one_clock_without_the_primary_says_how_to_download_it(frames):
    with pytest.raises(DataError, match=r"no 5m candles of BTC/USDT:USDT: run `freqtrade download-data"):
        on_one_clock(BTC, frames, "5m")


def test_on_one_clock_with_dates_that_repeat_is_refused():
    twice = pd.concat([frame(WALK), frame(WALK)], ignore_index=True)
    with pytest.raises(DataError, match="ETH/USDT:USDT 5m: candle dates must increase"):
        on_one_clock(BTC, {BTC: frame(WALK), ETH: twice}, "5m")


def test_traded_log_of_an_outage_is_no_price():
    outage = frame(WALK, volume=[1, 0, 0, 1, np.nan, 1])
    assert np.isnan(traded_log(outage)).tolist() == [False, True, True, False, True, False]


@pytest.mark.parametrize("price", [0.0, -1.0, np.nan, np.inf])
def test_traded_log_of_what_is_no_price_is_missing(price):
    odd = frame(WALK)
    odd.loc[2, "close"] = price
    assert np.isnan(traded_log(odd)).tolist() == [False, False, True, False, False, False]


def test_log_returns_are_differences_of_the_span():
    times = START_MS + FIVE * np.arange(6)
    np.testing.assert_allclose(log_returns(times, WALK, 2, "5m"), [np.nan, np.nan, 0.03, 0.01, 0.02, 0.04])


def test_log_returns_across_a_gap_do_not_exist():
    times = START_MS + FIVE * np.array([0, 1, 2, 4, 5, 6])
    np.testing.assert_allclose(
        log_returns(times, WALK, 1, "5m"), [np.nan, 0.01, 0.02, np.nan, 0.03, 0.01], atol=1e-12
    )


def test_log_returns_longer_than_the_data_are_all_missing():
    assert np.isnan(log_returns(START_MS + FIVE * np.arange(6), WALK, 12, "5m")).all()


def test_log_returns_of_no_span_are_refused():
    with pytest.raises(DataError, match="pass 1 or more"):
        log_returns(START_MS + FIVE * np.arange(6), WALK, 0, "5m")
