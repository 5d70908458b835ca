"""The stop lab's speed, a whole study's wall time, and what a second worker brings."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from outrigger.replay.synth import write_market
from outrigger.review.lab import replay_many
from outrigger.review.lab_trade import ReplayTerms
from outrigger.review.pair_market import load_pair
from outrigger.review.policies_compared import COMPARED, SHIPPED
from outrigger.review.random_entries import random_entries
from outrigger.study.conduct import conduct
from outrigger.study.plan import StudyTerms
from outrigger.study.request import Request
from outrigger.study.run import local_workers
from tests.benchmarks.bench import Bench
from tests.benchmarks.market_data import QUICK_PAIRS, SEED
from tests.benchmarks.pairing import percentiles, side_by_side
from tests.benchmarks.result import Result
from tests.conftest import REPOSITORY

CANDLES, REPLAYS, TURNS = 2_880, 2_000, 5
LAB_TARGET_US, STUDY_TARGET_SECONDS, WORKERS_TARGET = 500.0, 300.0, 1.7
NINE = (SHIPPED, "volatility-regime", "volatility-hedge", "fixed", "trail-1", "trail-2", "trail-3")
NINE += ("chandelier", "activation-trail")
# Without the classifier: reading its models would hide how replays share two cores.
PLAIN = (SHIPPED, "fixed", "trail-3", "chandelier", "activation-trail")


def stop_lab(bench: Bench) -> Result:
    """Time of one replay of up to 2,880 candles, one core, under the slowest of the plain policies."""
    market = load_pair(bench.market.datadir, bench.market.pairs[0], "1m")
    horizon = bench.size(CANDLES, 240)
    rows, sides = random_entries(market, bench.size(REPLAYS, 100), horizon, seed=1)
    compared = {one.name: one for one in COMPARED}
    found: dict[str, float] = {}
    for name in (SHIPPED, "trail 3 %", "Chandelier 22×3", "no stop"):
        widths, times = compared[name].columns(market), []
        for _ in range(bench.size(TURNS, 1)):
            begun = perf_counter()
            replay_many(market.candles, widths, rows, sides, ReplayTerms(horizon))
            times.append(1e6 * (perf_counter() - begun) / len(rows))
        found[name] = percentiles(times, 0.5)[0]
    details = {
        "candles": horizon,
        "replays": len(rows),
        "us_per_replay": {name: round(value, 1) for name, value in found.items()},
        "replays_per_second": {name: round(1e6 / value) for name, value in found.items()},
    }
    slowest = max(found.values())
    return Result("stop-lab", "one replay of a trade of 2,880 candles", slowest, "µs", LAB_TARGET_US, details)


def study(bench: Bench) -> Result:
    """Ten windows, six pairs, nine policies, 200 entries each, nulls and intervals included, two workers."""
    windows, per_pair = bench.size(10, 1), bench.size(200, 6)
    policies = NINE if not bench.quick else PLAIN[:2]
    seconds, cells = _conducted(bench, "study", 2, windows, per_pair, policies)
    details = {
        "market": bench.market.label,
        "windows": windows,
        "pairs": len(bench.market.pairs),
        "policies": len(policies),
        "entries_per_pair_and_window": per_pair,
        "cells": cells,
        "workers": 2,
    }
    return Result(
        "study", "wall time of a whole study on two cores", seconds, "s", STUDY_TARGET_SECONDS, details
    )


def study_workers(bench: Bench) -> Result:
    """Wall time with two workers over wall time with one, the same cells, start-up included."""
    windows, per_pair = bench.size(4, 1), bench.size(200, 6)
    turn = iter(range(100))

    def timed(workers: int) -> float:
        name = f"workers-{workers}-{next(turn)}"
        return _conducted(bench, name, workers, windows, per_pair, PLAIN[: bench.size(5, 2)])[0]

    found = side_by_side(lambda: timed(2), lambda: timed(1), turns=bench.size(3, 1))
    details = {
        "market": bench.market.label,
        "windows": windows,
        "seconds": found.summary(lambda one: one),
        "times_one_worker": round(1 / found.ratio(lambda one: one), 2),
        "wanted": WORKERS_TARGET,
    }
    title = "wall time of a study with two workers over one"
    return Result(
        "study-workers", title, found.ratio(lambda one: one), "×", round(1 / WORKERS_TARGET, 3), details
    )


def _datadir(bench: Bench) -> Path:
    """The market; the quick one is too short for a trade of three days, so that is made longer."""
    if not bench.quick:
        return bench.market.datadir
    home = bench.home / "study-market"
    if not home.is_dir():
        write_market(home, 8, SEED, QUICK_PAIRS, warmup_days=14, depth_minutes=60)
    return home


def _conducted(
    bench: Bench, name: str, workers: int, windows: int, per_pair: int, policies: tuple[str, ...]
) -> tuple[float, int]:
    """Seconds of one study with nothing on disk yet, and its cells."""
    out: Path = bench.home / name
    terms = StudyTerms(ReplayTerms(0), 5.0, per_pair, 1, str(REPOSITORY / "models" / "default"))
    asked = Request((_datadir(bench),), out, policies=policies, windows=windows, terms=terms, tune=False)
    begun = perf_counter()
    with local_workers(workers) as hands:
        found = conduct(asked, hands)
    taken = perf_counter() - begun
    if found.failures:
        raise RuntimeError(f"{len(found.failures)} cells failed, such as {found.failures[0]}")
    return taken, int(found.about["cells"]["worked_out"])
