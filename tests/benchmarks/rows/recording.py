"""Share of a core that recording takes."""

from __future__ import annotations

import json
from pathlib import Path

from outrigger.replay.exchange import ReplayServer, open_market
from outrigger.replay.synth import write_market
from tests.benchmarks.bench import Bench
from tests.benchmarks.market_data import PAIRS, SEED
from tests.benchmarks.measured_process import measured
from tests.benchmarks.result import Result

TARGET_PCT = 5.0
# At once a second Binance's allowance lets six pairs have this many levels.
LEVELS = 50
COMMAND = "from outrigger.cli import main; main()"


def recording(bench: Bench) -> Result:
    """`outrigger record` of six pairs once a second: processor over wall time of the whole process."""
    home = bench.home / "recording"
    write_market(home / "market", 1, SEED, PAIRS, warmup_days=1, depth_minutes=1)
    minutes = bench.size(300, 6) / 60
    with ReplayServer(open_market(home / "market", replay=True)) as server:
        asked = [
            "record", "--pairs", ",".join(PAIRS), "--every", "1", "--levels", str(LEVELS), "--json",
            "--for", str(minutes), "--store", str(home / "store"), "--address", server.url,
        ]  # fmt: skip
        used = measured(["-c", COMMAND, *asked], home / "log.txt")
    told = _health(home / "log.txt")
    details = {
        "pairs": len(PAIRS),
        "wall_seconds": round(used.wall, 1),
        "cpu_seconds": round(used.cpu, 2),
        "peak_mb": round(used.peak_mb, 1),
        "books_read": sum(count for name, count in told["readings"].items() if name.endswith("book"))
        + sum(told["repeated"].values()),
        "gaps": sum(told["gaps"].values()),
    }
    share = 100 * used.cpu / used.wall
    return Result("recording", "one core's share, six pairs once a second", share, "%", TARGET_PCT, details)


def _health(log: Path) -> dict[str, dict[str, int]]:
    """What the command printed at its end, below what it said on the way."""
    lines = log.read_text(encoding="utf-8")
    found: dict[str, dict[str, int]] = json.loads(lines[lines.index("{\n") :])
    return found
