"""Faults drawn for a soak, its memory's slope, and a short one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise
from math import isnan
from pathlib import Path

import numpy as np
import pytest

from outrigger.market.moment import to_ms
from outrigger.rehearsal.soak import DAY_HOURS, LONGEST_MINUTES, MINUTE_MS, growth_mb_a_day, plans
from outrigger.replay.faults import catalogue
from tests.conftest import REPOSITORY

START = datetime(2025, 6, 2, tzinfo=UTC)


def test_plans_of_thirty_days_use_every_fault_and_never_two_at_once() -> None:
    made = plans(START, 30.0, 6.0, seed=1)
    assert {plan.fault.name for plan in made} == set(catalogue())
    assert all(earlier.until_ms < later.from_ms for earlier, later in pairwise(made))
    assert all(0 < plan.until_ms - plan.from_ms <= LONGEST_MINUTES * MINUTE_MS for plan in made)
    between = np.diff([plan.from_ms for plan in made]) / MINUTE_MS / 60
    assert between.mean() == pytest.approx(6.0, abs=1.5)
    assert made[0].from_ms >= to_ms(START) + 60 * MINUTE_MS


def test_plans_with_a_seed_are_always_the_same() -> None:
    def told(seed: int) -> list[tuple[str, int]]:
        return [(plan.fault.name, plan.from_ms) for plan in plans(START, 5.0, 6.0, seed)]

    assert told(3) == told(3) != told(4)


def test_growth_leaves_the_first_day_and_a_single_leap_out() -> None:
    warming = list(np.linspace(300, 600, DAY_HOURS))
    flat = [600.0] * 48
    assert growth_mb_a_day([*warming, *flat]) == pytest.approx(0.0, abs=1e-9)
    leaking = [600.0 + 2.0 * hour / DAY_HOURS for hour in range(48)]
    assert growth_mb_a_day([*warming, *leaking]) == pytest.approx(2.0)
    flat[30] = 900.0
    assert growth_mb_a_day([*warming, *flat]) == pytest.approx(0.0, abs=1e-9)
    assert isnan(growth_mb_a_day(warming))


def test_soak_of_two_hours_meets_faults_and_breaks_nothing(market: Path) -> None:
    data = ["--datadir", str(market / "binance-1m-2025-02"), "--pairs", "ETH/USDT:USDT"]
    when = ["--start", "2025-02-03T01:00", "--days", "0.085", "--fault-hours", "1.1", "--seed", "3"]
    plain = {name: said for name, said in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    ran = subprocess.run(
        [sys.executable, "-m", "outrigger.rehearsal.soak", *data, *when],
        cwd=REPOSITORY,
        env={**plain, "MALLOC_TRIM_THRESHOLD_": "131072"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    told = json.loads(ran.stdout)
    assert told["faults"] >= 1
    assert told["requests"] >= 1
    assert told["trades"] >= 1
    assert told["broken"] == []
    assert len(told["memory_mb"]) >= 2
    assert told["memory_mb_a_day"] is None
    assert told["memory_peak_mb"] >= max(told["memory_mb"])
    assert told["allocator"] == {"MALLOC_TRIM_THRESHOLD_": "131072"}
