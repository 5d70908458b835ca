"""A trader's working directory, and a small synthetic market to ask about."""

from __future__ import annotations

from pathlib import Path

import pytest

from outrigger.replay.synth import write_market


@pytest.fixture(autouse=True)
def empty_desk(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without a configuration, on a wide terminal."""
    desk = tmp_path_factory.mktemp("desk")
    monkeypatch.chdir(desk)
    monkeypatch.setenv("COLUMNS", "160")
    return desk


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cli") / "market"
    write_market(out, 1, 3, ("BTC",), warmup_days=10)
    return out
