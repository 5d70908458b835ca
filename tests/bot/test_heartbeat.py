"""The heartbeat file and the command that reads it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from freqtrade.configuration import Configuration
from typer.testing import CliRunner

from outrigger import cli
from outrigger.bot import heartbeat
from outrigger.doctor.case import database_of, read_config
from tests.conftest import REPOSITORY

NOW = 1_750_000_000_000
DATABASE = "sqlite:///user_data/tradesv3.dryrun.sqlite"


def beaten(home: Path, at_ms: int = NOW, positions: int = 2, database: str = DATABASE) -> Path:
    path = heartbeat.path_in(home, database)
    heartbeat.write(path, "outrigger", "2 positions", {"at_ms": at_ms, "positions": positions})
    return path


@pytest.mark.parametrize(
    ("age_ms", "alive", "said"),
    [
        (0, True, "last loop 0 s ago; 2 positions"),
        (180_000, True, "180 s ago"),
        (180_001, False, "2 open positions may have no stop watched"),
        (-5_000, True, "last loop -5 s ago"),
        (-5_001, False, "set both clocks right"),
    ],
)
def test_pulse_goes_by_the_age_of_the_last_loop(tmp_path: Path, age_ms: int, alive: bool, said: str) -> None:
    found = heartbeat.pulse(beaten(tmp_path), NOW + age_ms)
    assert found.alive is alive
    assert said in found.words


def test_pulse_without_positions_warns_of_no_stop(tmp_path: Path) -> None:
    assert "stop watched" not in heartbeat.pulse(beaten(tmp_path, positions=0), NOW + 10**6).words


@pytest.mark.parametrize("text", ["", "{", "[]", '{"bot": "x"}', '{"bot": "x", "line": "", "vitals": {}}'])
def test_pulse_of_a_damaged_file_is_none(tmp_path: Path, text: str) -> None:
    path = beaten(tmp_path)
    path.write_text(text)
    found = heartbeat.pulse(path, NOW)
    assert not found.alive
    assert "cannot be read" in found.words


def test_pulse_without_a_file_says_how_to_get_one(tmp_path: Path) -> None:
    assert "freqtrade trade" in heartbeat.pulse(tmp_path / "health-x.json", NOW).words


def test_write_leaves_one_whole_file(tmp_path: Path) -> None:
    path = beaten(tmp_path)
    beaten(tmp_path, NOW + 1)
    assert [found.name for found in path.parent.iterdir()] == [path.name]
    assert json.loads(path.read_text())["vitals"]["at_ms"] == NOW + 1


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"db_url": None},
        {"db_url": "sqlite:///tradesv3.sqlite"},
        {"dry_run": False},
        {"dry_run": False, "db_url": None},
    ],
)
def test_database_is_the_one_that_freqtrade_settles_on(tmp_path: Path, changed: dict[str, object]) -> None:
    config = json.loads((REPOSITORY / "config.json").read_text()) | changed
    config = {key: value for key, value in config.items() if value is not None}
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    args = {"config": [str(path)], "user_data_dir": str(tmp_path), "command": "trade"}
    settled = Configuration(args, "dry_run" if config["dry_run"] else "live").get_config()
    assert database_of(read_config([path])) == settled["db_url"]


def invoke(*words: str) -> tuple[int, str]:
    told = CliRunner().invoke(cli.app, ["health", *words])
    return told.exit_code, told.stdout


def now_ms() -> int:
    return int(time.time() * 1000)


def test_command_is_content_while_the_loop_is_fresh(tmp_path: Path) -> None:
    beaten(tmp_path, now_ms())
    code, said = invoke("--userdir", str(tmp_path))
    assert code == 0
    assert "✓ outrigger: last loop" in said


def test_command_with_one_stale_bot_among_two_fails_and_names_it(tmp_path: Path) -> None:
    beaten(tmp_path, now_ms())
    stale = beaten(tmp_path, now_ms() - 10**7, database="sqlite:///tradesv3.sqlite")
    code, said = invoke("--userdir", str(tmp_path), "--json")
    assert code == 1
    assert [one["file"] for one in json.loads(said) if not one["alive"]] == [str(stale)]
    config = ["--config", str(REPOSITORY / "config.json"), "--userdir", str(tmp_path)]
    assert invoke(*config)[0] == 0


def test_command_without_arguments_goes_by_the_configuration_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replayed run that ended in the same directory is not the bot that is asked about."""
    monkeypatch.chdir(tmp_path)
    beaten(tmp_path / "user_data", now_ms())
    beaten(tmp_path / "user_data", now_ms() - 10**7, database="sqlite:////tmp/replay.sqlite")
    assert invoke()[0] == 1
    (tmp_path / "config.json").write_text((REPOSITORY / "config.json").read_text())
    assert invoke()[0] == 0


def test_command_without_a_heartbeat_fails(tmp_path: Path) -> None:
    code, said = invoke("--userdir", str(tmp_path))
    assert code == 1
    assert "no heartbeat" in said


def test_command_refuses_a_configuration_that_cannot_be_read(tmp_path: Path) -> None:
    told = CliRunner().invoke(cli.app, ["health", "--config", str(tmp_path / "none.json")])
    assert told.exit_code == 1
    assert "cannot be read" in str(told.exception)
