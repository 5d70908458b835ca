"""How old parameters are, by what their files say."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from outrigger.market.moment import to_ms
from outrigger.review.weekly.parameters import Dated, hyperopt_files

MADE_MS = to_ms(datetime(2025, 3, 1, 12, tzinfo=UTC))


def written(folder: Path, name: str, **body: object) -> Path:
    path = folder / name
    path.write_text(json.dumps({"strategy_name": "Outrigger", "params": {}, **body}))
    return path


def test_hyperopt_files_are_dated_by_their_export(tmp_path: Path) -> None:
    path = written(tmp_path, "outrigger_strategy.json", export_time="2025-03-01 12:00:00+00:00")
    (found,) = hyperopt_files(tmp_path, "Outrigger")
    assert (found.what, found.made_ms) == (str(path), MADE_MS)
    assert found.words(MADE_MS + 14 * 86_400_000) == f"{path} (2025-03-01, 2 weeks old)"


def test_hyperopt_files_without_a_time_are_dated_by_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "outrigger_strategy.json")
    os.utime(path, (MADE_MS / 1000, MADE_MS / 1000))
    assert [one.made_ms for one in hyperopt_files(tmp_path, "Outrigger")] == [MADE_MS]


def test_hyperopt_files_of_other_strategies_and_odd_files_are_passed_over(tmp_path: Path) -> None:
    written(tmp_path, "other.json", strategy_name="Other")
    (tmp_path / "half.json").write_text('{"strategy_name": "Outri')
    (tmp_path / "list.json").write_text("[]")
    assert hyperopt_files(tmp_path, "Outrigger") == []
    assert hyperopt_files(tmp_path / "nowhere", "Outrigger") == []


def test_dated_counts_weeks() -> None:
    assert Dated("x", "y", MADE_MS).weeks(MADE_MS + 7 * 86_400_000) == 1.0
