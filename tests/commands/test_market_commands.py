"""`outrigger synth`, `serve` and `offline`: a market to try things on, and what they refuse."""

from __future__ import annotations

import json
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from outrigger import cli
from outrigger.replay.synth import is_synthetic
from tests.commands.terminal import COMMAND, refused, run


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

    def watch(
        datadir: Path, argv: list[str], *, start: datetime | None, announce: Any, exchange: str | None
    ) -> int:
        assert exchange is None
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
