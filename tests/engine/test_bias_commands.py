"""Freqtrade's own searches for bias find none: the claim of the README, by the commands it names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from outrigger.replay.offline import offline
from tests.conftest import REPOSITORY

PAIR = "ETH/USDT:USDT"
# The hedge stays off: these commands know one pair only, and a leg needs two.
SWITCHES: dict[str, dict[str, Any]] = {
    "shipped": {},
    "funding and regimes": {
        "squeeze": {"funding": True},
        "regime": {"enabled": True, "bundle": str(REPOSITORY / "models" / "default")},
    },
}

pytestmark = [pytest.mark.engine, pytest.mark.real_data]


def printed(home: Path, datadir: Path, switched: dict[str, Any], *argv: str) -> str:
    """Output of a command that has to succeed, on lines as long as they like."""
    overlay = home / "overlay.json"
    overlay.write_text(json.dumps({"outrigger": switched}))
    configs = ("--config", str(REPOSITORY / "config.json"), "--config", str(overlay))
    files = (*configs, "--userdir", str(home))
    strategies = ("--strategy-path", str(REPOSITORY / "strategies"))
    with (home / "output.log").open("wb") as output:
        assert offline(datadir, [*argv, *files, *strategies, "--pairs", PAIR], output=output) == 0
    told = (home / "output.log").read_text()
    assert "REGIME UNKNOWN" not in told
    return told


@pytest.mark.xdist_group("lookahead")
@pytest.mark.parametrize("switches", SWITCHES)
def test_lookahead_analysis_finds_no_bias(
    market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switches: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    asked = (
        "--targeted-trade-amount",
        "4",
        "--minimum-trade-amount",
        "2",
        "--timerange",
        "20250515-20250527",
    )
    told = printed(tmp_path, market / "binance-1m-2025-05", SWITCHES[switches], "lookahead-analysis", *asked)
    assert "Outrigger: no bias detected" in " ".join(told.split())
    row = next(line for line in told.splitlines() if "outrigger_strategy.py" in line and "│" in line)
    biased, signals = re.findall(r"[^│\s][^│]*", row)[2:4]
    assert biased.strip() == "No"
    assert int(signals) >= 2


@pytest.mark.xdist_group("recursive")
@pytest.mark.parametrize("switches", SWITCHES)
def test_recursive_analysis_stays_below_a_thousandth(
    market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switches: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    asked = ("--startup-candle", "2016", "2494", "--timerange", "20250520-20250526")
    told = printed(tmp_path, market / "binance-1m-2025-05", SWITCHES[switches], "recursive-analysis", *asked)
    assert "No lookahead bias on indicators found" in told
    # Freqtrade prints a table only where something differs at all.
    differences = [float(found) for found in re.findall(r"(-?\d+\.\d+)%", told)]
    assert differences or "No variance on indicator(s) found due to recursive formula" in told
    assert all(abs(difference) < 0.1 for difference in differences)
