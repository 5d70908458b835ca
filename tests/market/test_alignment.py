import numpy as np
import pandas as pd
import pytest
from freqtrade.strategy import merge_informative_pair
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError
from outrigger.market.alignment import align, open_times_ms
from tests.signals.walk import START, frame

PAIR = "BTC/USDT:USDT"


def at(*minutes):
    return pd.Series([START + pd.Timedelta(minutes=m) for m in minutes]).astype("datetime64[ms, UTC]")


def take(clock, chart, values, base="1m", timeframe="15m"):
    return align(clock, base, chart, timeframe, np.asarray(values, dtype=float), pair=PAIR)


def test_align_uses_a_chart_candle_from_the_base_candle_that_closes_with_it():
    # 15m candle 0 closes at 00:15, as does the 1m candle opened at 00:14.
    taken = take(at(13, 14, 15, 28, 29), at(0, 15), [10, 20])
    np.testing.assert_array_equal(taken, [np.nan, 10, 10, 10, 20])


def test_align_drops_a_chart_two_lengths_after_its_last_close():
    # Closed at 00:15; stale from a base close of 00:45 on, the candle opened at 00:44.
    taken = take(at(42, 43, 44, 60), at(0), [10])
    np.testing.assert_array_equal(taken, [10, 10, np.nan, np.nan])


def test_align_across_a_gap_in_the_chart_is_stale_only_inside_it():
    taken = take(at(14, 43, 44, 73, 74), at(0, 60), [1, 2])
    np.testing.assert_array_equal(taken, [1, 1, np.nan, np.nan, 2])


def test_align_keeps_the_columns_of_two_dimensional_values():
    taken = take(at(14, 29), at(0, 15), [[1, -1], [2, -2]])
    np.testing.assert_array_equal(taken, [[1, -1], [2, -2]])


def test_align_of_whole_number_values_does_not_touch_them():
    values = np.array([1, 2])
    align(at(100), "1m", at(0, 15), "15m", values, pair=PAIR)
    assert values.tolist() == [1, 2]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "+00:00", None])
def test_align_is_blind_to_date_units_and_zones(unit, zone):
    chart = pd.Series(pd.DatetimeIndex(at(0, 15)).tz_convert(zone).as_unit(unit))
    np.testing.assert_array_equal(take(at(14, 29), chart, [10, 20]), [10, 20])
    clock = pd.Series(pd.DatetimeIndex(at(14, 29)).tz_convert(zone).as_unit(unit))
    np.testing.assert_array_equal(take(clock, at(0, 15), [10, 20]), [10, 20])


def test_align_equals_freqtrade_merge_on_complete_charts():
    base, chart = frame(np.arange(1.0, 601.0), "1m"), frame(np.arange(1.0, 41.0), "15m")
    merged = merge_informative_pair(base, chart[["date", "close"]], "1m", "15m", ffill=True)
    taken = take(base["date"], chart["date"], chart["close"].to_numpy())
    np.testing.assert_array_equal(taken, merged["close_15m"].to_numpy())


@given(
    st.lists(st.integers(0, 400), unique=True, min_size=1, max_size=30),
    st.lists(st.integers(0, 400), unique=True, min_size=1, max_size=15),
)
def test_align_equals_a_search_through_all_candles(clock, chart):
    clock, chart = sorted(clock), sorted(chart)
    expected = []
    for opened in clock:
        now = opened + 5
        closed = [k for k, c in enumerate(chart) if c + 15 <= now]
        expected.append(closed[-1] if closed and now - (chart[closed[-1]] + 15) < 30 else np.nan)
    np.testing.assert_array_equal(take(at(*clock), at(*chart), range(len(chart)), base="5m"), expected)


@pytest.mark.parametrize("minutes", [(0, 15, 15), (0, 30, 15)])
def test_align_of_repeated_or_unsorted_dates_names_chart_and_candle(minutes):
    with pytest.raises(DataError, match=r"BTC/USDT:USDT 15m: .*2025-01-01T00:15"):
        take(at(60), at(*minutes), [1, 2, 3])
    with pytest.raises(DataError, match="BTC/USDT:USDT 1m"):
        take(at(*minutes), at(0), [1])


def test_align_of_an_empty_chart_says_how_to_download_it():
    with pytest.raises(DataError, match=r"no 15m candles of BTC/USDT:USDT.*download-data .*--timeframes 15m"):
        take(at(1), at(0)[:0], [])


def test_align_of_too_few_values_is_refused():
    with pytest.raises(DataError, match="1 values for 2 candles"):
        take(at(1), at(0, 15), [1])


def test_open_times_of_a_missing_date_names_the_candle():
    with pytest.raises(DataError, match="candle 1 has no date"):
        open_times_ms(pd.Series([START, pd.NaT]), "BTC 1m")
