"""Every fault of the catalogue against a bot that holds a position."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from outrigger.rehearsal import fault_matrix
from outrigger.replay.faults import catalogue
from tests.conftest import REPOSITORY

PARTS = 3


@pytest.mark.parametrize("part", range(PARTS))
def test_fault_matrix_breaks_nothing(market: Path, part: int) -> None:
    names = list(catalogue())[part::PARTS]
    ran = subprocess.run(
        [
            sys.executable,
            *("-m", "outrigger.rehearsal.fault_matrix", "--market", str(market), "--json", "--faults"),
            *names,
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    told = json.loads(ran.stdout)
    assert [one["fault"] for one in told] == names
    for one in told:
        assert one["broken"] == []
        assert one["requests"] >= 1
        assert one["positions"] >= 1


def test_fault_matrix_of_an_unknown_fault_names_those_there_are(
    market: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    assert fault_matrix.main(["--market", str(market), "--faults", "hail"]) == 2
    assert "book frozen" in capsys.readouterr().err
