"""A desk for every test, copied from one that is made once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.doctor.desk import Desk, shipped_config, write_market


@pytest.fixture(scope="session")
def sound_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("doctor") / "data")


@pytest.fixture
def desk(tmp_path: Path, sound_market: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    shutil.copytree(sound_market, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path, shipped_config())
