"""A machine that fails the bot: whatever happens to disk, database, files, clock or process, stops hold."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from outrigger.rehearsal import host_cases, kill_cases
from outrigger.rehearsal.fault_matrix import KINDS
from tests.conftest import REPOSITORY

# Freqtrade ends itself when it cannot write its database, and the killed do not end by themselves.
ENDS = ("database locked", "disk full: database", "everything read-only")


@pytest.mark.parametrize("kind", [host_cases.KIND, kill_cases.KIND])
def test_host_that_fails_breaks_nothing(market: Path, kind: str) -> None:
    ran = subprocess.run(
        [
            sys.executable,
            *("-m", "outrigger.rehearsal.fault_matrix", "--market", str(market), "--json", "--kind", kind),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    told = json.loads(ran.stdout)
    assert [one["fault"] for one in told] == list(KINDS[kind].names())
    for one in told:
        assert one["broken"] == []
        assert one["requests"] >= 1
        assert (one["trades"], one["left_open"]) == (1, 0)
        expected = one["fault"] in ENDS or "crash" in one["fault"] or kind == kill_cases.KIND
        assert bool(one["restarts"]) == expected, one["fault"]
