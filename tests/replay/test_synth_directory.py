"""The synthetic market as files: labelled, repeatable, readable by Freqtrade, shaped like real data."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from freqtrade.data.history import load_pair_history
from freqtrade.enums import CandleType

from outrigger.errors import DataError
from outrigger.replay.synth import Manifest, is_synthetic, read_label, write_market
from outrigger.replay.synth.instruments import instrument

PAIRS = ("BTC", "ETH", "DOGE")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    out = tmp_path_factory.mktemp("synth")
    return out, write_market(out, 6, 11, PAIRS, date(2026, 1, 5), warmup_days=30)


def _read(out: Path, name: str) -> pd.DataFrame:
    return pd.read_feather(out / "futures" / f"{name}.feather")


def test_write_market_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path):
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_market(tmp_path / folder, 1, seed, ("BTC", "SOL"), warmup_days=1)
    names = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert len(names) == 1 + 2 * 7 + 2 * 2 * 2
    assert all((tmp_path / "a" / n).read_bytes() == (tmp_path / "b" / n).read_bytes() for n in names)
    assert all((tmp_path / "a" / n).read_bytes() != (tmp_path / "c" / n).read_bytes() for n in names)


def test_write_market_coarse_candles_cover_the_warm_up_and_1m_does_not(written: tuple[Path, Manifest]):
    out, _ = written
    first = pd.Timestamp("2026-01-05", tz="UTC")
    warm = first - pd.Timedelta(days=30)
    for timeframe, minutes in (("1m", 1), ("5m", 5), ("15m", 15), ("1h", 60), ("4h", 240)):
        dates = _read(out, f"BTC_USDT_USDT-{timeframe}-futures")["date"]
        assert dates.iloc[0] == (first if timeframe == "1m" else warm)
        assert dates.iloc[-1] == pd.Timestamp("2026-01-11", tz="UTC") - pd.Timedelta(minutes=minutes)
        assert dates.diff().dropna().unique().tolist() == [pd.Timedelta(minutes=minutes)]


def test_write_market_timeframes_merge_exactly(written: tuple[Path, Manifest]):
    out, _ = written
    rule = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    minute = _read(out, "DOGE_USDT_USDT-1m-futures").set_index("date")
    for timeframe, offset in (("5m", "5min"), ("4h", "4h")):
        ours = _read(out, f"DOGE_USDT_USDT-{timeframe}-futures").set_index("date").loc[minute.index[0] :]
        pd.testing.assert_frame_equal(ours, minute.resample(offset).agg(rule), check_freq=False, rtol=1e-12)


def test_write_market_label_says_synthetic_and_lists_what_was_planted(written: tuple[Path, Manifest]):
    out, manifest = written
    assert is_synthetic(out)
    label = json.loads((out / "SYNTHETIC.json").read_text())
    assert label["label"] == "synthetic"
    assert label["complete"] is True
    assert label["seed"] == 11
    assert label["start"] == "2026-01-05T00:00:00+00:00"
    assert label["end"] == "2026-01-11T00:00:00+00:00"
    assert len(label["cascades"]) == len(manifest.cascades) > 0


def _archives(out: Path, folder: str, symbol: str) -> pd.DataFrame:
    return pd.concat([pd.read_csv(path) for path in sorted((out / folder).glob(f"{symbol}-*.csv"))])


@pytest.mark.parametrize("base", PAIRS)
def test_write_market_planted_cascades_are_in_the_candles_and_in_the_book(
    written: tuple[Path, Manifest], base: str
):
    out, manifest = written
    item = instrument(base)
    close = _read(out, f"{item.file_stem}-5m-futures").set_index("date")["close"]
    interest = _archives(out, "metrics", item.symbol).set_index("create_time")["sum_open_interest"]
    interest.index = pd.to_datetime(interest.index, utc=True)
    book = _archives(out, "orderbook", item.symbol)
    near = book[book["percentage"].abs() == 1.0].groupby("timestamp")["notional"].sum()
    near.index = pd.to_datetime(near.index, utc=True)
    realised, thin, burnt = [], [], []
    for cascade in manifest.cascades:
        if cascade.pair != item.pair or not cascade.fired:
            continue
        at, extreme = pd.Timestamp(cascade.triggered_at), pd.Timestamp(cascade.extreme_at)
        sign = -1 if cascade.side == "long_squeeze" else 1
        move = np.log(close.asof(extreme) / close.asof(at - pd.Timedelta("5min")))
        realised.append(sign * move / cascade.size_pct)
        burnt.append(np.log(interest.asof(extreme + pd.Timedelta("10min")) / interest.asof(at)))
        thin.append(np.log(near.asof(at) / near.median()))
    assert len(realised) >= 3
    assert np.median(realised) == pytest.approx(1.0, abs=0.4)
    assert np.mean(thin) < -0.3
    assert np.mean(burnt) < -0.01


def test_write_market_funding_and_mark_share_their_hours(written: tuple[Path, Manifest]):
    out, _ = written
    funding = _read(out, "ETH_USDT_USDT-1h-funding_rate")
    mark = _read(out, "ETH_USDT_USDT-1h-mark").set_index("date")
    hourly = _read(out, "ETH_USDT_USDT-1h-futures").set_index("date")
    assert set(funding["date"]) <= set(mark.index)
    assert len(funding) == 36 * 3
    assert mark.index.equals(hourly.index)
    gap = np.log(mark["close"] / hourly["close"]).abs()
    assert gap.median() < 5e-4
    assert (mark["high"] >= mark[["open", "close"]].max(axis=1)).all()
    assert (mark["low"] <= mark[["open", "close"]].min(axis=1)).all()


def test_write_market_freqtrade_reads_every_kind_of_candle(written: tuple[Path, Manifest]):
    out, _ = written
    for timeframe, kind in (("1m", CandleType.FUTURES), ("4h", CandleType.FUTURES), ("1h", CandleType.MARK)):
        loaded = load_pair_history(
            pair="BTC/USDT:USDT", timeframe=timeframe, datadir=out, candle_type=kind, fill_up_missing=False
        )
        assert len(loaded) > 0
        assert list(loaded.columns) == ["date", "open", "high", "low", "close", "volume"]
    funding = load_pair_history("BTC/USDT:USDT", "1h", out, candle_type=CandleType.FUNDING_RATE)
    assert len(funding) > 0


@pytest.mark.real_data
def test_write_market_files_have_the_columns_and_types_of_real_ones(
    written: tuple[Path, Manifest], market: Path
):
    out, _ = written
    for name in ("1m-futures", "4h-futures", "1h-mark", "1h-funding_rate"):
        ours = _read(out, f"BTC_USDT_USDT-{name}")
        real = pd.read_feather(market / "binance-1m-2025-05" / "futures" / f"BTC_USDT_USDT-{name}.feather")
        assert ours.dtypes.to_dict() == real.dtypes.to_dict()


def test_write_market_replaces_an_earlier_synthetic_market(tmp_path: Path):
    write_market(tmp_path, 1, 1, ("BTC", "ETH"), warmup_days=1)
    write_market(tmp_path, 1, 2, ("SOL",), warmup_days=0)
    label = read_label(tmp_path)
    assert label is not None
    assert label["pairs"] == ["SOL/USDT:USDT"]
    assert {path.name[:3] for path in (tmp_path / "futures").iterdir()} == {"SOL"}
    assert len(list((tmp_path / "orderbook").iterdir())) == 1


def test_write_market_refuses_a_directory_with_unlabelled_candles(tmp_path: Path):
    candles = tmp_path / "futures" / "BTC_USDT_USDT-5m-futures.feather"
    candles.parent.mkdir()
    candles.write_bytes(b"real")
    with pytest.raises(DataError, match="not labelled synthetic"):
        write_market(tmp_path, 1, 1, ("BTC",), warmup_days=0)
    assert candles.read_bytes() == b"real"
    assert not is_synthetic(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"days": 0}, "at least 1"),
        ({"warmup_days": -1}, "at least 1"),
        ({"seed": -1}, "seed"),
        ({"pairs": ()}, "at least one"),
        ({"pairs": ("BTC", "BTC/USDT:USDT")}, "twice"),
        ({"depth_minutes": 7}, "divisor"),
    ],
)
def test_write_market_bad_argument_is_refused_and_writes_nothing(tmp_path: Path, change: dict, message: str):
    arguments = {"days": 1, "seed": 1, "pairs": ("BTC",), "warmup_days": 0} | change
    with pytest.raises(DataError, match=message):
        write_market(tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()


def test_write_market_onto_a_file_is_refused(tmp_path: Path):
    target = tmp_path / "file"
    target.write_text("x")
    with pytest.raises(DataError, match="is a file"):
        write_market(target, 1, 1, ("BTC",), warmup_days=0)


def test_write_market_reports_progress_after_each_pair(tmp_path: Path):
    seen: list[tuple[str, int, int]] = []
    write_market(tmp_path, 1, 1, ("BTC", "ETH"), warmup_days=0, progress=lambda *step: seen.append(step))
    assert seen == [("BTC/USDT:USDT", 1, 2), ("ETH/USDT:USDT", 2, 2)]


@pytest.mark.parametrize("text", ["not json", "[]", '{"label": "real"}'])
def test_read_label_that_is_no_label_is_refused(tmp_path: Path, text: str):
    (tmp_path / "SYNTHETIC.json").write_text(text)
    with pytest.raises(DataError, match=r"SYNTHETIC\.json"):
        read_label(tmp_path)
