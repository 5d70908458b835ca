import re

import pytest

from outrigger.errors import SettingsError
from outrigger.settings.read import read_settings

# Written out, so that what contradicts what does not depend on the defaults.
PLAIN = {
    "protect_min": 0.01,
    "protect_max": 0.08,
    "activation": 0.015,
    "activation_sigma": 1.5,
    "trail_sigma": 0.75,
    "trail_min": 0.006,
    "trail_max": 0.06,
    "noise_floor": 0.004,
    "fixed_distance": 0.03,
    "trailing_width": 0.03,
    "trailing_activation": 0.0,
}


def refused(**values) -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings({"outrigger": {"stop": PLAIN | values}})
    return str(caught.value)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"protect_min": 0.1}, "protect_min (0.1) is above protect_max (0.08)"),
        ({"protect_max": 0.005}, "protect_min (0.01) is above protect_max (0.005)"),
        ({"trail_min": 0.07, "activation": 0.08}, "trail_min (0.07) is above trail_max (0.06)"),
        ({"trail_max": 0.005}, "trail_min (0.006) is above trail_max (0.005)"),
    ],
)
def test_limits_in_the_wrong_order_are_refused_with_both_keys(values, told):
    message = refused(**values)
    assert told in message
    assert "lower" in message


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"protect_min": 0.003}, "protect_min (0.003) is below noise_floor (0.004)"),
        ({"trail_min": 0.001}, "trail_min (0.001) is below noise_floor (0.004)"),
        ({"fixed_distance": 0.003}, "fixed_distance (0.003) is below noise_floor (0.004)"),
        ({"trailing_width": 0.002}, "trailing_width (0.002) is below noise_floor (0.004)"),
        ({"noise_floor": 0.007}, "trail_min (0.006) is below noise_floor (0.007)"),
        (
            {"noise_floor": 0.05, "trail_min": 0.05, "activation": 0.06},
            "protect_min (0.01) is below noise_floor",
        ),
    ],
)
def test_width_below_the_noise_floor_is_refused_with_both_keys(values, told):
    assert told in refused(**values)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"trail_sigma": 1.6}, "activation_sigma (1.5) is smaller than trail_sigma (1.6)"),
        ({"activation_sigma": 0.0}, "activation_sigma (0.0) is smaller than trail_sigma (0.75)"),
        ({"trail_min": 0.02}, "activation (0.015) is smaller than trail_min (0.02)"),
        ({"activation": 0.0}, "activation (0.0) is smaller than trail_min (0.006)"),
        # 3 % below 103 % is 99.91 %; break-even is .03/.97.
        ({"trailing_activation": 0.03}, "trailing_activation (0.03) is smaller than the 0.0309"),
        ({"trailing_activation": 0.001}, "trailing_width (0.03)"),
    ],
)
def test_activation_that_the_trail_would_turn_into_a_loss_is_refused_with_both_keys(values, told):
    message = refused(**values)
    assert told in message
    assert "allow_loss_when_armed" in message
    read_settings({"outrigger": {"stop": PLAIN | values | {"allow_loss_when_armed": True}}})


@pytest.mark.parametrize(
    "values",
    [
        {"trailing_activation": 0.0},
        {"trailing_activation": 0.031},
        {"trailing_width": 0.2, "trailing_activation": 0.25},
        {"activation_sigma": 0.75},
        {"activation": 0.006},
        {"trail_min": 0.004, "noise_floor": 0.004},
        {"protect_min": 0.08},
        {"trail_min": 0.015, "trail_max": 0.015},
    ],
)
def test_values_at_the_edge_of_a_contradiction_are_taken(values):
    settings = read_settings({"outrigger": {"stop": PLAIN | values}}).stop
    assert {key: getattr(settings, key) for key in values} == values


def test_contradiction_is_told_at_the_section_it_is_in():
    assert re.search(r"outrigger\.stop: protect_min", refused(protect_min=0.1))
