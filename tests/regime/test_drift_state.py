"""The watch falls back after a set time, not before, and comes back only when the model is better again."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import SettingsError, StateError
from outrigger.regime.drift_state import Drift, DriftReading, DriftRules, DriftState, advance

HOUR_MS = 3_600_000
RULES = DriftRules(patience_ms=24 * HOUR_MS)
GOOD, BAD = DriftReading(excess=-0.1, share=0.0), DriftReading(excess=0.05, share=0.0)
SHIFTED = DriftReading(excess=-0.1, share=0.5)
NOTHING = DriftReading()


def hourly(
    readings: Sequence[DriftReading], state: DriftState | None = None, start: int = 0
) -> list[DriftState]:
    states, now = [], state or DriftState()
    for hour, reading in enumerate(readings):
        now = advance(now, reading, (start + hour) * HOUR_MS, RULES)
        states.append(now)
    return states


def test_watch_stays_steady_on_good_readings() -> None:
    assert {state.status for state in hourly([GOOD] * 100)} == {Drift.STEADY}


def test_watch_falls_back_exactly_when_its_patience_is_over() -> None:
    states = hourly([GOOD, *[BAD] * 30])
    assert [state.status for state in states].index(Drift.WORSE_THAN_PRIOR) == 25
    assert states[25].since_ms == 25 * HOUR_MS
    assert states[25].neutral
    assert not states[24].neutral


def test_watch_one_good_reading_starts_the_patience_anew() -> None:
    states = hourly([*[BAD] * 20, GOOD, *[BAD] * 20])
    assert not any(state.neutral for state in states)


def test_watch_recovers_only_below_the_lower_threshold() -> None:
    worse = hourly([BAD] * 25)[-1]
    hardly = DriftReading(excess=-0.005, share=0.0)
    assert hourly([hardly] * 100, worse, 25)[-1].neutral
    assert not hourly([GOOD] * 25, worse, 25)[-1].neutral


def test_watch_recovery_takes_its_patience_too() -> None:
    worse = hourly([BAD] * 25)[-1]
    assert [state.neutral for state in hourly([GOOD] * 26, worse, 25)].index(False) == 24


def test_watch_recovery_is_not_held_up_by_features_that_come_and_go() -> None:
    worse = hourly([BAD] * 25)[-1]
    assert not hourly([GOOD, SHIFTED] * 13, worse, 25)[-1].neutral


def test_watch_warns_of_drift_without_falling_back() -> None:
    last = hourly([SHIFTED] * 30)[-1]
    assert last.status is Drift.DRIFTING
    assert not last.neutral


def test_watch_leaves_drift_below_the_lower_share() -> None:
    drifting = hourly([SHIFTED] * 30)[-1]
    between = DriftReading(excess=-0.1, share=0.25)
    assert hourly([between] * 50, drifting, 30)[-1].status is Drift.DRIFTING
    assert hourly([GOOD] * 50, drifting, 30)[-1].status is Drift.STEADY


@pytest.mark.parametrize("reading", [BAD, SHIFTED])
def test_watch_without_a_reading_stays_as_it_is(reading: DriftReading) -> None:
    states = hourly([reading] * 30)
    assert hourly([NOTHING] * 100, states[-1], 30)[-1] == states[-1]
    assert hourly([NOTHING] * 100, states[10], 10)[-1] == states[10]


def test_watch_gap_in_readings_does_not_forgive() -> None:
    """A feed that stutters must not keep a bad model in charge."""
    assert hourly([BAD, NOTHING] * 13)[-1].neutral


def test_watch_half_a_reading_says_half() -> None:
    only_share = DriftReading(share=0.5)
    assert hourly([only_share] * 30)[-1].status is Drift.DRIFTING
    drifting = hourly([SHIFTED] * 30)[-1]
    assert hourly([DriftReading(excess=-0.1)] * 50, drifting, 30)[-1].status is Drift.DRIFTING
    worse = hourly([BAD] * 25)[-1]
    assert hourly([DriftReading(share=0.0)] * 50, worse, 25)[-1].neutral


@given(
    excesses=st.lists(st.one_of(st.none(), st.floats(-1, 1)), max_size=60),
    shares=st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=60),
)
def test_watch_never_changes_faster_than_its_patience(
    excesses: list[float | None], shares: list[float | None]
) -> None:
    readings = [DriftReading(*pair) for pair in zip(excesses, shares, strict=False)]
    changed = None
    before = DriftState()
    for hour, state in enumerate(hourly(readings)):
        if state.status is not before.status:
            assert changed is None or hour - changed >= 24
            changed = hour
        before = state


@given(readings=st.lists(st.sampled_from([GOOD, BAD, SHIFTED, NOTHING]), max_size=40))
def test_watch_through_json_goes_on_as_if_it_had_not(readings: list[DriftReading]) -> None:
    plain = stored = DriftState()
    for hour, reading in enumerate(readings):
        plain = advance(plain, reading, hour * HOUR_MS, RULES)
        stored = advance(
            DriftState.from_dict(json.loads(json.dumps(stored.to_dict()))), reading, hour * HOUR_MS, RULES
        )
    assert plain == stored


@pytest.mark.parametrize("body", [{}, {"status": "sad"}, {**DriftState().to_dict(), "since_ms": "now"}])
def test_state_that_is_none_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(StateError, match="the watch has to start anew"):
        DriftState.from_dict(body)


@pytest.mark.parametrize(
    "terms", [{"patience_ms": -1}, {"leave_excess": 0.1}, {"leave_share": 0.5}, {"enter_share": 1.5}]
)
def test_rules_that_contradict_themselves_are_refused(terms: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="drift:"):
        DriftRules(**terms)  # type: ignore[arg-type]
