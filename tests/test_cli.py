"""The `outrigger` command: its map, its answers, and errors that a trader can act on."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from outrigger import __version__, cli
from outrigger.demo import Comparison
from outrigger.replay.synth import is_synthetic, write_market
from tests.commands.test_stop_arguments import export

COMMAND = str(Path(sys.executable).with_name("outrigger"))
COMMANDS = ("demo", "synth", "serve", "offline", "explain-stop", "doctor")
ACCEPTANCE = ["--entry", "40000", "--policy", "trailing", "--width", "0.03"]
LONG = ["explain-stop", *ACCEPTANCE, "--path", "40000,42000,41000"]
SHORT = ["explain-stop", *ACCEPTANCE, "--side", "short", "--path", "40000,38000,39000"]


@pytest.fixture(autouse=True)
def empty_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without a configuration, on a wide terminal."""
    desk = tmp_path / "desk"
    desk.mkdir()
    monkeypatch.chdir(desk)
    monkeypatch.setenv("COLUMNS", "160")
    return desk


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cli") / "market"
    write_market(out, 1, 3, ("BTC",), warmup_days=10)
    return out


def run(*arguments: object) -> str:
    """Answer of a command that succeeds."""
    done = CliRunner().invoke(cli.app, [str(one) for one in arguments])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Message of a command that ends with exit code 1, through the installed entry point."""
    monkeypatch.setattr(sys, "argv", ["outrigger", *(str(one) for one in arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    found = capsys.readouterr()
    assert ended.value.code == 1
    assert found.out == ""
    told = found.err.lstrip()  # a progress bar leaves an empty line
    assert told.startswith("error: ")
    assert "Traceback" not in told
    return told


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


# explain-stop


@pytest.mark.parametrize(
    ("arguments", "stops"),
    [(LONG, [38800, 40740, 40740]), (SHORT, [41200, 39140, 39140])],
    ids=["long", "short"],
)
def test_explain_stop_acceptance_example_as_json(arguments: list[str], stops: list[float]) -> None:
    assert json.loads(run(*arguments, "--json"))["stops"] == stops


def test_explain_stop_acceptance_example_as_table() -> None:
    told = run(*LONG)
    for part in (
        "Stop of a long from 40,000, policy trailing",
        "38,800",
        "40,740",
        "3.00%",
        "trailing_width",
    ):
        assert part in told


def test_explain_stop_every_shows_candles_without_news() -> None:
    quiet = ["explain-stop", *ACCEPTANCE, "--path", "40000,40000,40000,40000"]
    assert run(*quiet).count("38,800") == 2
    assert run(*quiet, "--every").count("38,800") == 4


def test_explain_stop_reads_the_configuration_of_the_working_directory(empty_desk: Path) -> None:
    (empty_desk / "config.json").write_text(
        '{"outrigger": {"stop": {"policy": "fixed", "fixed_distance": 0.1}}}'
    )
    told = json.loads(run("explain-stop", "--entry", 100, "--path", "110,105", "--json"))
    assert (told["policy"], told["stops"]) == ("fixed", [90.0, 90.0])


def test_explain_stop_plot_writes_the_page_beside_the_answer(empty_desk: Path) -> None:
    assert "40,740" in run(*LONG, "--plot", "chart.html")
    assert "plotly" in (empty_desk / "chart.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--path", "1,2"], "give the entry price: --entry"),
        (["--entry", "100"], "nothing to explain"),
        (["--entry", "100", "--path", "1,x"], "write prices like"),
        (["--entry", "100", "--path", "1,-2"], "not a positive number"),
        (["--entry", "0", "--path", "1", "--sigma", ".01"], "entry price is 0.0"),
        (["--entry", "inf", "--path", "1", "--sigma", ".01"], "entry price is inf"),
        (["--entry", "100", "--path", "99", "--side", "up"], "say long or short"),
        (["--entry", "100", "--path", "99"], "policy volatility needs a forecast: add --sigma"),
        (["--entry", "100", "--path", "99", "--sigma", "0"], "--sigma is 0.0"),
        (["--entry", "100", "--path", "99", "--policy", "trialing"], "policy"),
        (["--entry", "100", "--path", "99", "--policy", "chandelier", "--width", ".03"], "has no --width"),
        (["--entry", "100", "--path", "99", "--policy", "trailing", "--width", "3"], "trailing_width"),
        (["--entry", "100", "--path", "99", "--config", "none.json"], "none.json does not exist"),
        (["--entry", "100", "--path", "99", "--config", "."], "cannot be read"),
        (["--path", "1,2", "--data", "."], "exclude each other"),
        (["--export", "result.zip"], "add --data"),
        (["--data", "none", "--opened", "2025-05-10"], "none is not a directory"),
        (["--data", "."], "say when the trade was filled: --opened"),
        (["--data", ".", "--opened", "yesterday"], "'yesterday' is not a time"),
        (["--data", ".", "--export", "none.zip"], "no such backtest export"),
    ],
)
def test_explain_stop_bad_argument_is_an_error_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert message in refused(monkeypatch, capsys, "explain-stop", *arguments)


def test_explain_stop_trade_number_out_of_range(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], empty_desk: Path
) -> None:
    result = export(empty_desk / "result.json")
    asked = ("explain-stop", "--data", ".", "--export", result, "--trade", "3")
    assert "holds 2 trades: there is no number 3" in refused(monkeypatch, capsys, *asked)


def test_message_with_brackets_is_printed_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("explain-stop", "--entry", "1", "--path", "1", "--config", "my[/bold][red]file.json")
    assert "my[/bold][red]file.json does not exist" in refused(monkeypatch, capsys, *asked)


def test_message_is_not_wrapped_so_that_commands_can_be_copied(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], empty_desk: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    (empty_desk / "futures").mkdir()
    told = refused(monkeypatch, capsys, "explain-stop", "--data", ".", "--opened", "2025-05-10 12:00")
    assert "freqtrade download-data --datadir . --pairs BTC/USDT:USDT --timeframes 1m" in told


def test_file_that_cannot_be_written_is_an_error_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], empty_desk: Path
) -> None:
    (empty_desk / "file").write_text("")
    assert "file" in refused(monkeypatch, capsys, *LONG, "--plot", "file/chart.html")


def test_explain_stop_on_candles_of_a_synthetic_market(synthetic: Path) -> None:
    asked = ["explain-stop", "--data", synthetic, "--opened", "2026-03-02 03:00", "--json"]
    long = json.loads(run(*asked))
    opened = datetime(2026, 3, 2, 3, tzinfo=UTC).timestamp() * 1000
    assert long["steps"][0]["closed_at_ms"] == opened + 60_000
    assert all(before <= after for before, after in zip(long["stops"], long["stops"][1:], strict=False))
    short = json.loads(run(*asked, "--side", "short", "--entry", long["entry"]))
    assert short["stops"][0] > short["entry"] > long["stops"][0]


def test_explain_stop_on_a_trade_of_a_backtest_result(synthetic: Path, empty_desk: Path) -> None:
    opened = round(datetime(2026, 3, 2, 3, tzinfo=UTC).timestamp() * 1000)
    moments = {"open_timestamp": opened, "close_timestamp": opened + 600_000}
    result = export(empty_desk / "result.json", **moments)
    told = json.loads(
        run(
            "explain-stop",
            "--data",
            synthetic,
            "--export",
            result,
            "--trade",
            2,
            "--policy",
            "fixed",
            "--json",
        )
    )
    assert (told["side"], told["entry"]) == ("short", 40_000.0)
    assert [step["closed_at_ms"] for step in told["steps"]] == [opened + 300_000, opened + 600_000]


# synth, serve, offline


def test_synth_writes_a_market_that_explain_stop_reads(empty_desk: Path) -> None:
    asked = ["synth", "--out", "market", "--days", 1, "--warmup-days", 9, "--pairs", "ETH", "--seed", 4]
    label = json.loads(run(*asked, "--json"))
    assert (label["pairs"], label["seed"]) == (["ETH/USDT:USDT"], 4)
    assert is_synthetic(empty_desk / "market")
    found = run("explain-stop", "--data", "market", "--pair", "ETH/USDT:USDT", "--opened", "2026-03-02 06:00")
    assert "Stop of a long from" in found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--pairs", "BTC,BTC"], "named twice"), (["--pairs", "BTC/EUR"], "BTC/EUR")],
)
def test_synth_bad_pairs_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert message in refused(monkeypatch, capsys, "synth", "--out", "m", "--days", "1", *arguments)


def test_synth_does_not_overwrite_real_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], empty_desk: Path
) -> None:
    (empty_desk / "real" / "futures").mkdir(parents=True)
    (empty_desk / "real" / "futures" / "BTC_USDT_USDT-1m-futures.feather").write_bytes(b"precious")
    told = refused(monkeypatch, capsys, "synth", "--out", "real", "--days", "1")
    assert "not labelled synthetic" in told


def test_serve_port_in_use_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], synthetic: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = refused(monkeypatch, capsys, "serve", "--datadir", synthetic, "--port", port)
    assert str(port) in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--datadir", "."], "."),
        (["--datadir", ".", "--start", "soon"], "'soon' is not a time"),
        (["--datadir", ".", "--host", "0.0.0.0"], "."),
    ],
)
def test_serve_bad_argument_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert message in refused(monkeypatch, capsys, "serve", *arguments)


def test_serve_off_loopback_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], synthetic: Path
) -> None:
    told = refused(monkeypatch, capsys, "serve", "--datadir", synthetic, "--host", "0.0.0.0", "--port", "0")
    assert "0.0.0.0" in told


def test_offline_passes_freqtrades_own_arguments_and_exit_code(
    monkeypatch: pytest.MonkeyPatch, synthetic: Path
) -> None:
    seen: list[Any] = []

    def watch(datadir: Path, argv: list[str], *, start: datetime | None) -> int:
        seen.append((datadir, argv, start))
        return 7

    monkeypatch.setattr("outrigger.replay.offline.offline", watch)
    asked = [
        "offline",
        "--datadir",
        str(synthetic),
        "--start",
        "2026-03-02",
        "--",
        "backtesting",
        "-p",
        "X",
        "-v",
    ]
    assert CliRunner().invoke(cli.app, asked).exit_code == 7
    assert seen == [(synthetic, ["backtesting", "-p", "X", "-v"], datetime(2026, 3, 2, tzinfo=UTC))]


def test_offline_without_a_command_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], synthetic: Path
) -> None:
    assert "no freqtrade command given" in refused(monkeypatch, capsys, "offline", "--datadir", synthetic)


@pytest.mark.engine
def test_offline_lists_the_pairs_of_a_synthetic_market(synthetic: Path, empty_desk: Path) -> None:
    (empty_desk / "user_data").mkdir()
    done = subprocess.run(
        [COMMAND, "offline", "--datadir", synthetic, "--", "list-pairs", "--print-json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == ["BTC/USDT:USDT"]


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
        cli.app, ["doctor", "--timerange", "20250101-", "--timeframe", "5m", "--json"]
    )
    assert (as_json.exit_code, json.loads(as_json.stdout)) == (code, [{"subject": "wallet"}])
    assert seen == [
        ((["a.json", "b.json"], Path("d"), None, None), {"check_exchange": False}),
        ((["config.json"], None, "20250101-", "5m"), {"check_exchange": True}),
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
            Comparison(Path("user_data/demo"), ("fixed", "trailing"), Path("c"), ("--timeframe", "5m")),
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
