import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.hedge.cost import leg_cost
from outrigger.hedge.size import MINUTE_MS, hedge_ratio, leg_size, rebalance
from outrigger.hedge.state import HedgeState
from outrigger.settings.hedge import HedgeSettings

SETTINGS = HedgeSettings(
    ratio=0.5, squeeze_gain=0.5, max_ratio=0.8, max_leg=1.0, band=0.1, rebalance_minutes=60, spread=0.0002
)
HOUR, NAN = 60 * MINUTE_MS, float("nan")
EFFECTIVE, WEAK = HedgeState.EFFECTIVE, HedgeState.WEAK


@pytest.mark.parametrize(
    ("probability", "ratio"),
    [(None, 0.5), (NAN, 0.5), (0.0, 0.5), (0.2, 0.6), (0.6, 0.8), (1.0, 0.8), (-0.2, 0.5)],
)
def test_hedge_ratio_rises_with_the_squeeze_within_its_bound(probability, ratio):
    assert hedge_ratio(probability, SETTINGS) == pytest.approx(ratio)


def test_leg_size_is_ratio_times_beta_times_notional():
    size = leg_size(0.8, 1000.0, 0.5, SETTINGS)
    assert (size.notional, size.ratio, size.capped) == (pytest.approx(400.0), 0.5, False)


def test_leg_size_is_capped_at_a_multiple_of_the_primary():
    size = leg_size(3.0, 1000.0, 0.5, SETTINGS)
    assert (size.notional, size.capped) == (1000.0, True)


@pytest.mark.parametrize(
    ("leg", "state", "minutes", "change"),
    [
        (400.0, EFFECTIVE, 600, 0.0),
        (439.0, EFFECTIVE, 600, 0.0),
        (361.0, EFFECTIVE, 600, 0.0),
        (450.0, EFFECTIVE, 60, -50.0),
        (350.0, EFFECTIVE, 60, 50.0),
        (450.0, EFFECTIVE, 59, 0.0),
        (350.0, EFFECTIVE, 59, 0.0),
        (350.0, WEAK, 600, 0.0),
        (450.0, WEAK, 600, -50.0),
        (481.0, EFFECTIVE, 1, -81.0),
        (300.0, EFFECTIVE, 1, 0.0),
        (0.0, EFFECTIVE, 600, 0.0),
    ],
    ids=str,
)
def test_rebalance_of_a_leg_that_should_be_400(leg, state, minutes, change):
    """Band .1: 360 to 440 stand; beyond 480 it is cut at once; a weak hedge is never added to."""
    found = rebalance(leg, 400.0, state, 5 * HOUR, 5 * HOUR + minutes * MINUTE_MS, SETTINGS)
    assert found == pytest.approx(change)


def test_rebalance_to_a_target_that_is_not_known_changes_nothing():
    assert rebalance(400.0, NAN, EFFECTIVE, 0, 9 * HOUR, SETTINGS) == 0.0


def test_rebalance_to_nothing_takes_all_off():
    assert rebalance(400.0, 0.0, EFFECTIVE, 0, 1, SETTINGS) == -400.0


@given(st.floats(1, 1e6), st.floats(1, 1e6), st.integers(0, 10**8))
def test_rebalance_ends_on_target_or_does_nothing(leg, target, waited):
    change = rebalance(leg, target, EFFECTIVE, 0, waited, SETTINGS)
    assert change == 0 or leg + change == pytest.approx(target)
    if waited >= HOUR or leg > target:
        assert leg + change <= target * (1 + 2 * SETTINGS.band) * (1 + 1e-9)


def test_leg_cost_of_a_short_leg_beside_a_long_primary_by_hand():
    """500 of leg, 1000 of primary, 24 h = 3 events at 2 bp and 1 bp; the short receives, the long pays."""
    cost = leg_cost(-1, 500.0, 1000.0, (0.0002, 0.0001), 0.0005, SETTINGS)
    assert cost.fees == pytest.approx(0.5)
    assert cost.spread == pytest.approx(0.1)
    assert cost.funding == pytest.approx(-0.3)
    assert cost.primary_funding == pytest.approx(0.3)
    assert cost.total == pytest.approx(0.3)
    assert cost.to_dict()["total"] == cost.total


def test_leg_cost_of_the_mirror_pays_what_the_other_receives():
    one, other = (leg_cost(side, 500.0, 1000.0, (0.0002, 0.0001), 0.0005, SETTINGS) for side in (1, -1))
    assert one.funding == -other.funding
    assert one.primary_funding == -other.primary_funding


def test_leg_cost_without_a_known_rate_counts_no_funding():
    cost = leg_cost(1, 500.0, 1000.0, (NAN, NAN), 0.0005, SETTINGS)
    assert (cost.funding, cost.primary_funding) == (0.0, 0.0)
