"""The comparison of entries: who enters where, and what is taken off."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import SettingsError
from outrigger.replay.synth import write_market
from outrigger.review.pair_market import load_pair
from outrigger.settings.read import Settings
from outrigger.signals.compare import READINGS, STOPPED, compare, judge, main, results
from outrigger.signals.compared_entries import DEFAULT, KINDS, charts_needed, entry_rows
from outrigger.signals.donchian import donchian_signal, turns

BTC = "BTC/USDT:USDT"


@pytest.fixture(scope="module")
def datadir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen synthetic days of one pair, with fifty of coarser candles before."""
    directory = tmp_path_factory.mktemp("compared") / "market"
    write_market(directory, 16, 7, (BTC,), warmup_days=50)
    return directory


def frames(datadir: Path) -> dict[str, pd.DataFrame]:
    names = ("1m", *charts_needed(Settings().signals))
    return {
        name: pd.read_feather(datadir / f"futures/BTC_USDT_USDT-{name}-futures.feather") for name in names
    }


def test_entry_rows_are_candles_that_open_when_the_chart_has_closed(datadir: Path) -> None:
    read = frames(datadir)
    found = entry_rows(read, "1m", BTC, Settings().signals)
    assert list(found) == [DEFAULT, *KINDS]
    opened, hours = read["1m"]["date"], read["1h"]
    rows, sides = found["donchian 1h"]
    fired = turns(donchian_signal(hours["close"].to_numpy(), (12, 24, 48, 96, 192, 384)))
    assert rows.size
    for row, side in zip(rows, sides, strict=True):
        closed = hours["date"] + pd.Timedelta(hours=1) == opened.iloc[row]
        assert fired[int(np.argmax(closed))] == side


def test_entry_rows_of_a_part_are_those_of_the_whole(datadir: Path) -> None:
    read = frames(datadir)
    whole = entry_rows(read, "1m", BTC, Settings().signals)
    end = read["1m"]["date"].iloc[12_000]
    lengths = {name: pd.Timedelta(name.replace("m", "min")) for name in read}
    part = {name: frame[frame["date"] + lengths[name] <= end] for name, frame in read.items()}
    for name, (rows, sides) in entry_rows(part, "1m", BTC, Settings().signals).items():
        # The default entry of the last candle would be made at an open that is not there yet.
        known = rows < 12_000
        whole_rows, whole_sides = whole[name]
        before = whole_rows < 12_000
        np.testing.assert_array_equal(rows[known], whole_rows[before])
        np.testing.assert_array_equal(sides[known], whole_sides[before])


def test_results_held_for_an_hour_are_the_move_less_ten_basis_points(datadir: Path) -> None:
    market = load_pair(datadir, BTC, "1m")
    rows, sides = np.array([5000, 6000]), np.array([1, -1])
    told = results(market, rows, sides, Settings())
    moves = market.candles.open[rows + 60] / market.candles.open[rows] - 1
    assert told["1 h"].to_numpy() == pytest.approx(sides * moves - 0.001)
    assert told[STOPPED].notna().all()
    assert told["day"].tolist() == (market.opened_at_ms[rows] // 86_400_000).tolist()


def pool(side_means: dict[int, float], days: int = 30) -> pd.DataFrame:
    """As many random entries of either side on every day, each with its side's result."""
    parts = [
        pd.DataFrame({"side": side, "day": range(days), "x": mean, "pair": BTC, "data": "set", "window": 0})
        for side, mean in side_means.items()
    ]
    return pd.concat(parts, ignore_index=True)


def test_judge_takes_off_what_the_market_gave_to_the_same_sides() -> None:
    # Longs at random earn 30 bp, shorts lose 30: three longs and a short are given (90 - 30) / 4 = 15.
    random = pool({1: 0.003, -1: -0.003})
    entries = random.iloc[[0, 5, 9, 40]].assign(x=0.002)
    one = judge("set", "kind", "x", entries, random, draws=200, seed=1)
    assert one.entries == 4
    assert one.mean_bp == pytest.approx(20)
    assert one.null_bp == pytest.approx(15)
    assert one.excess_bp == pytest.approx(5)
    assert one.low_bp <= one.excess_bp <= one.high_bp
    assert one.p_value == pytest.approx(1 / 201)


def test_judge_of_random_entries_finds_nothing() -> None:
    rng = np.random.default_rng(5)
    random = pd.concat([pool({1: 0.0, -1: 0.0}, days=60)] * 20, ignore_index=True)
    random["x"] = rng.normal(0, 0.01, len(random))
    entries = random.sample(300, random_state=1).assign(x=rng.normal(0, 0.01, 300))
    one = judge("set", "kind", "x", entries, random, draws=500, seed=1)
    assert one.low_bp < 0 < one.high_bp
    assert 0.01 < one.p_value < 0.99


def test_compare_tells_every_kind_and_reading_and_pools_sets(datadir: Path, tmp_path: Path) -> None:
    again = tmp_path / "other"
    again.symlink_to(datadir)
    found = compare([datadir, again], Settings(), pool=60, draws=200)
    assert {one.data for one in found} == {"market", "other", "all"}
    assert {one.reading for one in found} == set(READINGS)
    by = {(one.data, one.entry, one.reading): one for one in found}
    one, other = by["market", "donchian 1h", STOPPED], by["all", "donchian 1h", STOPPED]
    assert other.entries == 2 * one.entries
    assert other.mean_bp == pytest.approx(one.mean_bp)


def test_command_prints_json_and_refuses_too_few_draws(
    datadir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--datadir", str(datadir), "--pool", "60", "--draws", "200", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["reading"] for one in told} == set(READINGS)
    assert main(["--datadir", str(datadir), "--pool", "60"]) == 0
    assert "donchian" in capsys.readouterr().out
    assert main(["--datadir", str(datadir), "--draws", "10"]) == 2
    assert "at least 200" in capsys.readouterr().err
    with pytest.raises(SettingsError, match="200"):
        compare([datadir], Settings(), draws=199)
