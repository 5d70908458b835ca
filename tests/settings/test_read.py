import json
import re
from collections import OrderedDict

import pytest
from pydantic import ValidationError

from outrigger.errors import SettingsError
from outrigger.settings.read import Settings, read_settings, tunables, with_values
from outrigger.settings.section import Section, Tune, parameter, tune_of, unit_of
from tests.conftest import REPOSITORY

SECTIONS = {name: field.annotation for name, field in Settings.model_fields.items()}
FIELDS = [
    (section, key, field) for section, model in SECTIONS.items() for key, field in model.model_fields.items()
]
NUMBERS = [(section, key, field) for section, key, field in FIELDS if field.annotation in (int, float)]
NAN, INF = float("nan"), float("inf")


def refused(block) -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings({"outrigger": block})
    return str(caught.value)


def named(fields):
    return [f"{section}.{key}" for section, key, _ in fields]


def limits(field):
    bounds = {
        name: getattr(item, name) for item in field.metadata for name in ("ge", "le") if hasattr(item, name)
    }
    return bounds["ge"], bounds["le"]


def test_read_settings_of_a_silent_configuration_are_the_defaults():
    assert read_settings({}) == read_settings({"outrigger": {}}) == Settings()
    assert read_settings({"outrigger": {"stop": {}, "risk": {}}}) == Settings()


def test_read_settings_takes_what_is_there_and_defaults_the_rest():
    settings = read_settings({"outrigger": OrderedDict(stop={"trail_sigma": 1.0}), "stake_currency": "USDT"})
    assert settings.stop.trail_sigma == 1.0
    assert settings.stop.protect_sigma == Settings().stop.protect_sigma
    assert settings.risk == Settings().risk


def test_read_settings_takes_whole_numbers_where_a_number_is_wanted():
    settings = read_settings({"outrigger": {"stop": {"trail_sigma": 1, "horizon_hours": 4}}})
    assert settings.stop.trail_sigma == 1.0


def test_shipped_configuration_is_read_and_names_every_setting():
    config = json.loads((REPOSITORY / "config.json").read_text())
    read_settings(config)
    assert {(section, key) for section, values in config["outrigger"].items() for key in values} == {
        (section, key) for section, key, _ in FIELDS
    }


def test_settings_of_every_default_are_inside_their_own_limits():
    for section, model in SECTIONS.items():
        defaults = {key: field.default for key, field in model.model_fields.items()}
        assert read_settings({"outrigger": {section: defaults}}) == Settings()


def test_settings_declare_unit_effect_and_limits_of_every_number():
    for section, key, field in FIELDS:
        assert unit_of(field), (section, key)
        assert field.description.endswith("."), (section, key)
    for _, _, field in NUMBERS:
        low, high = limits(field)
        assert low <= field.default <= high


def test_settings_names_are_used_once_so_that_a_misplaced_key_has_one_place():
    # Whole sections are switched by the same name; its refusal lists every place.
    names = [key for _, key, _ in FIELDS if key != "enabled"] + list(SECTIONS)
    assert len(names) == len(set(names))


def test_misplaced_switch_is_refused_with_every_place_it_may_stand():
    with pytest.raises(SettingsError, match=r"regime\.enabled or outrigger\.hedge\.enabled"):
        read_settings({"outrigger": {"stop": {"enabled": False}}})


@pytest.mark.parametrize(("section", "key", "field"), NUMBERS, ids=named(NUMBERS))
def test_number_outside_its_limits_is_refused_with_key_value_and_limit(section, key, field):
    low, high = limits(field)
    for value, limit in ((low - 1, low), (high + 1, high)):
        message = refused({section: {key: value}})
        assert f"outrigger.{section}.{key} = {value!r}" in message
        assert str(limit) in message
        assert f"allowed: {low} to {high}" in message


@pytest.mark.parametrize(("section", "key", "field"), NUMBERS, ids=named(NUMBERS))
def test_what_is_no_number_is_refused_with_its_key(section, key, field):
    for value in ("1", "abc", "", None, [], [1.0], {}, {"a": 1}, True, False, NAN, INF, -INF, 10**400, 1j):
        message = refused({section: {key: value}})
        assert f"outrigger.{section}.{key} = " in message
        assert len(message) < 500


@pytest.mark.parametrize("value", [1, 0, "true", None, [], {}])
def test_what_is_neither_true_nor_false_is_refused(value):
    assert "outrigger.stop.allow_loss_when_armed" in refused({"stop": {"allow_loss_when_armed": value}})


@pytest.mark.parametrize("value", ["Volatility", "", "atr", None, 1, True, ["fixed"]])
def test_policy_that_does_not_exist_is_refused_with_those_that_do(value):
    message = refused({"stop": {"policy": value}})
    for policy in ("volatility", "trailing", "chandelier", "fixed"):
        assert policy in message


@pytest.mark.parametrize("value", [22.0, 22.5])
def test_number_of_candles_has_to_be_whole(value):
    assert "outrigger.stop.chandelier_bars" in refused({"stop": {"chandelier_bars": value}})


@pytest.mark.parametrize("leverage", [11, 20, 125])
def test_leverage_above_ten_is_refused(leverage):
    message = refused({"risk": {"max_leverage": leverage}})
    assert f"outrigger.risk.max_leverage = {leverage}" in message
    assert "1 to 10" in message


@pytest.mark.parametrize("block", [None, [], "stop", 1, True, [("stop", {})]])
def test_block_that_is_no_object_is_refused(block):
    assert '"outrigger" is' in refused(block)


@pytest.mark.parametrize("section", list(SECTIONS))
@pytest.mark.parametrize("value", [None, [], "x", 1, True])
def test_section_that_is_no_object_is_refused(section, value):
    message = refused({section: value})
    assert f"outrigger.{section} = {value!r}: it has to be an object" in message


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ({"stpo": {}}, "outrigger.stpo = {}: unknown key; the nearest valid key is 'stop'"),
        ({"stop": {"trail_sgima": 1.0}}, "outrigger.stop.trail_sgima = 1.0: unknown key; the nearest valid"
         " key is 'trail_sigma'"),
        ({"stop": {"PROTECT_MIN": 1.0}}, "outrigger.stop.PROTECT_MIN = 1.0: unknown key; the nearest"),
        ({"risk": {"trail_sgima": 1.0}}, "is 'trail_sigma', at outrigger.stop.trail_sigma"),
        ({"risk": {"trail_sigma": 1.0}}, "unknown key; it belongs at outrigger.stop.trail_sigma"),
        ({"stop": {"max_leverage": 3}}, "unknown key; it belongs at outrigger.risk.max_leverage"),
        ({"trail_sigma": 1.0}, "unknown key; it belongs at outrigger.stop.trail_sigma"),
        ({"stop": {"risk": {}}}, "outrigger.stop.risk = {}: unknown key; it belongs at outrigger.risk"),
        ({"stop": {"": 1}}, "unknown key; the nearest valid key is"),
    ],
)  # fmt: skip
def test_unknown_key_is_refused_with_its_nearest_or_its_place(block, told):
    assert told in refused(block)


def test_key_that_is_no_text_is_refused():
    assert "outrigger.3" in refused({3: {}})


def test_every_problem_is_told_at_once():
    message = refused({"stop": {"trail_sigma": -1.0, "foo": 1}, "risk": {"max_leverage": 0}, "bar": 2})
    for key in ("stop.trail_sigma", "stop.foo", "risk.max_leverage", "outrigger.bar"):
        assert key in message


def test_long_values_are_cut_in_the_message():
    assert len(refused({"stop": {"policy": "x" * 10_000}})) < 400
    assert len(refused(["x" * 10_000])) < 400


def test_settings_are_frozen():
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.stop.trail_sigma = 1.0
    with pytest.raises(ValidationError, match="frozen"):
        settings.stop = settings.stop
    with pytest.raises(ValidationError):
        settings.stop.new = 1


def test_with_values_replaces_single_values_and_leaves_the_original():
    before = read_settings({"outrigger": {"stop": {"trail_sigma": 1.0}, "risk": {"max_leverage": 3}}})
    after = with_values(before, {"stop": {"protect_sigma": 2.5}})
    assert (after.stop.protect_sigma, after.stop.trail_sigma, after.risk.max_leverage) == (2.5, 1.0, 3)
    assert before.stop == read_settings({"outrigger": {"stop": {"trail_sigma": 1.0}}}).stop
    assert with_values(before, {}) == before


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            {"stop": {"activation_sigma": 0.3, "trail_sigma": 5.0}},
            "activation_sigma (0.3) is smaller than trail_sigma (5.0)",
        ),
        ({"stop": {"trail_sigma": 50.0}}, "allowed: 0.2 to 6.0"),
        ({"stop": {"nothing": 1}}, "outrigger.stop.nothing = 1: unknown key"),
        ({"stops": {"trail_sigma": 1.0}}, "outrigger.stops"),
    ],
)
def test_with_values_that_cannot_be_used_are_refused(values, told):
    with pytest.raises(SettingsError, match=re.escape(told)):
        with_values(Settings(), values)


def test_tunables_are_every_setting_with_a_search_range():
    found = {(section, key): (tune, default) for section, key, tune, default in tunables()}
    assert set(found) == {(section, key) for section, key, field in FIELDS if tune_of(field) is not None}
    assert {"protect_sigma", "activation", "activation_sigma", "trail_sigma"} <= {key for _, key in found}
    for (section, key), (_, default) in found.items():
        assert default == getattr(getattr(Settings(), section), key)


@pytest.mark.parametrize("found", list(tunables()), ids=lambda found: f"{found[0]}.{found[1]}")
def test_tunable_search_range_lies_inside_the_limits_and_holds_the_default(found):
    section, key, tune, default = found
    low, high = limits(SECTIONS[section].model_fields[key])
    assert tune.space in ("stop", "enter", "regime", "hedge")
    assert low <= tune.low <= default <= tune.high <= high
    assert tune.low < tune.high
    for value in (tune.low, tune.high, default):
        assert round(value, tune.decimals) == value
        assert getattr(getattr(with_values(Settings(), {section: {key: value}}), section), key) == value


def test_tunable_corners_of_the_stop_never_contradict_each_other():
    corners = [{}]
    for section, key, tune, _ in tunables():
        if section == "stop":
            corners = [known | {key: value} for known in corners for value in (tune.low, tune.high)]
    for values in corners:
        with_values(Settings(), {"stop": values})


def test_parameter_without_search_range_or_limits_is_neither_tuned_nor_bounded():
    class Example(Section):
        name: str = parameter("a", "What it does.", unit="name")
        size: float = parameter(
            1.0, "What it does.", unit="m", ge=0.0, le=2.0, tune=Tune("stop", 0.5, 1.5, 1)
        )

    assert tune_of(Example.model_fields["name"]) is None
    assert unit_of(Example.model_fields["name"]) == "name"
    assert tune_of(Example.model_fields["size"]) == Tune("stop", 0.5, 1.5, 1)
