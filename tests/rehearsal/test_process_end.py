"""A bot that is started again in the same process finds nothing of the one before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

# Three lives: each is told of the handles that are open and of the bots before it that are still there.
LIVES = """
import gc, json, os, sys, weakref
from datetime import UTC, datetime
from pathlib import Path
from outrigger.rehearsal.driven_bot import DrivenBot

def handles():
    kinds = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            continue
        for kind in ("driven.sqlite", "anon_inode:"):
            kinds[kind] = kinds.get(kind, 0) + (kind in target)
    return kinds

bots, told = [], []

def look(bot, now):
    if not bots or bots[-1]() is not bot:
        alive = sum(before() is not None for before in bots)
        bots.append(weakref.ref(bot))
        told.append({"alive": alive, **handles()})
    if len(bots) == 3:
        return True
    raise RuntimeError("killed")

gc.disable()  # what is collected is collected on purpose
start = datetime(2025, 2, 3, 1, tzinfo=UTC)
overlay = {"exchange": {"pair_whitelist": ["ETH/USDT:USDT"]}}
datadir, out = Path(sys.argv[1]), Path(sys.argv[2])
with DrivenBot(datadir, [Path("config.json")], out, start, start.replace(hour=2), overlay=overlay) as bot:
    ran = bot.run(look, restarts=5)
del bot
print(json.dumps({
    "lives": told, "restarts": ran.restarts, "loops": len(ran.spent),
    "left": {"alive": sum(one() is not None for one in bots), **handles()},
}))
"""


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open handles are told by Linux only")
def test_bot_started_again_finds_no_handle_and_no_memory_of_the_dead_one(
    market: Path, tmp_path: Path
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LIVES, str(market / "binance-1m-2025-02"), str(tmp_path)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    told = json.loads(ran.stdout.splitlines()[-1])
    assert (told["restarts"], told["loops"]) == (2, 3)
    first, *later = told["lives"]
    assert first["alive"] == 0
    assert first["driven.sqlite"] >= 1
    assert later == [first] * 2
    assert told["left"]["alive"] == 0
    assert told["left"]["driven.sqlite"] == 0
