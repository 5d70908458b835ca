"""What the classifier is worth: same entries, groups that add up, neutral multipliers that change nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outrigger.regime.features import CANDLE_FEATURES
from outrigger.review import regime_study
from outrigger.review.lab_trade import ReplayTerms
from outrigger.review.regime_study import KEPT, SQUEEZED, WHIPSAW, entry_groups, regimed
from outrigger.review.same_entry import MATCHED, entered, study
from outrigger.settings.read import Settings, read_settings
from outrigger.settings.regime import SEEN
from tests.regime.bundles import DAY_MS, START_MS, forest, written
from tests.regime.markets import walk, write_pair


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty days of a leader and one pair, with hourly candles, and a bundle of noise."""
    home = tmp_path_factory.mktemp("study")
    for seed, base in enumerate(("BTC", "ETH")):
        frame = walk(30, seed)
        write_pair(home / "data", f"{base}/USDT:USDT", frame)
        how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
        hourly = frame.resample("1h", on="date").agg(how).reset_index()
        hourly.to_feather(home / "data" / "futures" / f"{base}_USDT_USDT-1h-futures.feather")
    ends = (START_MS + 9 * DAY_MS,)
    written(home / "bundle", ends_ms=ends, features=CANDLE_FEATURES, models=[forest(1, CANDLE_FEATURES)])
    return home


def settings(desk: Path, **regime: float) -> Settings:
    block = {"enabled": True, "bundle": str(desk / "bundle"), **regime}
    return read_settings({"outrigger": {"regime": block}})


def test_entry_groups_are_all_entries_that_a_model_could_judge(desk: Path) -> None:
    chosen = settings(desk, max_whipsaw=0.22, max_squeezed=0.22)
    found = {one.group: one for one in entry_groups(desk / "data", chosen, 40, 1)}
    assert set(found) <= {KEPT, WHIPSAW, SQUEEZED}
    assert len(found) > 1
    judged = 0
    for pair in entered(desk / "data", "5m", 40, 1, ReplayTerms(0), chosen, None):
        assert pair.market.regimes is not None
        judged += int(np.isfinite(pair.market.regimes[pair.rows - 1]).all(axis=1).sum())
    assert sum(one.trades for one in found.values()) == judged
    assert all(0 <= one.premature_24h <= 1 and one.tail_r <= one.mean_r for one in found.values())


def test_entry_groups_with_limits_of_one_let_everything_through(desk: Path) -> None:
    (only,) = entry_groups(desk / "data", settings(desk, max_whipsaw=1.0, max_squeezed=1.0), 40, 1)
    assert only.group == KEPT


def test_regimed_policies_with_neutral_multipliers_are_the_shipped_stop(desk: Path) -> None:
    neutral = {f"{what}_{seen}": 1.0 for what in ("trail", "activation") for seen in SEEN}
    chosen = settings(desk, **neutral)
    found = study([desk / "data"], entries=20, policies=regimed(chosen), readings=(MATCHED,), pressing=chosen)
    shipped = found.results[0]
    for one in found.results:
        assert (one.mean_r, one.capture) == pytest.approx((shipped.mean_r, shipped.capture), rel=1e-9)
    assert [one.policy for one in found.results][:2] == ["volatility", "+ regime"]


def test_main_prints_both_answers_and_refuses_a_missing_bundle(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--datadir", str(desk / "data"), "--entries", "10"]
    assert regime_study.main([*command, "--bundle", str(desk / "bundle"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["policy"] for one in told["study"]["results"]} >= {"volatility", "+ regime"}
    assert pd.DataFrame(told["entries"])["trades"].sum() > 0
    assert regime_study.main([*command, "--bundle", str(desk / "none")]) == 2
    assert "outrigger train" in capsys.readouterr().err
