import pytest
from pydantic import ValidationError

from outrigger.settings.section import tune_of, unit_of
from outrigger.settings.signals import SignalSettings


def test_signal_settings_declare_unit_effect_and_search_ranges_within_limits():
    for name, field in SignalSettings.model_fields.items():
        assert unit_of(field), name
        assert field.description, name
        tune = tune_of(field)
        if tune is None:
            continue
        assert tune.space == "enter"
        assert tune.low <= field.default <= tune.high
        SignalSettings.model_validate({name: tune.low})
        SignalSettings.model_validate({name: tune.high})


def test_signal_settings_leave_what_is_measured_once_out_of_hyperopt():
    tuned = {name for name, field in SignalSettings.model_fields.items() if tune_of(field) is not None}
    assert tuned == {"fast_momentum", "middle_momentum", "slow_momentum", "channel", "partial_confidence"}


@pytest.mark.parametrize(
    "values",
    [
        {"fast_hours": 24.0},
        {"slow_hours": 24.0},
        {"middle_hours": 240.0},
        {"fast_hours": 10.0, "middle_hours": 8.0},
    ],
)
def test_signal_settings_with_lookbacks_that_do_not_grow_are_refused(values):
    with pytest.raises(ValidationError, match="fast_hours < middle_hours < slow_hours"):
        SignalSettings(**values)


def test_signal_settings_with_one_chart_twice_are_refused():
    with pytest.raises(ValidationError, match="name two timeframes"):
        SignalSettings(middle_chart="4h")


@pytest.mark.parametrize(
    "values",
    [
        {"channel": 1.1},
        {"partial_confidence": -0.1},
        {"slow_hours": 481.0},
        {"chanel": 0.5},
        {"channel": float("nan")},
    ],
)
def test_signal_settings_outside_limits_or_unknown_are_refused(values):
    with pytest.raises(ValidationError):
        SignalSettings(**values)
