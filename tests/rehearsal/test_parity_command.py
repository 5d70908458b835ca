"""A crash, minute by minute, through Freqtrade's backtest and through its live engine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from outrigger.rehearsal import parity_command as command
from outrigger.rehearsal.parity import Why
from tests.conftest import REPOSITORY


@pytest.mark.parametrize("profile", ["software stop", "stop on exchange"])
def test_parity_in_the_crash_of_february_is_whole(market: Path, tmp_path: Path, profile: str) -> None:
    # A process of its own: the live engine keeps its database and the clock for the whole process.
    profiles = ["config-stop-on-exchange.json"] if profile == "stop on exchange" else []
    overlay = tmp_path / "two.json"
    overlay.write_text(json.dumps({"exchange": {"pair_whitelist": ["ETH/USDT:USDT", "BNB/USDT:USDT"]}}))
    named = [
        "--datadir",
        str(market / "binance-1m-2025-02"),
        "--config",
        "config.json",
        *profiles,
        str(overlay),
    ]
    days = ["--start", "2025-02-03T01:40", "--days", str(30 / 1440), "--out", str(tmp_path / "out"), "--json"]
    ran = subprocess.run(
        [sys.executable, "-m", "outrigger.rehearsal.parity_command", *named, *days],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    told = json.loads(ran.stdout.splitlines()[-1])
    assert told["trades"] == told["both"] >= 2
    assert told["matched_share"] == told["exits_within_a_candle"] == told["stops_within_a_tick"] == 1.0
    assert Why.UNEXPLAINED.value not in told["why"]
    assert told["broken"] == []
    assert bool(told["stop_orders"]["placed"]) == bool(profiles)
    assert told["loop_ms"]["new_candle"]["p95"] > 0
    # Entries fill at the candle's open, give or take the spread of one tick.
    assert all(abs(one["entry_bp"]) < 1 for one in told["differences"])


def test_main_with_days_that_are_not_there_says_so(
    market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    place = ["--datadir", str(market / "none"), "--out", str(tmp_path)]
    assert command.main([*place, "--start", "2025-06-02"]) == 2
    assert "none" in capsys.readouterr().err
