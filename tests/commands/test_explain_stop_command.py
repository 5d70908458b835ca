"""`outrigger explain-stop`: its answers, and errors that a trader can act on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.commands.terminal import ACCEPTANCE, LONG, SHORT, refused, run
from tests.commands.test_stop_arguments import export


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
