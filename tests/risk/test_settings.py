import pytest
from pydantic import ValidationError

from outrigger.settings.risk import RiskSettings
from outrigger.settings.section import unit_of


def test_risk_settings_round_trip_cost_is_two_fees_and_the_slippage():
    assert RiskSettings(fee=0.0004, slippage=0.002).round_trip_cost == pytest.approx(0.0028)


def test_risk_settings_all_have_a_unit_and_an_effect():
    for name, field in RiskSettings.model_fields.items():
        assert unit_of(field), name
        assert field.description, name


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"max_leverage": 11}, "less than or equal to 10"),
        ({"max_leverage": 0}, "greater than or equal to 1"),
        ({"risk_per_trade": 0.04}, "raise max_open_risk"),
        ({"risk_per_trade": 0.01, "breaker_drawdown": 0.01}, "raise breaker_drawdown"),
        ({"max_leverage": 2, "max_pair_notional": 3.0}, "lower it to 2"),
        ({"risk_per_trad": 0.01}, "Extra inputs"),
        ({"max_sigma": float("nan")}, "finite"),
    ],
)
def test_risk_settings_that_contradict_are_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        RiskSettings(**values)
