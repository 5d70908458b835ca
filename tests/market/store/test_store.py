from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from outrigger.errors import DataError, SettingsError, StateError
from outrigger.market.store.coverage import Gap
from outrigger.market.store.schema import LIQUIDATIONS, METRICS, Kind
from outrigger.market.store.store import MarketStore

from .readings import DAY, MIDNIGHT, PAIR, readings

OCTOBER_10 = date(2025, 10, 10)
SECOND = 1000


def test_midnight_is_the_day_it_is_called():
    assert datetime.fromtimestamp(MIDNIGHT / 1000, tz=UTC).isoformat() == "2025-10-10T00:00:00+00:00"


@pytest.mark.parametrize("kind", list(Kind))
def test_append_then_read_gives_the_same_rows(tmp_path, kind):
    rows = readings([MIDNIGHT, MIDNIGHT + 5 * SECOND, MIDNIGHT + 9 * SECOND], kind, delay=250)
    rows.iloc[1, 3] = np.nan
    with MarketStore(tmp_path) as store:
        assert store.append(PAIR, kind, rows) == 3
        assert_frame_equal(store.read(PAIR, kind), rows)


def test_read_of_nothing_gives_an_empty_frame_of_the_right_types(tmp_path):
    frame = MarketStore(tmp_path / "none").read(PAIR, Kind.METRICS)
    assert tuple(frame.columns) == METRICS.columns
    assert len(frame) == 0
    assert frame.dtypes.astype(str).tolist() == ["int64"] * 2 + ["float64"] * len(METRICS.values)
    assert not (tmp_path / "none").exists()


def test_append_of_no_rows_writes_nothing(tmp_path):
    with MarketStore(tmp_path) as store:
        assert store.append(PAIR, Kind.METRICS, readings([])) == 0
    assert list(tmp_path.iterdir()) == []


def test_append_across_midnight_packs_the_day_that_is_over(tmp_path):
    rows = readings([MIDNIGHT - 2, MIDNIGHT - 1, MIDNIGHT])
    with MarketStore(tmp_path) as store:
        store.append(PAIR, Kind.METRICS, rows)
        names = sorted(path.name for path in tmp_path.rglob("2025*"))
        assert names == ["2025-10-09.feather", "2025-10-10.journal"]
        assert store.days(PAIR, Kind.METRICS) == (date(2025, 10, 9), OCTOBER_10)
        assert_frame_equal(store.read(PAIR, Kind.METRICS), rows)


def test_day_is_that_of_known_ms_not_of_the_reading(tmp_path):
    with MarketStore(tmp_path) as store:
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT - 1], delay=1))
        assert store.days(PAIR, Kind.METRICS) == (OCTOBER_10,)


def test_rows_that_come_late_for_a_packed_day_are_added_to_it(tmp_path):
    with MarketStore(tmp_path) as store:
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT + 7, MIDNIGHT + DAY], value=100))
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT + 3], value=200))
        assert store.read(PAIR, Kind.METRICS)["open_interest_base"].tolist() == [200, 100, 101]
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT + DAY + 1], value=300))
        assert not list(tmp_path.rglob("2025-10-10.journal"))
        assert store.read(PAIR, Kind.METRICS)["open_interest_base"].tolist() == [200, 100, 101, 300]


@pytest.mark.parametrize(
    ("start", "end", "expected"), [(2, 5, [2, 4]), (None, 4, [0, 2]), (6, None, [6]), (7, 9, [])]
)
def test_read_of_a_stretch_takes_its_start_and_leaves_its_end(tmp_path, start, end, expected):
    times = [MIDNIGHT - 4 + offset for offset in (0, 2, 4, 6)]
    origin = MIDNIGHT - 4
    with MarketStore(tmp_path) as store:
        store.append(PAIR, Kind.METRICS, readings(times))
        frame = store.read(
            PAIR,
            Kind.METRICS,
            None if start is None else origin + start,
            None if end is None else origin + end,
        )
    assert (frame["known_ms"] - origin).tolist() == expected


def test_read_of_some_columns_gives_them_with_both_times(tmp_path):
    with MarketStore(tmp_path) as store:
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT - 1, MIDNIGHT]))
        frame = store.read(PAIR, Kind.METRICS, columns=["funding_rate", "taker_ratio"])
        assert list(frame.columns) == ["time_ms", "known_ms", "taker_ratio", "funding_rate"]
        with pytest.raises(DataError, match="no columns \\['bid'\\]"):
            store.read(PAIR, Kind.METRICS, columns=["bid"])


def test_reading_that_arrives_again_counts_from_when_it_was_first_known(tmp_path):
    with MarketStore(tmp_path) as store:
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT], value=1, delay=10))
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT], value=2, delay=900))
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT], value=3, delay=DAY))
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT], value=4, delay=10))
        frame = store.read(PAIR, Kind.METRICS)
    assert frame[["known_ms", "open_interest_base"]].to_numpy().tolist() == [[MIDNIGHT + 10, 4]]


def test_forced_orders_of_one_millisecond_all_count_but_each_once(tmp_path):
    rows = readings([MIDNIGHT, MIDNIGHT], Kind.LIQUIDATIONS)
    rows.loc[1, "price"] = np.nan
    with MarketStore(tmp_path) as store:
        store.append(PAIR, Kind.LIQUIDATIONS, rows)
        store.append(PAIR, Kind.LIQUIDATIONS, rows.assign(known_ms=rows["known_ms"] + 5))
        assert_frame_equal(store.read(PAIR, Kind.LIQUIDATIONS).sort_values("side", ignore_index=True), rows)
        assert list(store.read(PAIR, Kind.LIQUIDATIONS, columns=["side"]).columns) == [
            "time_ms",
            "known_ms",
            "side",
        ]
    assert LIQUIDATIONS.columns[:2] == ("time_ms", "known_ms")


events = st.lists(
    st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 6), st.integers(0, 99)), max_size=6), max_size=4
)


@settings(max_examples=25)
@given(events)
def test_read_equals_a_plain_record_of_what_was_appended_and_never_looks_ahead(tmp_path_factory, batches):
    """Ticks of an hour and a half around midnight, so that batches jump between days and repeat readings."""
    tick = 5_400_000
    plain: dict[int, tuple[int, int]] = {}
    with MarketStore(tmp_path_factory.mktemp("store")) as store:
        for batch in batches:
            times = [MIDNIGHT + time * tick for time, _, _ in batch]
            rows = readings(times)
            rows["known_ms"] = [time + wait * tick for time, (_, wait, _) in zip(times, batch, strict=True)]
            rows["funding_rate"] = [float(value) for _, _, value in batch]
            store.append(PAIR, Kind.METRICS, rows)
            for time, known, value in zip(times, rows["known_ms"], rows["funding_rate"], strict=True):
                if time not in plain or known <= plain[time][0]:
                    plain[time] = (known, value)
        expected = sorted((known, time, value) for time, (known, value) in plain.items())
        names = ["known_ms", "time_ms", "funding_rate"]
        whole = store.read(PAIR, Kind.METRICS)
        assert [tuple(row) for row in whole[names].to_numpy()] == expected
        for end in range(-4, 11, 3):
            cut = store.read(PAIR, Kind.METRICS, end_ms=MIDNIGHT + end * tick)
            assert_frame_equal(cut, whole[whole["known_ms"] < MIDNIGHT + end * tick])


def test_replace_day_drops_what_the_day_held_before(tmp_path):
    with MarketStore(tmp_path) as store:
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT + 1, MIDNIGHT + 2, MIDNIGHT + DAY]))
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT + 3]))
        store.replace_day(PAIR, Kind.METRICS, OCTOBER_10, readings([MIDNIGHT + 6, MIDNIGHT + 5], value=50))
        frame = store.read(PAIR, Kind.METRICS)
        assert (frame["time_ms"] - MIDNIGHT).tolist() == [5, 6, DAY]
        assert frame["open_interest_base"].tolist() == [51, 50, 2]


def test_replace_day_of_a_damaged_file_mends_it(tmp_path):
    store = MarketStore(tmp_path)
    store.replace_day(PAIR, Kind.METRICS, OCTOBER_10, readings([MIDNIGHT]))
    (path,) = tmp_path.rglob("*.feather")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=r"2025-10-10\.feather cannot be read .* download or record"):
        store.read(PAIR, Kind.METRICS)
    store.replace_day(PAIR, Kind.METRICS, OCTOBER_10, readings([MIDNIGHT]))
    assert len(store.read(PAIR, Kind.METRICS)) == 1


def test_replace_day_of_rows_of_another_day_is_refused(tmp_path):
    with pytest.raises(DataError, match="2025-10-10: rows became known on 2025-10-11"):
        MarketStore(tmp_path).replace_day(PAIR, Kind.METRICS, OCTOBER_10, readings([MIDNIGHT + DAY]))
    assert list(tmp_path.iterdir()) == []


def test_pairs_are_kept_apart_and_spelt_as_they_came(tmp_path):
    with MarketStore(tmp_path) as store:
        for pair in ("BTC/USDT:USDT", "BTC_X/USDT:USDT", "龙/USDT:USDT"):
            store.append(pair, Kind.METRICS, readings([MIDNIGHT]))
        assert store.pairs(Kind.METRICS) == ("BTC/USDT:USDT", "BTC_X/USDT:USDT", "龙/USDT:USDT")
        assert store.pairs(Kind.BOOK) == ()
        assert MarketStore(tmp_path, "bybit").pairs(Kind.METRICS) == ()


@pytest.mark.parametrize("pair", ["BTCUSDT", "../", "", "a b/c"])
def test_pair_that_is_none_is_refused(tmp_path, pair):
    with pytest.raises(DataError, match="is no pair"):
        MarketStore(tmp_path).read(pair, Kind.BOOK)


def test_exchange_that_is_none_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="is no exchange"):
        MarketStore(tmp_path, "../elsewhere")


def test_retain_keeps_today_and_the_days_asked_for(tmp_path):
    with MarketStore(tmp_path) as store:
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT + day * DAY for day in range(5)]))
        store.append("ETH/USDT:USDT", Kind.BOOK, readings([MIDNIGHT], Kind.BOOK))
        (directory,) = tmp_path.glob("binance/BTC*/metrics")
        (directory / ".2025-10-10.feather.abandoned").touch()
        (directory / "notes.txt").touch()
        now = MIDNIGHT + 4 * DAY + 12 * 3600 * SECOND
        assert store.retain(2, now) == 4  # two days of BTC, a leaving of a crash, one journal of ETH
        assert store.days(PAIR, Kind.METRICS) == (date(2025, 10, 12), date(2025, 10, 13), date(2025, 10, 14))
        assert (directory / "notes.txt").exists()
        # The writer of ETH goes on in a new file instead of writing into a deleted one.
        store.append("ETH/USDT:USDT", Kind.BOOK, readings([MIDNIGHT + 1], Kind.BOOK))
        assert len(store.read("ETH/USDT:USDT", Kind.BOOK)) == 1
        with pytest.raises(SettingsError, match="give at least 1"):
            store.retain(0, now)


def test_coverage_names_stretches_longer_than_a_step(tmp_path):
    times = [MIDNIGHT - 60_000, MIDNIGHT - 30_000, MIDNIGHT + 31_000, MIDNIGHT + 61_000, MIDNIGHT + DAY]
    with MarketStore(tmp_path) as store:
        store.append(PAIR, Kind.METRICS, readings(times[::-1]))
        assert store.coverage(PAIR, Kind.METRICS, 30_000) == (
            Gap(MIDNIGHT - 30_000, MIDNIGHT + 31_000),
            Gap(MIDNIGHT + 61_000, MIDNIGHT + DAY),
        )
        assert store.coverage(PAIR, Kind.METRICS, DAY) == ()
        assert store.coverage(PAIR, Kind.BOOK, 1) == ()
    assert Gap(5, 12).length_ms == 7


@pytest.mark.parametrize("version", [2, 0, "1", None])
def test_store_of_another_version_is_refused(tmp_path, version):
    (tmp_path / "binance").mkdir()
    manifest = {"format": "outrigger market store", "version": version}
    (tmp_path / "binance" / "store.json").write_text(json.dumps(manifest))
    expected = "newer Outrigger .* update Outrigger" if version == 2 else "does not say .* version 1"
    with pytest.raises(StateError, match=expected):
        MarketStore(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "other", "version": 1}', None])
def test_store_without_a_sound_manifest_is_refused(tmp_path, content):
    with MarketStore(tmp_path) as store:
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT]))
    manifest = tmp_path / "binance" / "store.json"
    manifest.unlink() if content is None else manifest.write_text(content)
    with pytest.raises(StateError, match=r"store\.json does not say"):
        MarketStore(tmp_path)


def test_manifest_of_a_new_store_names_its_version(tmp_path):
    with MarketStore(tmp_path) as store:
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT]))
    manifest = json.loads((tmp_path / "binance" / "store.json").read_text())
    assert manifest == {"format": "outrigger market store", "version": 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.drop(columns="funding_rate"), r"lack \['funding_rate'\]"),
        (lambda rows: rows.assign(bid=1.0), r"unknown \['bid'\]"),
        (lambda rows: rows.assign(time_ms=rows["time_ms"] / 1), "time_ms is float64"),
        (lambda rows: rows.assign(known_ms=rows["known_ms"] // 1000), "known_ms 1760054400 is no time"),
        (lambda rows: rows.assign(time_ms=rows["time_ms"] * 1000), "time_ms 1760054400000000 is no time"),
        (lambda rows: rows.assign(taker_ratio="much"), "a value is no number"),
    ],
)
def test_rows_that_are_none_of_this_kind_are_refused(tmp_path, change, message):
    with MarketStore(tmp_path) as store, pytest.raises(DataError, match=message):
        store.append(PAIR, Kind.METRICS, change(readings([MIDNIGHT])))


def test_store_in_a_directory_without_permission_says_so(tmp_path, monkeypatch):
    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    store = MarketStore(tmp_path)
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(PermissionError, match=r"Permission denied: .*binance"):
        store.append(PAIR, Kind.METRICS, readings([MIDNIGHT]))


def test_read_of_many_days_keeps_their_order(tmp_path):
    rows = readings([MIDNIGHT + i * DAY // 2 for i in range(140)])
    with MarketStore(tmp_path) as store:
        store.append(PAIR, Kind.METRICS, rows)
        assert len(store.days(PAIR, Kind.METRICS)) == 70
        assert_frame_equal(store.read(PAIR, Kind.METRICS), rows)


def test_real_metrics_at_four_hours_come_back_bit_for_bit(tmp_path, market):
    path = next(iter(sorted((market / "open-interest").glob("*4h.csv"))))
    raw = pd.read_csv(path)
    rows = readings(raw["timestamp"].tolist(), delay=1)
    rows["open_interest_base"] = raw["sum_open_interest"].astype(float)
    rows["open_interest_quote"] = raw["sum_open_interest_value"].astype(float)
    rows = rows.drop_duplicates("time_ms").sort_values("time_ms", ignore_index=True).head(200)
    with MarketStore(tmp_path) as store:
        store.append(PAIR, Kind.METRICS, rows)
        assert_frame_equal(store.read(PAIR, Kind.METRICS), rows, check_exact=True)
