"""What Freqtrade is started with and how its end is told, with a stand-in for the interpreter."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from outrigger.errors import ReplayError
from outrigger.replay.exchange import ReplayServer
from outrigger.replay.offline import offline
from tests.replay.data_directory import write_market

CONFIG = {"trading_mode": "futures", "exchange": {"name": "binance"}, "db_url": "sqlite:///own.sqlite"}


@pytest.fixture
def datadir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory, and a working directory with a configuration."""
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    Path("config.json").write_text(json.dumps(CONFIG))
    return write_market(tmp_path / "data", days=1, bases=("BTC",))


def stand_in(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Have a shell script started in place of the interpreter."""
    program = Path("stand-in").resolve()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))


def started_with(
    datadir: Path, monkeypatch: pytest.MonkeyPatch, *argv: str
) -> tuple[list[str], dict[str, object]]:
    """Arguments of the command, and the last configuration file it was given."""
    stand_in(
        monkeypatch,
        'printf "%s\\n" "$@" > arguments\n'
        'while [ $# -gt 0 ]; do [ "$1" = --config ] && file="$2"; shift; done\n'
        'cp "$file" overlay',
    )
    assert offline(datadir, list(argv)) == 0
    return Path("arguments").read_text().splitlines(), json.loads(Path("overlay").read_text())


def test_offline_adds_the_default_configuration_the_overlay_and_the_data(
    datadir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, overlay = started_with(datadir, monkeypatch, "backtesting")
    assert line[:5] == ["-m", "freqtrade", "backtesting", "--config", "config.json"]
    assert line[5] == "--config"
    assert line[7:] == ["--datadir", str(datadir)]
    assert not Path(line[6]).exists()
    assert set(overlay) == {"exchange"}


def test_offline_keeps_the_configurations_and_the_data_that_are_named(
    datadir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = ["backtesting", "-c", "config.json", "--datadir", "elsewhere"]
    line, _ = started_with(datadir, monkeypatch, *named)
    assert line[: 2 + len(named)] == ["-m", "freqtrade", *named]
    assert line[2 + len(named)] == "--config"
    assert len(line) == len(named) + 4


def test_offline_speaks_for_the_exchange_of_the_configuration(
    datadir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("bybit.json").write_text(json.dumps({"exchange": {"name": "bybit"}}))
    line, overlay = started_with(
        datadir, monkeypatch, "backtesting", "--config", "config.json", "--config", "bybit.json"
    )
    assert overlay["exchange"]["name"] == "bybit"
    # Freqtrade keeps what it asks about leverage beside the candles: it gets a directory of its own.
    assert line[-2] == "--datadir"
    assert line[-1] != str(datadir)
    assert not Path(line[-1]).exists()


def test_offline_for_a_named_exchange_overrules_the_configuration(
    datadir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, "exit 0")
    seen: list[str] = []
    for exchange in ("bybit", None):
        argv = ["list-pairs", "--exchange", "bybit"] if exchange is None else ["backtesting"]
        offline(datadir, argv, exchange=exchange, announce=lambda server: seen.append(server.venue.name))
    assert seen == ["bybit", "bybit"]
    with pytest.raises(ReplayError, match="names kraken"):
        offline(datadir, ["backtesting"], exchange="kraken")


def test_offline_mirrors_a_data_directory_that_is_named_after_the_command(
    datadir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("config.json").write_text(json.dumps(CONFIG | {"exchange": {"name": "bybit"}}))
    line, _ = started_with(datadir, monkeypatch, "backtesting", "--datadir", str(datadir))
    assert line.count("--datadir") == 2
    assert line[-1] != str(datadir)


def test_offline_without_a_configuration_says_what_freqtrade_needs(
    datadir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("config.json").unlink()
    line, overlay = started_with(datadir, monkeypatch, "list-markets")
    assert line[3] == "--config"
    assert overlay["trading_mode"] == "futures"
    assert overlay["stake_currency"] == "USDT"


def test_offline_trade_keeps_away_from_the_traders_database(
    datadir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, overlay = started_with(datadir, monkeypatch, "trade")
    assert overlay["dry_run"] is True
    assert "own.sqlite" not in str(overlay["db_url"])


def test_offline_announces_the_clock_before_it_starts(datadir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "exit 0")
    seen: list[ReplayServer] = []
    offline(datadir, ["backtesting"], announce=seen.append)
    offline(datadir, ["trade"], announce=seen.append)
    as_recorded, replayed = (server.market.clock.shift_ms for server in seen)
    assert as_recorded == 0
    assert replayed > 0


@pytest.mark.parametrize(("script", "code"), [("exit 3", 3), ("kill -9 $$", 137), ("kill -15 $$", 143)])
def test_offline_returns_the_exit_code_as_a_shell_would(
    datadir: Path, monkeypatch: pytest.MonkeyPatch, script: str, code: int
) -> None:
    stand_in(monkeypatch, script)
    assert offline(datadir, ["backtesting"]) == code


def test_offline_alone_interrupted_ends_the_command_too(
    datadir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interpreter = sys.executable
    stand_in(monkeypatch, "trap 'exit 77' INT\necho ready\nwhile :; do :; done")
    script = (
        "import sys; from pathlib import Path; from outrigger.replay import offline as o; o.OWN_END_S = 0.1;"
        "sys.executable = sys.argv[2]; sys.exit(o.offline(Path(sys.argv[1]), ['backtesting']))"
    )
    with subprocess.Popen(
        [interpreter, "-c", script, str(datadir), sys.executable], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        parent.send_signal(signal.SIGINT)
        assert parent.wait(timeout=60) == 77
