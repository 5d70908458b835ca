import json
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import StateError
from outrigger.risk.breaker import BreakerState, advance, explain, is_tripped
from outrigger.settings.risk import RiskSettings

HOUR = 3_600_000
SETTINGS = RiskSettings(breaker_drawdown=0.1, breaker_window_hours=10.0, breaker_pause_hours=5.0)


def run(equities, settings=SETTINGS, state=None, start=0, step=HOUR):
    state = BreakerState() if state is None else state
    for index, equity in enumerate(equities):
        state = advance(state, equity, start + index * step, settings)
    return state


def test_breaker_at_exactly_the_set_fall_trips():
    assert not is_tripped(run([100.0, 90.01]), HOUR)
    state = run([100.0, 90.0])
    assert is_tripped(state, HOUR)
    assert is_tripped(state, 6 * HOUR - 1)
    assert not is_tripped(state, 6 * HOUR)


def test_breaker_counts_from_the_peak_not_the_start():
    assert is_tripped(run([100.0, 120.0, 108.0]), 2 * HOUR)


def test_breaker_after_the_pause_restarts_its_peak():
    tripped = run([100.0, 90.0])
    paused = run([60.0] * 4, state=tripped, start=2 * HOUR)
    assert paused.tripped_until_ms == tripped.tripped_until_ms
    resumed = run([60.0, 55.0], state=paused, start=6 * HOUR)
    assert resumed.peak == 60.0
    assert not is_tripped(resumed, 7 * HOUR)
    assert is_tripped(run([54.0], state=resumed, start=8 * HOUR), 8 * HOUR)


def test_breaker_forgets_a_peak_older_than_its_window():
    slow = 100.0 * 0.99 ** np.arange(40)  # 10 % takes longer than the window of 10 hours
    assert run(slow).tripped_until_ms == 0
    wide = SETTINGS.model_copy(update={"breaker_window_hours": 20.0})
    assert run(slow, wide).tripped_until_ms > 0


def test_breaker_with_a_stale_reading_changes_nothing():
    state = run([100.0, 99.0])
    assert advance(state, 10.0, 0, SETTINGS) == state


@pytest.mark.parametrize("equity", [nan, inf, -inf])
def test_breaker_with_an_unreadable_equity_changes_nothing(equity):
    state = run([100.0, 99.0])
    assert advance(state, equity, 2 * HOUR, SETTINGS) == state


def test_breaker_with_everything_lost_trips():
    assert is_tripped(run([100.0, -5.0]), HOUR)
    assert run([0.0, -5.0]).tripped_until_ms == 0


def test_breaker_explains_itself_only_while_tripped():
    state = run([100.0, 88.0])
    assert explain(state, HOUR) == (
        "equity fell 12.0% from its recent peak: no new entries until 1970-01-01 06:00 UTC"
    )
    assert explain(state, 6 * HOUR) is None


walks = st.lists(st.floats(50.0, 150.0), min_size=1, max_size=60)


@given(walks, st.sampled_from([HOUR // 4, HOUR, 3 * HOUR]))
def test_breaker_equals_a_plain_window_maximum(equities, step):
    """Second implementation: all readings kept, the window's hours searched anew each time."""
    state, readings, until = BreakerState(), [], 0
    for index, equity in enumerate(equities):
        now = index * step
        state = advance(state, equity, now, SETTINGS)
        if now >= until:
            readings.append((now // HOUR, equity))
            peak = max(value for hour, value in readings if hour >= now // HOUR - 10)
            if equity <= peak * 0.9:
                readings, until = [], now + 5 * HOUR
        assert state.tripped_until_ms == until
        assert state.peak == (max((v for h, v in readings if h >= now // HOUR - 10), default=None))


@given(walks)
def test_breaker_stored_and_read_back_goes_on_as_if_never_stopped(equities):
    middle = len(equities) // 2
    state = run(equities[:middle])
    read_back = BreakerState.from_dict(json.loads(json.dumps(state.to_dict())))
    assert read_back == state
    assert run(equities[middle:], state=read_back, start=middle * HOUR) == run(equities)


def test_breaker_remembers_at_most_one_peak_an_hour():
    state = run(np.linspace(100.0, 95.0, 2_000), step=60_000)
    assert len(state.peaks) <= 12


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"version": 2},
        {"version": 1},
        {"version": 1, "peaks": [[1]], "as_of_ms": 0, "tripped_until_ms": 0, "fall": 0.0},
        {"version": 1, "peaks": [], "as_of_ms": None, "tripped_until_ms": 0, "fall": 0.0},
        {"version": 1, "peaks": [], "as_of_ms": inf, "tripped_until_ms": 0, "fall": 0.0},
        {"version": 1, "peaks": [[0, nan]], "as_of_ms": 0, "tripped_until_ms": 0, "fall": 0.0},
    ],
)
def test_breaker_state_that_cannot_be_read_says_what_to_do(document):
    with pytest.raises(StateError, match="delete it"):
        BreakerState.from_dict(document)
