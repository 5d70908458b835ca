import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.settings.stop import StopSettings
from outrigger.stops.columns import COLUMNS, market_columns, measure_noise, stop_charts
from outrigger.volatility.forecast import sigmas
from tests.stops.tracks import PLAIN

PAIR = "BTC/USDT:USDT"
START = pd.Timestamp("2025-01-06", tz="UTC")
VOLATILITY, CHANDELIER = StopSettings(**PLAIN), StopSettings(**PLAIN, policy="chandelier", chandelier_bars=5)
DAYS = 3


@pytest.fixture(scope="module")
def minutes() -> pd.DataFrame:
    n, rng = DAYS * 1440, np.random.default_rng(3)
    close = 40_000 * np.exp(np.cumsum(rng.normal(0, 5e-4, n)))
    opens = np.concatenate((close[:1], close[:-1]))
    wick = 1 + np.abs(rng.normal(0, 2e-4, (2, n)))
    return pd.DataFrame(
        {
            "date": START + pd.to_timedelta(np.arange(n), unit="min"),
            "open": opens,
            "high": np.maximum(opens, close) * wick[0],
            "low": np.minimum(opens, close) / wick[1],
            "close": close,
            "volume": rng.uniform(1, 2, n),
        }
    )


def charts(minutes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """1m, 5m and 1h candles of the same market; candles that have not closed are left out."""
    merged = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    found = {"1m": minutes}
    for name, length in (("5m", 5), ("1h", 60)):
        whole = minutes.iloc[: len(minutes) // length * length]
        frame = whole.groupby(np.arange(len(whole)) // length).agg({"date": "first", **merged})
        found[name] = frame.reset_index(drop=True)
    return found


def true_range_mean(frame: pd.DataFrame, bars: int) -> np.ndarray:
    """Wilder's ATR written out: a mean of true ranges first, then one part new to the others old."""
    high, low, close = (frame[name].to_numpy() for name in ("high", "low", "close"))
    found, atr = np.full(len(frame), np.nan), np.nan
    ranges = [max(high[i], close[i - 1]) - min(low[i], close[i - 1]) for i in range(1, len(frame))]
    for row in range(bars, len(frame)):
        atr = np.mean(ranges[:bars]) if row == bars else (atr * (bars - 1) + ranges[row - 1]) / bars
        found[row] = atr / close[row]
    return found


@pytest.mark.parametrize(("settings", "names"), [(VOLATILITY, ("5m",)), (CHANDELIER, ("5m", "1h"))])
def test_stop_charts_are_those_that_the_policy_reads(settings, names):
    assert stop_charts(settings) == names


def test_measure_noise_gives_each_minute_the_forecast_of_the_last_closed_five(minutes):
    frames = charts(minutes)
    measured = measure_noise(frames, "1m", VOLATILITY, PAIR)
    assert list(measured) == list(COLUMNS)
    horizons = {"sigma": VOLATILITY.horizon_hours, "protect_sigma": VOLATILITY.protect_horizon_hours}
    for name, hours in horizons.items():
        forecast = sigmas(frames["5m"], [hours])[0].to_numpy()
        # The minute of row 4 closes with the first five-minute candle, rows 5 to 8 know only that one.
        expected = np.concatenate((np.full(4, np.nan), np.repeat(forecast, 5)))[: len(minutes)]
        assert np.array_equal(measured[name], expected, equal_nan=True)
        assert np.isfinite(measured[name].iloc[-1])
    assert measured["atr"].isna().all()


def test_measure_noise_on_five_minutes_gives_the_same_forecast_as_on_one(minutes):
    frames = charts(minutes)
    on_one = measure_noise(frames, "1m", VOLATILITY, PAIR)["sigma"].to_numpy()[4::5]
    on_five = measure_noise(frames, "5m", VOLATILITY, PAIR)["sigma"].to_numpy()
    assert np.array_equal(on_one, on_five, equal_nan=True)


@pytest.mark.parametrize(("base", "candles"), [("1m", 60), ("5m", 12), ("1h", 1)])
def test_measure_noise_range_is_the_mean_of_the_last_hour(minutes, base, candles):
    frames = charts(minutes)
    clock = frames[base]
    relative = ((clock["high"] - clock["low"]) / clock["close"]).to_numpy()
    found = measure_noise(frames, base, VOLATILITY, PAIR)["candle_range"].to_numpy()
    for row in (0, candles // 2, candles, len(clock) - 1):
        assert found[row] == pytest.approx(relative[max(0, row - candles + 1) : row + 1].mean())


def test_measure_noise_atr_is_wilders_of_the_closed_hours(minutes):
    frames = charts(minutes)
    found = measure_noise(frames, "1m", CHANDELIER, PAIR)["atr"].to_numpy()
    expected = np.concatenate((np.full(59, np.nan), np.repeat(true_range_mean(frames["1h"], 5), 60)))
    np.testing.assert_allclose(found, expected[: len(found)], rtol=1e-10)


def test_measure_noise_atr_goes_on_after_an_hour_that_cannot_be_read(minutes):
    frames = charts(minutes)
    hours = frames["1h"].copy()
    hours.loc[20, "high"] = np.nan
    found = measure_noise(frames | {"1h": hours}, "1h", CHANDELIER, PAIR)["atr"]
    assert np.isnan(found[20])
    readable = true_range_mean(hours.drop(index=20).reset_index(drop=True), 5)
    np.testing.assert_allclose(found.drop(index=20), readable, rtol=1e-10)
    none = hours.assign(close=np.nan)
    assert measure_noise(frames | {"1h": none}, "1m", CHANDELIER, PAIR)["atr"].isna().all()


@pytest.mark.parametrize("settings", [VOLATILITY, CHANDELIER])
@pytest.mark.parametrize("n", [60, 1500, 2999, 4001])
def test_measure_noise_of_truncated_candles_is_the_truncated_noise(minutes, settings, n):
    whole = measure_noise(charts(minutes), "1m", settings, PAIR)
    cut = measure_noise(charts(minutes.iloc[:n]), "1m", settings, PAIR)
    pd.testing.assert_frame_equal(cut, whole.iloc[:n], check_exact=True)


def test_measure_noise_is_not_changed_by_the_future(minutes):
    later = minutes.copy()
    later.loc[3000:, ["open", "high", "low", "close"]] *= 3
    whole = measure_noise(charts(minutes), "1m", CHANDELIER, PAIR)
    other = measure_noise(charts(later), "1m", CHANDELIER, PAIR)
    pd.testing.assert_frame_equal(whole.iloc[:3000], other.iloc[:3000], check_exact=True)


@pytest.mark.parametrize("missing", ["1m", "5m", "1h"])
@pytest.mark.parametrize("empty", [True, False])
def test_measure_noise_without_a_chart_names_the_chart_and_its_download(minutes, missing, empty):
    frames = charts(minutes)
    left = (
        frames | {missing: frames[missing].iloc[:0]}
        if empty
        else {k: v for k, v in frames.items() if k != missing}
    )
    with pytest.raises(DataError, match=rf"no {missing} candles of {PAIR}.*download-data"):
        measure_noise(left, "1m", CHANDELIER, PAIR)


def test_market_columns_picks_the_measured_columns_out_of_a_frame(minutes):
    measured = measure_noise(charts(minutes), "1m", CHANDELIER, PAIR)
    found = market_columns(pd.concat([minutes, measured], axis=1))
    for name in COLUMNS:
        assert np.array_equal(getattr(found, name), measured[name], equal_nan=True)


def test_measure_noise_of_real_candles_is_known_after_the_start_and_truncates(market):
    frames = {}
    for name, candles in (("1m", 4000), ("5m", 3000)):
        path = market / "binance-1m-2025-05" / "futures" / f"BTC_USDT_USDT-{name}-futures.feather"
        frame = pd.read_feather(path)
        frames[name] = frame[frame["date"] < pd.Timestamp("2025-05-10", tz="UTC")].tail(candles)
    frames = {name: frame.reset_index(drop=True) for name, frame in frames.items()}
    measured = measure_noise(frames, "1m", VOLATILITY, "BTC/USDT:USDT")
    assert measured["sigma"].notna().all()
    assert measured["sigma"].between(0.001, 0.05).all()
    end = frames["1m"]["date"][2500] + pd.Timedelta("1min")
    cut = {
        name: frame[frame["date"] + pd.Timedelta(name.replace("m", "min")) <= end]
        for name, frame in frames.items()
    }
    pd.testing.assert_frame_equal(
        measure_noise(cut, "1m", VOLATILITY, "BTC/USDT:USDT"), measured.iloc[:2501], check_exact=True
    )
