"""Whole-day shifts, and where a replay starts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from outrigger.replay.clock import Clock, default_replay_clock, replay_clock

DAY, WEEK = 86_400_000, 7 * 86_400_000
NOW = 1_795_000_000_123


@given(start=st.integers(0, 2 * NOW), step=st.sampled_from([DAY, WEEK]))
def test_replay_clock_shift_is_whole_steps_and_starts_at_or_after(start: int, step: int) -> None:
    clock = replay_clock(start, lambda: NOW, step)
    assert clock.shift_ms % step == 0
    assert start <= clock.data_ms() < start + step
    assert clock.data_ms() % DAY == NOW % DAY


@given(first=st.integers(0, NOW), span=st.integers(4 * DAY, 400 * DAY))
def test_default_replay_clock_leaves_history_and_a_quarter_of_future(first: int, span: int) -> None:
    clock = default_replay_clock(first, first + span, lambda: NOW)
    assert first <= clock.data_ms() <= first + 0.75 * span + 1
    step = WEEK if span >= 4 * WEEK else DAY
    assert clock.shift_ms % step == 0
    assert clock.data_ms() >= min(first + 0.75 * span - step, first + 0.75 * span) - 1


def test_clock_driven_by_hand_moves_the_data_with_it() -> None:
    hand = [NOW]
    clock = Clock(lambda: hand[0], 5 * DAY)
    before = clock.data_ms()
    hand[0] += 3_600_000
    assert clock.data_ms() - before == 3_600_000
