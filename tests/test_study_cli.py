"""`outrigger study` from the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from outrigger.cli import app
from outrigger.errors import OutriggerError
from outrigger.study.measures import KEYS
from tests.study.markets import write_market


@pytest.fixture(scope="module")
def datadir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("cli") / "walks")


def words(datadir: Path, out: Path, *more: str) -> list[str]:
    plain = ["study", "--datadir", str(datadir), "--out", str(out), "--workers", "1", "--no-tune"]
    return [*plain, "--per-pair", "6", "--windows", "2", "--policies", "fixed", *more]


def test_study_prints_strict_json_and_writes_page_and_readme(datadir: Path, tmp_path: Path) -> None:
    page, readme = tmp_path / "study.html", tmp_path / "README.md"
    readme.write_text("<!-- study -->\n<!-- /study -->\n")
    told = CliRunner().invoke(
        app, words(datadir, tmp_path, "--json", "--html", str(page), "--readme", str(readme))
    )
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert list(found["policies"]) == ["volatility", "fixed"]
    assert tuple(found["policies"]["fixed"]) == KEYS
    assert found["about"]["data"][0]["name"] == "walks"
    assert page.stat().st_size > 1_000_000
    assert "| fixed 3 % |" in readme.read_text()


def test_study_prints_tables_without_json(datadir: Path, tmp_path: Path) -> None:
    told = CliRunner().invoke(app, words(datadir, tmp_path), env={"COLUMNS": "80"})
    assert told.exit_code == 0, told.output
    assert "walks, matched at equal mean notional" in told.stdout


def test_study_of_a_directory_without_candles_says_what_to_download(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, words(tmp_path, tmp_path))
    assert isinstance(told.exception, OutriggerError)
    assert re.search("freqtrade download-data", str(told.exception))
