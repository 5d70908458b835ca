from __future__ import annotations

import json
from pathlib import Path

import pytest

from outrigger.errors import DataError
from outrigger.volatility.har import HarModel, HarShape
from outrigger.volatility.har_json import from_document, read_model, shipped_model, to_document, write_model
from outrigger.volatility.seasonality import WeekProfile

SEASON = WeekProfile((1, 7), (0.3, 0.1, -0.4, 0.5))
MODEL = HarModel(HarShape("return", 2.0, (3, 12)), SEASON, {48: (0.1, 1 / 3)}, {"data": "walk"})


@pytest.mark.parametrize("season", [SEASON, None])
def test_model_written_and_read_is_the_same(tmp_path, season):
    model = HarModel(MODEL.shape, season, MODEL.coefficients, MODEL.provenance)
    write_model(model, tmp_path / "har.json")
    assert read_model(tmp_path / "har.json") == model
    assert [path.name for path in tmp_path.iterdir()] == ["har.json"]


def test_write_model_interrupted_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "har.json"
    write_model(MODEL, target)

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        write_model(HarModel(MODEL.shape, None, MODEL.coefficients), target)
    monkeypatch.undo()
    assert read_model(target) == MODEL
    assert [path.name for path in tmp_path.iterdir()] == ["har.json"]


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"season": {"harmonics_per_week": [1]}},
        {"season": {"harmonics_per_week": [1, 7], "coefficients": [0.1]}},
        {"windows_bars": [12]},
        {"power": "much"},
        {"coefficients_by_horizon_bars": {"48": [0.1]}},
        {"coefficients_by_horizon_bars": {"soon": [0.1, 0.2]}},
        {"coefficients_by_horizon_bars": None},
    ],
)
def test_document_that_does_not_hold_together_is_refused(change):
    with pytest.raises(DataError):
        from_document({**to_document(MODEL), **change})


@pytest.mark.parametrize("text", ["", "{", "[1]"])
def test_file_that_is_not_a_model_is_refused_by_name(tmp_path, text):
    path = tmp_path / "har.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"har\.json"):
        read_model(path)
    with pytest.raises(DataError, match="absent"):
        read_model(tmp_path / "absent")


def test_shipped_model_says_where_it_comes_from():
    provenance = json.loads(json.dumps(dict(shipped_model().provenance)))
    assert provenance["train_until"] == "2025-04-01T00:00:00+00:00"
    assert len(provenance["pairs"]) == 6
    assert "--write-coefficients" in provenance["command"]
    assert sorted(shipped_model().coefficients) == [12, 24, 48, 96, 144, 288]
