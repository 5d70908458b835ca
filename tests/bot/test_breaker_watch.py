"""What the breaker says: a trip and the end of its pause, once each, also across a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from outrigger.bot.breaker_watch import BreakerWatch
from outrigger.bot.faults import FaultLog
from outrigger.settings.risk import RiskSettings
from tests.bot.trading import HOUR, ms

SETTINGS = RiskSettings(breaker_drawdown=0.06, breaker_pause_hours=2.0)


def watch(home: Path, told: list[str], *, live: bool = True) -> BreakerWatch:
    made = BreakerWatch({"user_data_dir": home, "db_url": "x"}, FaultLog(), told.append, live=live)
    made.start()
    return made


def look(made: BreakerWatch, equity: float, hours: float) -> None:
    made.look(lambda: equity, ms(0) + round(hours * HOUR), SETTINGS, trading=True)


def test_trip_and_end_of_the_pause_are_told_once_each(tmp_path: Path) -> None:
    told: list[str] = []
    made = watch(tmp_path, told)
    for hours, equity in ((0, 10_000), (1, 9_399), (1.1, 9_300), (2.9, 9_300), (3, 9_300), (3.1, 9_300)):
        look(made, equity, hours)
    assert told == [
        "drawdown breaker: equity fell 6.0% from its recent peak: no new entries until 2025-05-05 03:00 UTC. "
        "Open trades keep their stops",
        "drawdown breaker: its pause is over, entries are allowed again",
    ]


def test_end_of_the_pause_is_told_after_a_restart(tmp_path: Path) -> None:
    told: list[str] = []
    made = watch(tmp_path, told)
    look(made, 10_000, 0)
    look(made, 9_000, 1)
    again = watch(tmp_path, told)
    for hours in (2, 4, 4.1):
        look(again, 9_000, hours)
    assert [text.partition(",")[0] for text in told[1:]] == ["drawdown breaker: its pause is over"]


def test_equity_that_is_not_known_ends_no_pause(tmp_path: Path) -> None:
    told: list[str] = []
    made = watch(tmp_path, told)
    look(made, 10_000, 0)
    look(made, 9_000, 1)
    for hours in (3, 3.1):
        look(made, float("nan"), hours)
    assert len(told) == 1


def test_backtest_says_nothing(tmp_path: Path) -> None:
    made = watch(tmp_path, [], live=False)
    made._tell = pytest.fail
    for hours, equity in ((0, 10_000), (1, 9_000), (4, 9_000)):
        look(made, equity, hours)
