import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from outrigger.hedge.state import HedgeState, hedge_states
from outrigger.settings.hedge import HedgeSettings

SETTINGS = HedgeSettings(correlation_floor=0.6, correlation_broken=0.3, hysteresis=0.05)
EFFECTIVE, WEAK, BROKEN, UNKNOWN = (
    HedgeState.EFFECTIVE,
    HedgeState.WEAK,
    HedgeState.BROKEN,
    HedgeState.UNKNOWN,
)
correlations = st.lists(st.floats(-1, 1) | st.just(float("nan")), max_size=40)


def states(*values):
    return hedge_states(np.array(values, dtype=np.float64), SETTINGS).tolist()


def slow(values):
    """One value after the other, as a trader would say it."""
    effective = standing = known = False
    found = []
    for value in values:
        known = known or np.isfinite(value)
        effective = value >= 0.6 or (effective and not value < 0.6 - 0.05)
        standing = value >= 0.3 + 0.05 or (standing and not value < 0.3)
        found.append(int(effective) + int(standing) if known else -1)
    return found


@given(correlations)
def test_hedge_states_are_those_of_one_value_after_the_other(values):
    assert states(*values) == slow(values)


@given(correlations, st.integers(0, 40))
def test_hedge_states_know_nothing_of_what_comes_later(values, cut):
    assert states(*values[:cut]) == states(*values)[:cut]


def test_hedge_states_that_tremble_on_the_floor_do_not_change():
    assert states(0.61, 0.59, 0.56, 0.61) == [EFFECTIVE] * 4
    assert states(0.5, 0.59, 0.56, 0.599) == [WEAK] * 4


def test_hedge_states_fall_and_come_back_at_different_borders():
    assert states(0.7, 0.54, 0.59, 0.6) == [EFFECTIVE, WEAK, WEAK, EFFECTIVE]
    assert states(0.5, 0.29, 0.34, 0.35) == [WEAK, BROKEN, BROKEN, WEAK]


def test_hedge_states_before_the_first_correlation_are_unknown_and_then_stand_through_holes():
    nan = float("nan")
    assert states(nan, 0.7, nan, 0.2, nan) == [UNKNOWN, EFFECTIVE, EFFECTIVE, BROKEN, BROKEN]


def test_hedge_states_of_an_inverse_pair_are_broken():
    assert states(-0.9) == [BROKEN]
