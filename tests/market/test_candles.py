import json
from datetime import UTC
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from freqtrade.data.history.datahandlers.featherdatahandler import FeatherDataHandler
from freqtrade.enums import CandleType
from hypothesis import given, settings
from hypothesis import strategies as st

from outrigger.errors import DataError, SettingsError
from outrigger.market.candles import (
    MEANINGS,
    OHLCV,
    Defect,
    candle_path,
    find_defects,
    mend,
    normalise,
    read_candles,
)

PAIR = "BTC/USDT:USDT"
PRICES = ["open", "high", "low", "close"]
START = pd.Timestamp("2025-02-03", tz="UTC")


def sound(count=12, timeframe="5min"):
    dates = pd.date_range(START, periods=count, freq=timeframe, unit="ms")
    close = 100.0 + np.arange(count)
    return pd.DataFrame(
        {
            "date": dates,
            "open": close - 0.5,
            "high": close + 1,
            "low": close - 1,
            "close": close,
            "volume": 5.0,
        }
    )


def at(minutes):
    return START + pd.Timedelta(minutes=minutes)


def rows(frame, *positions):
    return frame.iloc[list(positions)].reset_index(drop=True)


def spoilt(**values):
    """A sound frame whose third candle has been given other values."""
    frame = sound()
    for column, value in values.items():
        frame.loc[2, column] = value
    return frame


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("UTC"), "UTC", None, ZoneInfo("Asia/Tokyo")])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_normalise_any_utc_dates_gives_one_type(zone, unit):
    frame = sound()
    dates = frame["date"].dt.as_unit(unit)
    frame["date"] = dates.dt.tz_localize(None) if zone is None else dates.dt.tz_convert(zone)
    result = normalise(frame, "BTC")
    assert str(result["date"].dtype) == "datetime64[ms, UTC]"
    pd.testing.assert_frame_equal(result, normalise(sound(), "BTC"))


def test_normalise_turns_integers_to_floats_and_drops_other_columns():
    frame = sound().assign(volume=3, trades=1).set_index(np.arange(12) + 7)
    result = normalise(frame, "BTC")
    assert tuple(result.columns) == OHLCV
    assert result["volume"].dtype == np.float64
    assert list(result.index) == list(range(12))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (sound().drop(columns=["low", "volume"]), "BTC: column low, volume is missing"),
        (sound().assign(date=np.arange(12)), "BTC: column date holds int64"),
        (sound().assign(close="dear"), "BTC: a value is not a number"),
        (pd.DataFrame(), "BTC: column date, open, high, low, close, volume is missing"),
    ],
)
def test_normalise_of_an_unusable_frame_names_it_and_the_column(frame, message):
    with pytest.raises(DataError, match=message):
        normalise(frame, "BTC")


def test_find_defects_in_sound_candles_finds_none():
    assert find_defects(sound(), "5m") == ()
    assert find_defects(sound().iloc[:1], "5m") == ()
    assert find_defects(sound().iloc[:0], "5m") == ()


@pytest.mark.parametrize(
    ("frame", "defect"),
    [
        (spoilt(date=pd.NaT), [("missing_dates", 1, None), ("gaps", 1, at(10))]),
        (rows(sound(), 0, 2, 1, 3), [("unsorted_dates", 1, at(5))]),
        (rows(sound(), 0, 1, 1, 1, 2), [("duplicate_dates", 2, at(5))]),
        (rows(sound(), 0, 1, 4, 5, 7), [("gaps", 3, at(10))]),
        (spoilt(date=at(11)), [("misaligned_dates", 1, at(11))]),
        (spoilt(close=np.nan), [("nan_prices", 1, at(10))]),
        (spoilt(high=np.inf), [("nan_prices", 1, at(10))]),
        (spoilt(low=0.0), [("non_positive_prices", 1, at(10))]),
        (spoilt(high=90.0), [("impossible_ranges", 1, at(10))]),
        (spoilt(open=104.0), [("impossible_ranges", 1, at(10))]),
        (spoilt(close=100.0), [("impossible_ranges", 1, at(10))]),
        (spoilt(volume=-1.0), [("unusable_volume", 1, at(10))]),
        (spoilt(volume=np.nan), [("unusable_volume", 1, at(10))]),
        (sound().assign(volume=[5.0, 0, 0, 5, 0, 0, 0, 0, 5, 0, 0, 0]), [("zero_volume_runs", 7, at(20))]),
        (sound().assign(volume=0.0), []),
    ],
)
def test_find_defects_names_counts_and_dates_each(frame, defect):
    assert [(found.name, found.count, found.first) for found in find_defects(frame, "5m")] == defect


def test_find_defects_reports_several_at_once_in_a_fixed_order():
    frame = pd.concat([spoilt(close=np.nan, volume=-1.0), sound()], ignore_index=True)
    names = [found.name for found in find_defects(frame, "5m")]
    assert names == ["unsorted_dates", "duplicate_dates", "nan_prices", "unusable_volume"]


def test_find_defects_of_weekly_candles_expects_mondays():
    assert find_defects(sound(4, "7D"), "1w") == ()  # 2025-02-03 was a Monday
    shifted = sound(4, "7D").assign(date=lambda frame: frame["date"] + pd.Timedelta(days=1))
    assert [found.name for found in find_defects(shifted, "1w")] == ["misaligned_dates"]


def test_find_defects_of_an_unknown_timeframe_raises():
    with pytest.raises(SettingsError, match="7x"):
        find_defects(sound(), "7x")


def test_defect_as_json_says_what_it_means():
    stored = json.loads(json.dumps(Defect("gaps", 3, at(10)).to_dict()))
    assert stored == {
        "name": "gaps",
        "count": 3,
        "first": "2025-02-03T00:10:00+00:00",
        "meaning": MEANINGS["gaps"],
    }
    assert Defect("missing_dates", 1, None).to_dict()["first"] is None


def test_mend_sorts_keeps_the_last_duplicate_and_masks_impossible_prices():
    frame = rows(sound(), 3, 1, 0, 1)
    frame.loc[3, "close"] = 100.75
    frame.loc[0, "high"] = 1.0
    result = mend(frame)
    assert list(result["date"]) == [at(0), at(5), at(15)]
    assert result.loc[1, "close"] == 100.75
    assert result.loc[2, PRICES].isna().all()
    assert result.loc[2, "volume"] == 5.0
    assert frame.loc[0, "high"] == 1.0  # the caller's frame is left alone


values = st.one_of(st.floats(90.0, 110.0), st.sampled_from([np.nan, np.inf, 0.0, -1.0]))
minutes = st.one_of(st.integers(0, 12).map(lambda step: at(5 * step)), st.just(pd.NaT))


@st.composite
def frames(draw):
    count = draw(st.integers(1, 12))
    frame = pd.DataFrame({name: draw(st.lists(values, min_size=count, max_size=count)) for name in OHLCV[1:]})
    dates = draw(st.lists(minutes, min_size=count, max_size=count))
    frame.insert(0, "date", pd.Series(pd.DatetimeIndex(dates, tz="UTC")))
    return frame


@settings(max_examples=40)
@given(frames())
def test_mend_leaves_only_what_cannot_be_mended(frame):
    result = mend(frame)
    left = {found.name for found in find_defects(result, "5m")}
    assert left <= {"gaps", "nan_prices", "unusable_volume", "zero_volume_runs"}
    assert set(result["date"]) == set(frame["date"].dropna())
    pd.testing.assert_frame_equal(mend(result), result)


@settings(max_examples=40)
@given(frames(), st.integers(0, 12))
def test_mend_of_a_sorted_past_does_not_depend_on_the_future(frame, count):
    ordered = frame.dropna(subset=["date"]).drop_duplicates("date").sort_values("date", ignore_index=True)
    pd.testing.assert_frame_equal(mend(ordered.iloc[:count]), mend(ordered).iloc[:count])


@pytest.mark.parametrize("pair", [PAIR, "1000SHIB/USDT:USDT", "A.B@C$D+E F/USDT"])
@pytest.mark.parametrize("kind", ["spot", "futures", "mark", "funding_rate", "open_interest"])
def test_candle_path_is_freqtrades(tmp_path, pair, kind):
    expected = FeatherDataHandler._pair_data_filename(tmp_path, pair, "1h", CandleType(kind))
    assert candle_path(tmp_path, pair, "1h", kind) == expected


@pytest.mark.parametrize("kind", ["futures", "mark", "spot"])
def test_read_candles_reads_what_freqtrade_writes(tmp_path, kind):
    FeatherDataHandler(tmp_path).ohlcv_store(PAIR, "5m", sound(), CandleType(kind))
    pd.testing.assert_frame_equal(read_candles(tmp_path, PAIR, "5m", kind), normalise(sound(), PAIR))


def test_read_candles_reads_funding_rates_old_and_new(tmp_path):
    rates = sound(3, "8h")[["date"]].assign(funding_rate=[1e-4, -2e-4, 5e-5])
    FeatherDataHandler(tmp_path).ohlcv_store(PAIR, "1h", rates, CandleType.FUNDING_RATE)
    pd.testing.assert_frame_equal(
        read_candles(tmp_path, PAIR, "1h", "funding_rate"), normalise(rates, PAIR, tuple(rates))
    )
    old = sound(3, "8h").assign(open=rates["funding_rate"])
    old.to_feather(candle_path(tmp_path, PAIR, "1h", "funding_rate"))
    assert list(read_candles(tmp_path, PAIR, "1h", "funding_rate")["funding_rate"]) == [1e-4, -2e-4, 5e-5]


def test_read_candles_reads_open_interest(tmp_path):
    interest = sound()[["date"]].assign(open_interest_amount=1.0, open_interest_value=np.nan)
    FeatherDataHandler(tmp_path).ohlcv_store(PAIR, "5m", interest, CandleType.OPEN_INTEREST)
    assert len(read_candles(tmp_path, PAIR, "5m", "open_interest")) == 12


def test_read_candles_without_a_directory_or_file_says_how_to_fetch_it(tmp_path):
    with pytest.raises(DataError, match=r"nowhere is not a directory.*freqtrade download-data"):
        read_candles(tmp_path / "nowhere", PAIR, "5m")
    with pytest.raises(DataError, match=r"is empty: BTC_USDT_USDT-5m-futures.feather is needed"):
        read_candles(tmp_path, PAIR, "5m")
    FeatherDataHandler(tmp_path).ohlcv_store(PAIR, "5m", sound(), CandleType.FUTURES)
    with pytest.raises(
        DataError, match=r"1h-mark.feather is missing \(1 other.*--timeframes 1h.*--candle-types mark"
    ):
        read_candles(tmp_path, PAIR, "1h", "mark")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.95, 0.999])
def test_read_candles_of_a_truncated_file_names_it(tmp_path, share):
    FeatherDataHandler(tmp_path).ohlcv_store(PAIR, "5m", sound(500), CandleType.FUTURES)
    path = candle_path(tmp_path, PAIR, "5m")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DataError, match=r"5m-futures.feather is truncated or no feather file"):
        read_candles(tmp_path, PAIR, "5m")


def test_read_candles_of_something_else_names_the_file(tmp_path):
    path = candle_path(tmp_path, PAIR, "5m")
    path.parent.mkdir()
    path.write_text("date,open\n")
    with pytest.raises(DataError, match="no feather file"):
        read_candles(tmp_path, PAIR, "5m")
    sound().drop(columns="close").to_feather(path)
    with pytest.raises(DataError, match=r"5m-futures.feather: column close is missing"):
        read_candles(tmp_path, PAIR, "5m")
    sound().iloc[:0].to_feather(path)
    with pytest.raises(DataError, match="holds no candles"):
        read_candles(tmp_path, PAIR, "5m")


@pytest.mark.real_data
def test_real_candles_have_no_defect_but_outages(market):
    for pair in ("BTC/USDT:USDT", "DOGE/USDT:USDT"):
        candles = read_candles(market / "binance-5m-2025h1", pair, "15m")
        found = find_defects(candles, "15m")
        # The exchange stood still for an hour from 2024-10-28 20:00: four candles of 15 minutes.
        assert found == (Defect("zero_volume_runs", 4, pd.Timestamp("2024-10-28 20:00", tz="UTC")),)
        pd.testing.assert_frame_equal(mend(candles), candles)


@pytest.mark.real_data
def test_real_mark_prices_show_the_gap_they_have(market):
    marks = read_candles(market / "binance-1m-2025-02", "BNB/USDT:USDT", "1h", "mark")
    (gap,) = find_defects(marks, "1h")
    hours = (marks["date"].max() - marks["date"].min()) // pd.Timedelta(hours=1) + 1
    assert (gap.name, gap.count) == ("gaps", hours - len(marks))
