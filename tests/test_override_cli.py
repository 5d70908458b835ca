"""The commands of the trader's word and of the ledger, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from outrigger import cli, override_cli
from outrigger.errors import OutriggerError, SettingsError
from outrigger.ledger.book import append, directory_in
from outrigger.override import file
from outrigger.override.word import Kind
from tests.bot.trading import PAIR
from tests.ledger.entries import exit_order

HOUR = 3_600_000
NOW_S = 1_746_403_200.0  # 2025-05-05 00:00 UTC


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(override_cli, "time", lambda: NOW_S)
    monkeypatch.setenv("COLUMNS", "200")


def run(home: Path, *words: str) -> str:
    done = CliRunner().invoke(cli.app, [*words, "--userdir", str(home)])
    if isinstance(done.exception, OutriggerError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def said(home: Path) -> Any:
    return file.read(file.path_in(home)).words


SPANS = {"30m": 0.5, "4h": 4, "2d": 48, "1d12h": 36, "1.5h": 1.5}


@pytest.mark.parametrize(("length", "hours"), SPANS.items())
def test_set_stands_as_long_as_it_is_said(tmp_path: Path, length: str, hours: float) -> None:
    run(tmp_path, "override", "set", "pause", "--for", length, "--reason", "news")
    (word,) = said(tmp_path)
    assert (word.kind, word.pair, word.reason) == (Kind.PAUSE, None, "news")
    assert word.until_ms - word.since_ms == hours * HOUR


@pytest.mark.parametrize(("kind", "hours"), [("pause", 24), ("close", 1)])
def test_set_without_an_end_has_the_documented_one(tmp_path: Path, kind: str, hours: int) -> None:
    run(tmp_path, "override", "set", kind, "--reason", "news")
    assert said(tmp_path)[0].until_ms == NOW_S * 1000 + hours * HOUR


def test_set_until_a_time_is_utc(tmp_path: Path) -> None:
    run(tmp_path, "override", "set", "pause", "--until", "2025-05-05 14:30", "--reason", "news")
    assert said(tmp_path)[0].until_ms == NOW_S * 1000 + 14.5 * HOUR


ARGUMENTS: dict[str, tuple[str, ...]] = {
    "no reason": ("pause",),
    "both ends": ("pause", "--for", "4h", "--until", "2025-05-06", "--reason", "x"),
    "past": ("pause", "--until", "2025-05-04", "--reason", "x"),
    "no length": ("pause", "--for", "soon", "--reason", "x"),
    "nothing": ("pause", "--for", "0h", "--reason", "x"),
    "no number": ("stop", "low", "--pair", PAIR, "--reason", "x"),
    "no price": ("stop", "--pair", PAIR, "--reason", "x"),
    "value of a pause": ("pause", "7", "--reason", "x"),
    "no pair": ("stop", "39500", "--reason", "x"),
    "narrower": ("widen", "0.5", "--reason", "x"),
}


@pytest.mark.parametrize("words", ARGUMENTS.values(), ids=ARGUMENTS)
def test_set_that_makes_no_sense_is_refused_and_leaves_no_file(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    with pytest.raises(SettingsError):
        run(tmp_path, "override", "set", *words)
    assert said(tmp_path) == ()


def test_list_shows_what_stands_and_with_all_what_has_ended(tmp_path: Path) -> None:
    assert "free hand" in run(tmp_path, "override", "list")
    run(tmp_path, "override", "set", "stop", "39500", "--pair", PAIR, "--reason", "[bold]news")
    run(tmp_path, "override", "set", "widen", "1.5", "--reason", "x")
    run(tmp_path, "override", "clear", "2")
    shown = run(tmp_path, "override", "list")
    # A narrow terminal breaks the cells.
    assert [word for word in ("stop", PAIR, "39500", "[bold]news") if word not in shown] == []
    assert "widen" not in shown
    told = json.loads(run(tmp_path, "override", "list", "--all", "--json"))
    assert [(word["kind"], word["state"]) for word in told] == [("stop", "in force"), ("widen", "cleared")]


@pytest.mark.parametrize(
    ("words", "left"), [(("1",), [2, 3]), (("--all",), []), (("--pair", PAIR), [2, 3]), (("2", "3"), [1])]
)
def test_clear_takes_back_what_is_named(tmp_path: Path, words: tuple[str, ...], left: list[int]) -> None:
    run(tmp_path, "override", "set", "stop", "39500", "--pair", PAIR, "--reason", "x")
    run(tmp_path, "override", "set", "pause", "--reason", "x")
    run(tmp_path, "override", "set", "no-hedge", "--close-legs", "--reason", "x")
    run(tmp_path, "override", "clear", *words)
    assert [word.number for word in said(tmp_path) if word.in_force(round(NOW_S * 1000))] == left


@pytest.mark.parametrize("words", [(), ("--all", "1"), ("7",)])
def test_clear_of_nothing_in_particular_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError, match="override list"):
        run(tmp_path, "override", "clear", *words)


@pytest.mark.parametrize("command", ["set", "list", "clear"])
def test_every_override_command_takes_json(command: str) -> None:
    assert "--json" in CliRunner().invoke(cli.app, ["override", command, "--help"]).output


def test_set_and_clear_answer_in_json(tmp_path: Path) -> None:
    told = json.loads(run(tmp_path, "override", "set", "close", "--reason", "x", "--json"))
    assert (told["number"], told["until"]) == (1, "2025-05-05T01:00:00+00:00")
    gone = json.loads(run(tmp_path, "override", "clear", "--all", "--json"))
    assert [word["number"] for word in gone] == [1]


def test_ledger_compares_money_with_what_was_assumed(tmp_path: Path) -> None:
    for number in (1, 2):
        append(directory_in(tmp_path), exit_order(number, dry=number == 1, price=39_960.0))
    shown = run(tmp_path, "ledger", "--assumed", "4")
    assert "Stop exits (live): basis points worse than the stop, 4 assumed" in shown
    assert "10.0 bp on average, 4 bp were assumed: backtests are too kind" in shown
    told = json.loads(run(tmp_path, "ledger", "--dry", "--json"))
    assert (told["dry"], told["costs"][0]["orders"], told["assumed_bp"]) == (True, 1, 10.0)


def test_ledger_since_a_time_leaves_older_exits_out(tmp_path: Path) -> None:
    append(directory_in(tmp_path), exit_order())
    assert "no stop exit" in run(tmp_path, "ledger", "--since", "2025-05-06")


def test_ledger_takes_the_assumption_from_a_configuration_with_comments(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"outrigger": {"risk": {"slippage": 0.0002}}} // mine')
    append(directory_in(tmp_path), exit_order())
    assert "than the stop, 2 assumed" in run(tmp_path, "ledger", "--config", str(config))
    config.write_text("{")
    with pytest.raises(SettingsError, match="--assumed"):
        run(tmp_path, "ledger", "--config", str(config))
