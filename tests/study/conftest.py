"""The small market, written once for all tests of a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.study.markets import request, studied, write_market


@pytest.fixture(scope="session")
def datadir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("study") / "walks")


@pytest.fixture(scope="session")
def finished(datadir: Path, tmp_path_factory: pytest.TempPathFactory):
    """A study with tuning, and the directory that holds its cells."""
    out = tmp_path_factory.mktemp("finished")
    return studied(request(datadir, out, tune=True)), out
