"""Times of loops, kept small."""

from __future__ import annotations

import tracemalloc

from outrigger.rehearsal.loop_times import LoopTimes


def test_loop_times_are_told_as_they_were_noted() -> None:
    noted = [(True, 0.25), (False, 0.0), (False, 1e-3), (True, 3.5)]
    times = LoopTimes()
    for first, seconds in noted:
        times.add(first_of_minute=first, seconds=seconds)
    assert times.told() == noted
    assert len(times) == len(noted)


def test_loop_times_of_a_week_take_less_than_a_fifth_of_a_megabyte() -> None:
    tracemalloc.start()
    try:
        times = LoopTimes()
        for minute in range(7 * 1440):
            times.add(first_of_minute=True, seconds=minute / 7)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 200_000
