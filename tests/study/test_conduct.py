"""Whole studies of a small market: figures, cells that are read again, cells that fail."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError, SettingsError
from outrigger.review.lab import replay_many
from outrigger.review.lab_trade import ReplayTerms
from outrigger.review.pair_market import load_pair
from outrigger.review.policies_compared import COMPARED
from outrigger.study.conduct import split
from outrigger.study.measures import KEYS
from outrigger.study.plan import Cell, PairTask, data_sets
from outrigger.study.result import READINGS, StudyResult
from outrigger.study.survey import SurveyTask, survey
from outrigger.study.tiers import tiers_of
from tests.review.walks import START
from tests.study.markets import PAIRS, request, studied

Finished = tuple[StudyResult, Path]


def test_study_measures_every_policy_on_the_same_entries(finished: Finished) -> None:
    told = finished[0].to_dict()
    assert list(told["policies"]) == ["volatility", "fixed", "trail-3"]
    for reading in ("policies", "matched", "equal_cvar"):
        for figures in told[reading].values():
            assert tuple(figures) == KEYS
            assert all(set(one) == {"value", "low", "high"} for one in figures.values())
            assert figures["trades"]["value"] == 40
    assert told["failed"] == []
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_study_sizes_policies_to_the_shipped_stops_tail(finished: Finished) -> None:
    tails = {one.policy: one.figures["cvar95"].value for one in finished[0].find("walks", READINGS[2])}
    assert tails["fixed"] == pytest.approx(tails["volatility"])
    assert tails["trail-3"] == pytest.approx(tails["volatility"])


def test_study_gives_the_figures_of_a_plain_replay(datadir: Path, finished: Finished) -> None:
    """Second way: the surveyed entries, one policy, no cells, no pools."""
    asked = request(datadir, Path("unused"))
    (data,) = data_sets([datadir], None, 2)
    nets, distances = [], []
    for pair in PAIRS:
        found = survey(SurveyTask(data, pair, None, ("volatility",), asked.terms))
        market = load_pair(datadir, pair, "5m")
        rows, sides = (
            np.concatenate([getattr(one, name) for one in found.entered.values()])
            for name in ("rows", "sides")
        )
        terms = ReplayTerms(864, tiers=tiers_of(pair), leverage=5.0)
        out = replay_many(market.candles, COMPARED[0].columns(market), rows, sides, terms)
        nets.append(out["net"])
        distances.append(found.distances["volatility"])
        assert out["protect"].to_numpy() == pytest.approx(found.distances["volatility"])
    own = finished[0].find("walks", READINGS[0])[0]
    assert own.figures["expectancy_bp"].value == pytest.approx(1e4 * pd.concat(nets).mean())
    matched = finished[0].find("walks", READINGS[1])[0]
    assert matched.scale == pytest.approx(0.03 * np.mean(1 / np.concatenate(distances)))


def test_study_slippage_by_formula_equals_a_replay_with_it(datadir: Path, tmp_path: Path) -> None:
    plain = studied(request(datadir, tmp_path))
    terms = request(datadir, tmp_path).terms
    slow = replace(terms, replay=ReplayTerms(0, slippage=0.002))
    slipped = studied(request(datadir, tmp_path, terms=slow))
    for one, other in zip(plain.tables, slipped.tables, strict=True):
        if one.reading == READINGS[0]:
            assert one.slippage_bp["20"] == pytest.approx(other.slippage_bp["20"])
            assert other.figures["expectancy_bp"].value == pytest.approx(one.slippage_bp["20"])


def test_study_reads_finished_cells_and_works_out_the_rest(datadir: Path, finished: Finished) -> None:
    result, out = finished
    again = studied(request(datadir, out, tune=True))
    count = result.about["cells"]["worked_out"]
    assert again.about["cells"] == {"read": count, "worked_out": 0, "failed": 0}
    assert again.to_dict()["policies"] == result.to_dict()["policies"]
    more = studied(request(datadir, out, tune=True, policies=("fixed", "trail-3", "chandelier")))
    assert more.about["cells"]["read"] == count
    assert more.about["cells"]["worked_out"] == 4


def test_study_works_out_a_damaged_cell_anew(datadir: Path, tmp_path: Path) -> None:
    first = studied(request(datadir, tmp_path))
    one = next((tmp_path / "cells").rglob("*.feather"))
    one.write_bytes(one.read_bytes()[:50])
    again = studied(request(datadir, tmp_path))
    assert again.about["cells"]["worked_out"] == 1
    assert again.to_dict()["matched"] == first.to_dict()["matched"]


def test_study_reports_a_policy_that_fails_and_finishes_the_others(datadir: Path, tmp_path: Path) -> None:
    found = studied(request(datadir, tmp_path, policies=("fixed", "volatility-regime")))
    assert {one.policy for one in found.failures} == {"volatility-regime"}
    assert len(found.failures) == 4
    assert "no-such-bundle" in found.failures[0].error
    assert [one.policy for one in found.find("walks", READINGS[0])] == ["volatility", "fixed"]


def test_study_reports_a_pair_whose_candles_are_damaged(datadir: Path, tmp_path: Path) -> None:
    home = tmp_path / "walks"
    (home / "futures").mkdir(parents=True)
    for path in (datadir / "futures").iterdir():
        (home / "futures" / path.name).write_bytes(path.read_bytes())
    (home / "futures" / "ETH_USDT_USDT-1h-futures.feather").write_bytes(b"cut short")
    found = studied(request(home, tmp_path / "out"))
    assert [(one.pair, one.policy) for one in found.failures] == [(PAIRS[1], "")]
    assert found.find("walks", READINGS[0])[0].figures["trades"].value == 20


def test_study_of_a_leg_changes_the_result_and_not_the_exits(datadir: Path, tmp_path: Path) -> None:
    found = studied(request(datadir, tmp_path, policies=("volatility-hedge",)))
    plain, hedged = found.find("walks", READINGS[0])
    assert hedged.figures["premature_stop_rate"] == plain.figures["premature_stop_rate"]
    assert hedged.mean_hours == plain.mean_hours


def test_study_without_a_stop_at_ten_times_leverage_is_liquidated(datadir: Path, tmp_path: Path) -> None:
    """At 10x a position of this size is gone after about 9.6 %, on a walk of 4 % a day over three days."""
    found = studied(request(datadir, tmp_path, policies=("none", "none-10x")))
    shipped, free, wild = found.find("walks", READINGS[0])
    counts = [one.figures["liquidations"].value for one in (shipped, free, wild)]
    assert counts[0] == 0
    assert counts[2] > 0
    assert counts[2] > counts[1]
    assert found.find("walks", READINGS[1])[1:] == []


def test_study_of_given_entries_keeps_their_sides_and_counts_what_is_left_out(
    datadir: Path, tmp_path: Path
) -> None:
    lines = [f"{PAIRS[0]},{START + pd.Timedelta(days=4 + day, hours=1)},long" for day in range(3)]
    lines += [f"{PAIRS[0]},2020-01-01,long", "DOGE/USDT:USDT,2025-05-05,short"]
    path = tmp_path / "mine.csv"
    path.write_text("pair,time,side\n" + "\n".join(lines) + "\n")
    found = studied(request(datadir, tmp_path, entries=str(path)))
    assert found.about["entries"]["left_out"] == 1
    assert found.failures[0].pair == "DOGE/USDT:USDT"
    own = found.find("walks", READINGS[0])[0]
    assert own.figures["trades"].value == 3
    assert own.null.draws == 200


def test_study_of_several_sets_pools_them_and_reads_what_each_had_alone(
    datadir: Path, tmp_path: Path
) -> None:
    other = tmp_path / "others"
    other.symlink_to(datadir)
    alone = studied(request(datadir, tmp_path))
    found = studied(replace(request(datadir, tmp_path), datadirs=(other, datadir)))
    assert found.about["cells"]["read"] == alone.about["cells"]["worked_out"]
    assert found.to_dict()["by_data"]["walks"]["matched"] == alone.to_dict()["matched"]
    assert list(found.to_dict()["by_data"]) == ["others", "walks"]
    assert found.find("pooled", READINGS[0])[0].figures["trades"].value == 80


def test_study_of_unknown_policies_and_absent_candles_is_refused(datadir: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="unknown policy magic: choose from volatility"):
        studied(request(datadir, tmp_path, policies=("magic",)))
    with pytest.raises(DataError, match="download-data"):
        studied(request(tmp_path, tmp_path))


def test_study_tunes_on_earlier_windows_only(finished: Finished) -> None:
    tuned = finished[0].tuned
    assert tuned is not None
    assert [one.window for one in tuned.choices] == [1]
    assert tuned.figures["trades"].value == tuned.untuned["trades"].value == 20


def test_split_cuts_pairs_only_where_workers_would_be_idle(datadir: Path) -> None:
    (data,) = data_sets([datadir], None, 4)
    cells = tuple(Cell("fixed", window, str(window)) for window in range(4))
    terms = request(datadir, Path()).terms
    tasks = [PairTask(data, pair, dict.fromkeys(range(4)), cells, {}, terms) for pair in PAIRS]  # type: ignore[arg-type]
    assert len(split(tasks, 2)) == 2
    parts = split(tasks, 8)
    assert len(parts) == 8
    assert sorted(cell.key for part in parts for cell in part.cells) == sorted("00112233")
    assert all(set(part.entered) == {cell.window for cell in part.cells} for part in parts)
