"""Coarser and forming candles against pandas and against a scrambled future."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrigger.replay.candles import EMPTY, Candles, TimeRange, forming, resample, window
from outrigger.replay.clock import Clock
from outrigger.replay.intervals import LENGTH_MS, bucket_open, divides, next_open, open_of
from outrigger.replay.market import ReplayMarket
from outrigger.replay.market_files import MarketFiles, Readings
from tests.replay.data_directory import START_MS, merged, walk, write_market

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def as_candles(frame: pd.DataFrame) -> Candles:
    return Candles(
        frame["date"].dt.tz_localize(None).to_numpy().astype("datetime64[ms]").astype(np.int64),
        frame[["open", "high", "low", "close", "volume"]].to_numpy(),
    )


@pytest.mark.parametrize(
    ("interval", "freq"),
    [("3m", "3min"), ("5m", "5min"), ("1h", "1h"), ("4h", "4h"), ("12h", "12h"), ("1d", "1D")],
)
def test_resample_of_whole_days_equals_pandas(interval: str, freq: str) -> None:
    fine = walk(3 * 1440, 100.0, 1)
    expected, made = as_candles(merged(fine, freq)), resample(as_candles(fine), "1m", interval)
    np.testing.assert_array_equal(made.times, expected.times)
    np.testing.assert_allclose(made.values, expected.values, rtol=1e-12)


def test_resample_of_ragged_ends_leaves_incomplete_candles_out() -> None:
    fine = as_candles(walk(600, 100.0, 2)).part(13, 587)
    made = resample(fine, "1m", "1h")
    assert made.times.tolist() == [START_MS + hour * HOUR for hour in range(1, 9)]


def test_resample_to_weeks_opens_on_monday_and_to_months_on_the_first() -> None:
    fine = as_candles(walk(60 * 24, 100.0, 3))
    daily = Candles(START_MS - 3 * DAY + DAY * np.arange(60), fine.values[:60])  # from Friday 28 February
    weeks, months = resample(daily, "1d", "1w"), resample(daily, "1d", "1M")
    assert weeks.times[0] == START_MS
    assert set(np.diff(weeks.times).tolist()) == {7 * DAY}
    starts = [pd.Timestamp(f"2025-{month}-01", tz="UTC").timestamp() * 1000 for month in ("03",)]
    assert months.times.tolist() == starts


def test_divides_weeks_and_months_is_false() -> None:
    assert not divides("1w", "1M")
    assert not divides("3d", "1w")
    assert divides("1d", "1M")
    assert not divides("5m", "5m")
    assert resample(EMPTY, "1m", "5m") is EMPTY


@given(at=st.integers(0, 4 * 10**12), interval=st.sampled_from(sorted(LENGTH_MS)))
def test_bucket_of_any_instant_contains_it(at: int, interval: str) -> None:
    opened = open_of(at, interval)
    assert opened <= at < next_open(opened, interval)
    assert open_of(opened, interval) == opened
    assert next_open(opened, interval) - opened <= LENGTH_MS[interval]


def test_forming_holds_closed_minutes_and_the_open_of_the_running_one() -> None:
    fine = as_candles(walk(120, 100.0, 4))
    now = START_MS + 67 * MINUTE + 30_000
    hour = forming(fine, "1m", "1h", now)
    seen = fine.values[60:67]
    opened = fine.values[67, 0]
    assert hour.times.tolist() == [START_MS + HOUR]
    assert hour.values[0].tolist() == [
        seen[0, 0],
        max(seen[:, 1].max(), opened),
        min(seen[:, 2].min(), opened),
        opened,
        pytest.approx(seen[:, 4].sum()),
    ]
    minute = forming(fine, "1m", "1m", now)
    assert minute.values.tolist() == [[opened, opened, opened, opened, 0.0]]


def test_forming_walked_shows_what_the_path_has_passed() -> None:
    fine = as_candles(walk(120, 100.0, 4))
    now = START_MS + 67 * MINUTE + 45_000
    opened, high, low, close, _ = fine.values[67]
    minute = forming(fine, "1m", "1m", now, walked=True).values[0]
    assert minute[:3].tolist() == [opened, high, low]
    assert low <= minute[3] <= high
    assert minute[4] == 0
    hour = forming(fine, "1m", "1h", now, walked=True).values[0]
    assert hour[1] == fine.values[60:68, 1].max()
    assert hour[2] == fine.values[60:68, 2].min()
    assert hour[3] == minute[3] != close


def test_forming_after_the_data_has_ended_is_empty() -> None:
    fine = as_candles(walk(60, 100.0, 5))
    assert len(forming(fine, "1m", "1h", START_MS + 2 * HOUR)) == 0
    assert len(forming(fine, "5m", "1m", START_MS)) == 0


@given(
    n=st.integers(0, 40),
    start=st.none() | st.integers(-5, 45),
    end=st.none() | st.integers(-5, 45),
    limit=st.integers(1, 50),
)
def test_window_of_any_request_equals_a_plain_filter(
    n: int, start: int | None, end: int | None, limit: int
) -> None:
    candles = Candles(np.arange(n), np.zeros((n, 5)))
    inside = [t for t in range(n) if (start is None or t >= start) and (end is None or t <= end)]
    expected = inside[-limit:] if start is None else inside[:limit]
    assert window(candles, TimeRange(start, end, limit)).times.tolist() == expected


class Scrambled(MarketFiles):
    """The same files with everything that is not yet published at `now` replaced by noise.

    Of the finest running candle the exchange publishes a path, so the candle itself stays.
    """

    def __init__(self, files: MarketFiles, now_ms: int) -> None:
        self.datadir, self.contracts, self._files, self._now = files.datadir, files.contracts, files, now_ms
        self.shift_ms = files.shift_ms

    def candles(self, symbol: str, kind: str, interval: str) -> Candles | None:
        found = self._files.candles(symbol, kind, interval)
        if found is None:
            return None
        values = found.values.copy()
        running = bucket_open(np.array([self._now]), interval)[0]
        later = found.times > running
        values[later] = 1e9
        if (kind, interval) != ("futures", "1m"):
            values[found.times == running, 1:] = 1e9  # of the running candle only the open is known
        return Candles(found.times, values)

    def readings(self, symbol: str, kind: str, columns: object) -> Readings | None:
        found = self._files.readings(symbol, kind, columns)  # type: ignore[arg-type]
        if found is None:
            return None
        return Readings(found.times, np.where(found.times[:, None] > self._now, 1e9, found.values))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> MarketFiles:
    return MarketFiles(write_market(tmp_path_factory.mktemp("market"), days=2, bases=("BTC",)))


def answers_at(source: MarketFiles, now: int) -> list[object]:
    market = ReplayMarket(source, Clock(lambda: now))
    asked = TimeRange(None, None, 1500)
    told: list[object] = [
        market.candles("BTCUSDT", kind, interval, asked).values.tolist()
        for kind, interval in [
            ("futures", "1m"),
            ("futures", "15m"),
            ("futures", "4h"),
            ("mark", "1h"),
            ("mark", "4h"),
            ("mark", "5m"),
            ("index", "1h"),
        ]
    ]
    day = market.day("BTCUSDT")
    told += [
        market.price("BTCUSDT"),
        market.minute_volume("BTCUSDT"),
        market.funding("BTCUSDT").values.tolist(),
    ]
    return [*told, None if day is None else day.candles.values.tolist()]


@settings(max_examples=25)
@given(offset=st.integers(0, 2 * DAY - 1))
def test_market_with_a_scrambled_future_answers_the_same(files: MarketFiles, offset: int) -> None:
    now = START_MS + offset
    assert answers_at(files, now) == answers_at(Scrambled(files, now), now)


def test_market_before_listing_knows_nothing(files: MarketFiles) -> None:
    market = ReplayMarket(files, Clock(lambda: START_MS - 1))
    assert market.price("BTCUSDT") is None
    assert market.day("BTCUSDT") is None
    assert market.minute_volume("BTCUSDT") == 0.0
    assert len(market.candles("BTCUSDT", "futures", "1m", TimeRange(0, None, 10))) == 0


def test_market_after_the_end_keeps_the_last_close(files: MarketFiles) -> None:
    market = ReplayMarket(files, Clock(lambda: START_MS + 30 * DAY))
    _, fine = market.finest("BTCUSDT")
    assert market.price("BTCUSDT") == fine.values[-1, 3]
    assert len(market.candles("BTCUSDT", "futures", "1m", TimeRange(None, None, 5000))) == len(fine)


def test_market_with_a_longer_coarse_file_joins_it_with_finer_data(tmp_path: Path) -> None:
    write_market(tmp_path, days=2, bases=("BTC",))
    fine = walk(2 * 1440, 90_000.0, 0)
    coarse = merged(fine, "4h").iloc[:9]
    earlier = coarse.assign(date=coarse["date"] - pd.Timedelta(hours=36))
    pd.concat([earlier, coarse]).reset_index(drop=True).to_feather(
        tmp_path / "futures" / "BTC_USDT_USDT-4h-futures.feather"
    )
    market = ReplayMarket(MarketFiles(tmp_path), Clock())
    found = market.candles("BTCUSDT", "futures", "4h", TimeRange(None, None, 1000))
    assert found.times.tolist() == [START_MS + k * 4 * HOUR for k in range(-9, 12)]
    np.testing.assert_allclose(found.values[9:], as_candles(merged(fine, "4h")).values, rtol=1e-12)


def test_market_asked_for_recorded_candles_keeps_no_second_copy(files: MarketFiles) -> None:
    market = ReplayMarket(files, Clock(lambda: START_MS + DAY))
    _, fine = market.finest("BTCUSDT")
    tracemalloc.start()
    try:
        market.candles("BTCUSDT", "futures", "1m", TimeRange(None, None, 1))
        market.candles("BTCUSDT", "index", "1m", TimeRange(None, None, 1))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < fine.values.nbytes / 4
