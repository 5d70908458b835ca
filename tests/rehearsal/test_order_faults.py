"""Orders that go wrong on a real exchange: nothing is lost by Outrigger, and what Freqtrade does is known."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from outrigger.rehearsal.order_cases import EXIT_LOST, NOTHING_WRONG, names
from outrigger.rehearsal.order_watch import PASSED
from outrigger.replay.signed_faults import ORDER_LOST
from tests.conftest import REPOSITORY

PARTS = 2
# What Freqtrade 2026.9 leaves behind; if one of these goes away, the README has to lose its warning.
LEFT = {
    "stop placed, answer lost": ["10 stops are left on the exchange"],
    "stop not found": ["9 stops are left on the exchange"],
    # One, and no second one on top of it: `Entries` refuses to add to a position that no trade knows.
    ORDER_LOST: ["at the end the account holds -0.228 ETHUSDT, the trades 0"],
}
REFUSED = "order refused: "


def met(market: Path, faults: list[str]) -> dict[str, dict[str, Any]]:
    ran = subprocess.run(
        [
            sys.executable,
            *("-m", "outrigger.rehearsal.fault_matrix", "--market", str(market), "--json", "--faults"),
            *faults,
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return {one["fault"]: one for one in json.loads(ran.stdout)}


@pytest.mark.parametrize("part", range(PARTS))
def test_orders_that_go_wrong_break_nothing_and_leave_only_what_is_known(market: Path, part: int) -> None:
    found = met(market, list(names())[part::PARTS])
    assert list(found) == list(names())[part::PARTS]
    for name, one in found.items():
        assert one["broken"] == []
        assert one["left_open"] == 0
        left = [told for told in one["told"] if "at the end" in told or "are left" in told]
        assert left == LEFT.get(name, []), name
        # A refused entry is no position, one whose answer was lost is one that nobody knows.
        unseen = name.startswith(REFUSED) or name == ORDER_LOST
        assert (one["positions"] == 0) == unseen, name
        if name.startswith("stop refused: "):
            # Freqtrade acts on no stop of its own here: the second line left in the loop that saw the price.
            assert not [told for told in one["told"] if PASSED in told], name
        if name == NOTHING_WRONG:
            assert (one["requests"], one["restarts"], one["trades"]) == (0, 0, 1)
        if name == EXIT_LOST:
            assert one["requests"] >= 1
