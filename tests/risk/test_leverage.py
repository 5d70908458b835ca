import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError
from outrigger.risk.leverage import choose_leverage
from outrigger.risk.liquidation import MaintenanceTier, liquidation_distance
from outrigger.settings.risk import RiskSettings
from tests.risk.tiers import FLAT, STEPPED, schedules

sides = st.sampled_from([1, -1])
notionals = st.floats(10.0, 2e7)
distances = st.floats(0.002, 0.9)
settings_ = st.builds(RiskSettings, max_leverage=st.integers(1, 10), liquidation_fraction=st.floats(0.1, 0.9))


@pytest.mark.parametrize(
    ("distance", "leverage"),
    # Distances to liquidation of a long at 5x, 4x, 3x, 2x less 5 % buffer, halved: 9.35, 11.7, 15.7, 23.6 %.
    [(0.03, 5), (0.093, 5), (0.094, 4), (0.118, 3), (0.158, 2), (0.237, 1)],
)
def test_choose_leverage_with_defaults_by_hand(distance, leverage):
    choice = choose_leverage(1, 10_000, distance, FLAT, RiskSettings())
    assert (choice.leverage, choice.stop_inside) == (leverage, True)


@given(sides, notionals, distances, schedules(), settings_, st.floats(0.0, 0.5))
def test_choose_leverage_keeps_the_stop_inside_liquidation(side, notional, distance, tiers, settings, buffer):
    choice = choose_leverage(side, notional, distance, tiers, settings, buffer=buffer)
    limit = settings.liquidation_fraction * choice.liquidation_distance
    assert choice.stop_inside == (distance <= limit * (1 + 1e-12))
    assert choice.stop_inside or choice.leverage == 1
    assert 1 <= choice.leverage <= settings.max_leverage
    assert choice.liquidation_distance == liquidation_distance(side, notional, choice.leverage, tiers, buffer)


@given(sides, notionals, distances, schedules(), settings_)
def test_choose_leverage_is_the_largest_allowed(side, notional, distance, tiers, settings):
    choice = choose_leverage(side, notional, distance, tiers, settings)
    if choice.leverage < settings.max_leverage:
        further = liquidation_distance(side, notional, choice.leverage + 1, tiers, 0.05)
        assert settings.liquidation_fraction * further < distance * (1 + 1e-12)


@given(sides, notionals, st.floats(0.002, 0.4), schedules(), settings_, st.floats(1.0, 2.0))
def test_choose_leverage_never_grows_with_distance_or_size(side, notional, distance, tiers, settings, factor):
    here = choose_leverage(side, notional, distance, tiers, settings).leverage
    assert choose_leverage(side, notional, distance * factor, tiers, settings).leverage <= here
    # A notional within rounding of a tier's edge may tie: half a unit of leverage cannot.
    assert choose_leverage(side, notional * factor, distance * 1.000001, tiers, settings).leverage <= here


def test_choose_leverage_where_the_exchange_grants_less_says_so():
    choice = choose_leverage(1, 6_000_000.0, 0.01, STEPPED, RiskSettings())
    assert choice.leverage == 4
    assert "exchange grants 4x" in choice.reason
    choice = choose_leverage(1, 100.0, 0.01, FLAT, RiskSettings(), exchange_max=2.5)
    assert (choice.leverage, "exchange grants 2.5x" in choice.reason) == (2, True)


def test_choose_leverage_with_an_impossible_stop_is_one_and_says_why():
    heavy = (MaintenanceTier(0.0, 0.6, 0.0),)
    choice = choose_leverage(-1, 100.0, 0.4, heavy, RiskSettings())
    assert (choice.leverage, choice.stop_inside) == (1, False)
    assert "40.00%" in choice.reason
    assert json.loads(json.dumps(choice.to_dict()))["stop_inside"] is False


@pytest.mark.parametrize("distance", [0.0, 1.0, float("nan"), -0.1])
def test_choose_leverage_without_a_stop_is_refused(distance):
    with pytest.raises(DataError, match="protective distance"):
        choose_leverage(1, 100.0, distance, FLAT, RiskSettings())


def test_choose_leverage_without_tiers_or_with_a_nonsense_grant_is_refused():
    with pytest.raises(DataError, match="tiers"):
        choose_leverage(1, 100.0, 0.02, (), RiskSettings())
    with pytest.raises(DataError, match="largest leverage"):
        choose_leverage(1, 100.0, 0.02, FLAT, RiskSettings(), exchange_max=float("nan"))
