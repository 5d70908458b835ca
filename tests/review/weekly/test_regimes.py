"""What the classifier had said at the entries against what came, and its watch's file, read only."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outrigger.market.candles import read_candles
from outrigger.regime.bundle.files import read_bundle
from outrigger.regime.classes import REGIMES
from outrigger.regime.effects import smoothed
from outrigger.regime.features import leader_of, regime_features
from outrigger.regime.labels import regime_labels
from outrigger.regime.live import closes_of
from outrigger.regime.scoring import score
from outrigger.review.weekly.regimes import classifier_of, hits, read_drift, regime_hits
from outrigger.settings.read import Settings
from tests.conftest import REPOSITORY
from tests.regime.markets import DAY_MS, walk, write_pair
from tests.review.ledger import PAIR
from tests.review.weekly.books import small

BUNDLE = REPOSITORY / "models" / "default"
PRIOR = (0.2, 0.3, 0.2, 0.15, 0.15)


def test_hits_by_hand() -> None:
    said = np.array(
        [
            [0.6, 0.1, 0.1, 0.1, 0.1],  # calm, and calm came
            [0.2, 0.5, 0.1, 0.1, 0.1],  # trending, but calm came
            [0.1, 0.1, 0.6, 0.1, 0.1],  # not over yet
            [np.nan] * 5,
        ]
    )
    found = hits(said, np.array([0, 0, -1, 1]), PRIOR, 2)
    assert (found.judged, found.pending, found.unknown) == (2, 1, 3)
    assert found.said["calm"] == pytest.approx(0.4)
    assert (found.came["calm"], found.hits["calm"], found.came["trending"]) == (2, 1, 0)
    assert found.log_loss == pytest.approx(-(np.log(0.6) + np.log(0.2)) / 2)
    assert found.share_log_loss == pytest.approx(-np.log(0.2))


def test_hits_of_nothing_are_unknown() -> None:
    found = hits(np.empty((0, 5)), np.empty(0, dtype=np.int64), PRIOR, 0)
    assert (found.judged, found.pending, found.unknown) == (0, 0, 0)
    assert np.isnan(found.log_loss)
    assert np.isnan(list(found.said.values())).all()


def test_regime_hits_says_what_a_bot_would_have_been_told_at_the_entry(tmp_path: Path) -> None:
    frame = walk(31, seed=4)
    # After the shipped bundle's last model, so that all of it is out of sample.
    write_pair(tmp_path, PAIR, frame.assign(date=frame["date"] + pd.Timedelta(days=420)))
    bundle, settings = read_bundle(BUNDLE), Settings()
    charts = _charts(tmp_path)
    closed = closes_of(charts["5m"], PAIR)
    rows = [-400, -200, -3]  # the last one's four hours are not over
    trades = [small(0, 1, opened_ms=int(closed[row]) + 60_000, documents={}) for row in rows]
    elsewhere = small(0, 1, pair="SOL/USDT:USDT")
    found = regime_hits([*trades, elsewhere], bundle, tmp_path, settings)
    features = regime_features(charts, {leader_of(PAIR): {}}, None, pair=PAIR)
    told = smoothed(score(bundle, features, closed), settings.regime.smoothing_minutes)
    labels = regime_labels(charts["5m"])
    assert (found.judged, found.pending, found.unknown) == (2, 1, 1)
    wanted = told[rows[:2]].mean(axis=0)
    assert [found.said[name] for name in REGIMES] == pytest.approx(wanted.tolist(), abs=1e-6)
    assert sum(found.came.values()) == 2
    assert found.came[REGIMES[labels[-400]]] >= 1


def _charts(datadir: Path) -> dict[str, pd.DataFrame]:
    return {chart: read_candles(datadir, PAIR, chart) for chart in ("5m", "15m", "4h")}


def test_classifier_of_a_bundle_that_is_refused_goes_on_without_it(tmp_path: Path) -> None:
    found = classifier_of(tmp_path / "none", tmp_path, tmp_path, Settings())
    assert found.ask is None
    assert found.missing[0].startswith("regimes: ")


def test_classifier_of_a_bundle_knows_its_age(tmp_path: Path) -> None:
    found = classifier_of(BUNDLE, None, None, Settings())
    assert found.bundle is not None
    assert found.bundle.made_ms == read_bundle(BUNDLE).card.models[-1].trained_until_ms
    assert (found.ask, found.drift) == (None, None)


def test_read_drift_tells_state_and_excess_without_touching_the_file(tmp_path: Path) -> None:
    path = tmp_path / "outrigger" / "drift.json"
    path.parent.mkdir()
    days = {
        "20000": {"features": None, "excess": 6.0, "judged": 100},
        "20001": {"features": None, "excess": -2.0, "judged": 100},
    }
    memory = {"bundle": "b", "days": days, "counted_ms": {}, "judged_ms": {}}
    state = {
        "status": "worse_than_prior",
        "since_ms": 20_001 * DAY_MS,
        "wanted": "worse_than_prior",
        "wanted_since_ms": 20_000 * DAY_MS,
    }
    text = json.dumps({"memory": memory, "state": state})
    path.write_text(text)
    found = read_drift(tmp_path)
    assert found is not None
    assert (found.status, found.excess) == ("worse_than_prior", pytest.approx(0.02))
    assert "worse than the regimes' shares" in found.words
    assert found.to_dict()["since"] == "2024-10-05T00:00:00+00:00"
    assert path.read_text() == text


def test_read_drift_that_is_not_there_or_damaged(tmp_path: Path) -> None:
    assert read_drift(tmp_path) is None
    path = tmp_path / "outrigger" / "drift.json"
    path.parent.mkdir()
    path.write_text("{}")
    found = read_drift(tmp_path)
    assert found is not None
    assert (found.status, found.excess) == ("unreadable", None)
