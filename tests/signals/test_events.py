import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from outrigger.signals.confluence import confluence
from outrigger.signals.events import entry_events

VOTES = st.lists(st.tuples(*[st.sampled_from([-1, 0, 1])] * 3), max_size=40)


def fire(rows, quiet=2, known=None, partial=0.5):
    votes = np.array(rows, dtype=np.int8).reshape(-1, 3)
    side = confluence(votes, ["1m", "15m", "4h"], partial)["side"]
    seen = np.ones((len(rows), 3), dtype=bool) if known is None else np.asarray(known, dtype=bool)
    return entry_events(votes, side, seen.reshape(-1, 3), quiet).tolist()


def slow(rows, quiet, known):
    """The rule row by row, as one would say it."""
    out = []
    for i, cast in enumerate(rows):
        fired = 0
        for sign in (1, -1):
            agreed = [r.count(sign) >= 2 and r.count(-sign) == 0 for r in rows[: i + 1]]
            past = range(max(0, i - quiet), i)
            settled = i >= quiet and all(known[j] == known[i] for j in past)
            begins = not any(agreed[j] for j in past)
            turns = cast == (sign,) * 3 and not any(rows[j][0] == sign for j in past)
            if agreed[i] and settled and (begins or turns):
                fired = sign
        out.append(fired)
    return out


def test_event_fires_once_when_an_agreement_begins_and_not_while_it_lasts():
    rows = [(0, 0, 0)] * 2 + [(0, 1, 1)] * 6
    assert fire(rows) == [0, 0, 1, 0, 0, 0, 0, 0]


def test_event_fires_when_the_fast_chart_turns_into_the_slow_agreement():
    rows = [(0, 0, 0)] * 2 + [(0, -1, -1)] * 3 + [(-1, -1, -1)] * 3
    assert fire(rows) == [0, 0, -1, 0, 0, -1, 0, 0]


def test_event_does_not_fire_when_a_slow_chart_joins_an_agreement():
    rows = [(0, 0, 0)] * 2 + [(1, 1, 0)] * 3 + [(1, 1, 1)] * 3
    assert fire(rows) == [0, 0, 1, 0, 0, 0, 0, 0]


def test_event_of_a_flickering_vote_fires_once_until_it_has_been_quiet():
    rows = [(0, 0, 0)] * 3 + [(1, 1, 0), (0, 1, 0)] * 3 + [(0, 1, 0)] * 2 + [(1, 1, 0)]
    assert fire(rows, quiet=3) == [0, 0, 0, 1] + [0] * 7 + [1]


def test_event_turning_from_long_to_short_fires_at_once():
    rows = [(0, 0, 0)] * 2 + [(1, 1, 0)] * 2 + [(-1, -1, 0)] * 2
    assert fire(rows) == [0, 0, 1, 0, -1, 0]


def test_event_does_not_fire_on_an_agreement_that_was_there_when_the_data_began():
    assert fire([(1, 1, 1)] * 6) == [0] * 6


def test_event_does_not_fire_because_a_chart_has_become_known():
    rows = [(1, 0, 0)] * 4 + [(1, 1, 0)] * 4
    known = [(1, 0, 1)] * 4 + [(1, 1, 1)] * 4
    assert fire(rows, known=known) == [0] * 8
    assert fire(rows)[4] == 1


def test_event_does_not_fire_because_an_opposing_chart_has_gone_stale():
    rows = [(1, 1, -1)] * 4 + [(1, 1, 0)] * 4
    known = [(1, 1, 1)] * 4 + [(1, 1, 0)] * 4
    assert fire(rows, known=known) == [0] * 8


def test_event_of_no_candles_is_empty():
    assert fire([]) == []


@given(VOTES, st.integers(1, 5), st.integers(0, 40))
def test_events_equal_the_spoken_rule_and_ignore_the_future(rows, quiet, change):
    known = [(True, i >= change, True) for i in range(len(rows))]
    fired = fire(rows, quiet, known)
    assert fired == slow(rows, quiet, known)
    for end in range(len(rows)):
        assert fire(rows[:end], quiet, known[:end]) == fired[:end]


@given(VOTES, st.integers(1, 5))
def test_events_mirror_and_fire_only_on_the_side_of_the_agreement(rows, quiet):
    fired = fire(rows, quiet)
    assert fire([tuple(-v for v in r) for r in rows], quiet) == [-f for f in fired]
    assert all(f == 0 or f * sum(r) >= 2 for f, r in zip(fired, rows, strict=True))
