"""The limit of messages: nothing twice, no more than so many, and nothing lost without a word."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.bot.message_limit import HOUR_MS, MINUTE_MS, MessageLimit
from outrigger.errors import StateError
from outrigger.settings.messages import MessageSettings

SETTINGS = MessageSettings(repeat_minutes=10.0, per_hour=3)
# Minutes since the last event, what it is about, whether it is urgent.
EVENTS = st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abcdefgh"), st.booleans()), max_size=80)


def run(
    events: list[tuple[int, str, bool]],
) -> tuple[list[tuple[int, str, bool]], list[tuple[int, int]], int]:
    """What was sent, the counts that were told, and how many were held back."""
    limit, now, sent, told, held = MessageLimit(SETTINGS), 0, [], [], 0
    for minutes, key, urgent in events:
        now += minutes * MINUTE_MS
        count = limit.pop_held(now)
        if count:
            told.append((now, count))
        if limit.admits(key, now, urgent=urgent):
            sent.append((now, key, urgent))
        else:
            held += 1
    return sent, told, held


@given(EVENTS)
def test_same_thing_is_never_said_twice_within_the_pause(events: list[tuple[int, str, bool]]) -> None:
    sent, _, _ = run(events)
    for key in "abcdefgh":
        times = [at for at, name, _ in sent if name == key]
        assert all(later - sooner >= 10 * MINUTE_MS for sooner, later in pairwise(times))


@given(EVENTS)
def test_no_hour_has_more_than_its_share_with_the_counts_among_them(
    events: list[tuple[int, str, bool]],
) -> None:
    sent, told, _ = run(events)
    times = sorted([at for at, _, urgent in sent if not urgent] + [at for at, _ in told])
    assert all(later - sooner >= HOUR_MS for sooner, later in zip(times, times[3:], strict=False))


@given(EVENTS)
def test_urgent_is_held_back_only_where_the_same_was_just_said(events: list[tuple[int, str, bool]]) -> None:
    sent, _, _ = run(events)
    now, said = 0, {(at, key) for at, key, _ in sent}
    for minutes, key, urgent in events:
        now += minutes * MINUTE_MS
        if urgent and (now, key) not in said:
            assert any(name == key and now - 10 * MINUTE_MS < at <= now for at, name, _ in sent)


@given(EVENTS)
def test_what_is_held_back_is_told_at_most_hourly_and_nothing_is_lost(
    events: list[tuple[int, str, bool]],
) -> None:
    # Two quiet hours let what was held back be told.
    sent, told, held = run([*events, (120, "end", False), (120, "end", False)])
    assert sum(count for _, count in told) == held
    assert all(later[0] - sooner[0] >= HOUR_MS for sooner, later in pairwise(told))
    assert len(sent) + held == len(events) + 2


@given(EVENTS, st.integers(0, 79))
def test_restart_changes_nothing(events: list[tuple[int, str, bool]], at: int) -> None:
    limit, other, now = MessageLimit(SETTINGS), MessageLimit(SETTINGS), 0
    for number, (minutes, key, urgent) in enumerate(events):
        now += minutes * MINUTE_MS
        if number == at:
            other = MessageLimit(SETTINGS)
            other.restore(json.loads(json.dumps(limit.to_dict())))
        assert limit.pop_held(now) == other.pop_held(now)
        assert limit.admits(key, now, urgent=urgent) == other.admits(key, now, urgent=urgent)


def test_clock_that_goes_back_mutes_nothing() -> None:
    limit = MessageLimit(SETTINGS)
    assert [limit.admits(key, 10 * HOUR_MS) for key in "abcd"] == [True, True, True, False]
    assert limit.admits("a", HOUR_MS)
    assert limit.pop_held(HOUR_MS) == 1


@pytest.mark.parametrize(
    "body", [{}, {"sent": []}, {"sent": {"a": "x"}}, {"sent": {}, "recent": 3, "held": {}}]
)
def test_memory_that_is_none_is_refused_and_changes_nothing(body: dict[str, object]) -> None:
    limit = MessageLimit(SETTINGS)
    limit.admits("a", 0)
    with pytest.raises(StateError, match="memory of messages"):
        limit.restore(body)
    assert not limit.admits("a", MINUTE_MS)
