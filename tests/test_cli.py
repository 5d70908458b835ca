"""The `outrigger` command: its map, what it hands on to its parts, and the command as it is installed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from outrigger import __version__, cli
from outrigger.demo import Comparison
from tests.commands.terminal import COMMAND, LONG, run

COMMANDS = (
    "demo",
    "synth",
    "serve",
    "offline",
    "explain-stop",
    "doctor",
    "ledger",
    "health",
    "record",
    "download",
    "features",
    "liquidations",
    "train",
    "evaluate",
    "review",
    "walk-forward",
    "study",
)


@pytest.fixture(autouse=True)
def empty_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without a configuration, on a wide terminal."""
    desk = tmp_path / "desk"
    desk.mkdir()
    monkeypatch.chdir(desk)
    monkeypatch.setenv("COLUMNS", "160")
    return desk


# The map


def test_version_is_the_packages() -> None:
    assert run("--version").strip() == f"outrigger {__version__}"


def test_help_names_every_command() -> None:
    told = run("--help")
    assert [name for name in COMMANDS if f" {name} " not in told] == []
    assert {command.name or command.callback.__name__ for command in cli.app.registered_commands} == set(
        COMMANDS
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_command_describes_every_option(command: str) -> None:
    told = run(command, "--help")
    assert f"outrigger {command}" in told.replace("root", "outrigger")
    for line in told.splitlines():
        # An option's line ends in its description, not in its type.
        assert not line.rstrip(" │").endswith((">", "--json"))


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("serve", "offline")])
def test_command_that_prints_a_result_takes_json(command: str) -> None:
    assert "--json" in run(command, "--help")


def test_no_command_shows_the_map() -> None:
    done = CliRunner().invoke(cli.app, [])
    assert "explain-stop" in done.output


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["explain-stop", "--nonsense"], ["synth"], ["synth", "--out", "x", "--days", "0"]],
)
def test_unknown_words_are_usage_errors(arguments: list[str]) -> None:
    assert CliRunner().invoke(cli.app, arguments).exit_code == 2


# doctor, demo: their arguments and their answer; what they find is tested with them


@pytest.mark.parametrize("code", [0, 1])
def test_doctor_passes_its_arguments_and_its_exit_code(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    seen: list[Any] = []

    def diagnose(*arguments: Any, **named: Any) -> list[Any]:
        seen.append((arguments, named))
        return [SimpleNamespace(to_dict=lambda: {"subject": "wallet"})]

    monkeypatch.setattr("outrigger.doctor.diagnose.diagnose", diagnose)
    monkeypatch.setattr("outrigger.doctor.finding.exit_code", lambda findings: code if findings else 9)
    monkeypatch.setattr(
        "outrigger.doctor.report.print_report",
        lambda findings, console: console.print(f"{len(findings)} finding"),
    )
    asked = ["doctor", "--config", "a.json", "--config", "b.json", "--datadir", "d", "--no-exchange"]
    told = CliRunner().invoke(cli.app, asked)
    assert (told.exit_code, told.stdout.strip()) == (code, "1 finding")
    as_json = CliRunner().invoke(
        cli.app, ["doctor", "--timerange", "20250101-", "--timeframe", "5m", "--live", "--json"]
    )
    assert (as_json.exit_code, json.loads(as_json.stdout)) == (code, [{"subject": "wallet"}])
    assert seen == [
        ((["a.json", "b.json"], Path("d"), None, None), {"check_exchange": False, "check_account": None}),
        ((["config.json"], None, "20250101-", "5m"), {"check_exchange": True, "check_account": True}),
    ]


def test_demo_passes_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    five = ("--timeframe", "5m")
    story = SimpleNamespace(to_dict=lambda: {"trades": 3}, table=lambda: "three trades")

    def run_demo(asked: Comparison, *, days: int, seed: int, console: Any) -> Any:
        seen.append((asked, days, seed, console.stderr))
        return story

    def run_comparison(asked: Comparison, datadir: Path, *, console: Any) -> Any:
        seen.append((asked, datadir))
        return story

    monkeypatch.setattr("outrigger.demo.run.run_demo", run_demo)
    monkeypatch.setattr("outrigger.demo.run.run_comparison", run_comparison)
    assert run("demo").strip() == "three trades"
    assert json.loads(run("demo", "--out", "o", "--days", 2, "--seed", 1, "--json")) == {"trades": 3}
    run("demo", "--datadir", "d", "--timeframe", "5m", "--policies", "fixed, trailing", "--config", "c")
    assert seen == [
        (Comparison(Path("user_data/demo")), 14, 7, True),
        (Comparison(Path("o")), 2, 1, True),
        (
            Comparison(Path("user_data/demo"), ("fixed", "trailing"), Path("c"), five),
            Path("d"),
        ),
    ]


# The installed command


def test_installed_command_answers_in_json_on_stdout_alone() -> None:
    command = [COMMAND, *LONG, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["stops"] == [38800, 40740, 40740]


def test_installed_command_refuses_with_exit_code_1_and_no_traceback() -> None:
    command = [COMMAND, "explain-stop", "--path", "1,2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: give the entry price: --entry 40000\n"
