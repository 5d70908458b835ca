"""Settings are declared once: hyperopt finds them, the configuration sets them, files override them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.exceptions import OperationalException
from freqtrade.strategy.hyper import detect_all_parameters
from freqtrade.strategy.parameters import BaseParameter, DecimalParameter
from hypothesis import given
from hypothesis import strategies as st

from outrigger.bot.parameters import configure, declare, effective, refuse_contradictions
from outrigger.errors import SettingsError
from outrigger.settings.read import Settings, tunables
from outrigger.signals.indicators import startup_candles

NAMES = {f"{section}_{key}" for section, key, _, _ in tunables()}


def declared() -> type[Any]:
    class Strategy:
        pass

    declare(Strategy)
    return Strategy


def configured(config: Mapping[str, Any] | None = None) -> tuple[Any, Settings]:
    strategy = declared()()
    return strategy, configure(strategy, config or {})


def test_declare_gives_class_attributes_that_freqtrade_finds() -> None:
    found = detect_all_parameters(declared())
    assert set(found) == {"stop", "enter", "regime", "hedge"}
    assert {name for space in found.values() for name in space} == NAMES
    for section, key, tune, default in tunables():
        made = found[tune.space][f"{section}_{key}"]
        assert isinstance(made, DecimalParameter)
        assert (made.value, made.low, made.high) == (default, min(tune.low, default), max(tune.high, default))


def test_every_search_range_lies_within_the_limits() -> None:
    """A range that the settings would refuse costs hyperopt epochs."""
    for section, key, tune, _ in tunables():
        field = getattr(Settings(), section).__class__.model_fields[key]
        low = next(item.ge for item in field.metadata if hasattr(item, "ge"))
        high = next(item.le for item in field.metadata if hasattr(item, "le"))
        assert low <= tune.low < tune.high <= high


@pytest.mark.parametrize(("switch", "gain"), [("funding", "funding_gain"), ("depth", "depth_gain")])
@pytest.mark.parametrize("on", [False, True])
def test_configure_searches_a_gain_only_where_its_switch_is_on(switch: str, gain: str, on: bool) -> None:
    strategy, _ = configured({"outrigger": {"squeeze": {switch: on}}})
    assert getattr(strategy, f"squeeze_{gain}").optimize is on
    # A parameter file may still set it.
    assert getattr(strategy, f"squeeze_{gain}").load


def test_every_switch_is_a_setting_that_is_on_or_off() -> None:
    for section, _, tune, _ in tunables():
        assert tune.switch is None or isinstance(getattr(getattr(Settings(), section), tune.switch), bool)


def test_shipped_strategy_has_all_parameters() -> None:
    from outrigger_strategy import Outrigger

    found = detect_all_parameters(Outrigger)
    assert {name for space in found.values() for name in space} == NAMES


def test_configure_takes_defaults_from_the_configuration() -> None:
    strategy, settings = configured({"outrigger": {"stop": {"trail_sigma": 0.9}}})
    assert strategy.stop_trail_sigma.value == settings.stop.trail_sigma == 0.9
    assert type(strategy).stop_trail_sigma.value == Settings().stop.trail_sigma


@pytest.mark.parametrize("value", [1.255, 1.23456789, 2.0, 3.5])
def test_configured_value_is_not_rounded_to_the_search_grid(value: float) -> None:
    strategy, settings = configured({"outrigger": {"stop": {"protect_sigma": value}}})
    assert strategy.stop_protect_sigma.value == value
    assert effective(strategy, settings) is settings


@given(value=st.floats(0.3, 4.0))
def test_effective_is_the_identity_for_any_configured_value(value: float) -> None:
    strategy, settings = configured({"outrigger": {"stop": {"protect_sigma": value}}})
    assert effective(strategy, settings) is settings


def test_configured_value_outside_the_search_range_widens_it() -> None:
    strategy, _ = configured({"outrigger": {"stop": {"protect_sigma": 3.5}}})
    found = strategy.stop_protect_sigma
    assert found.low < found.high == found.value == 3.5


def test_configure_unusable_settings_are_refused_without_a_traceback() -> None:
    with pytest.raises(OperationalException, match=r"stop\.trail_sigma.*allowed: 0\.2 to 6\.0"):
        configured({"outrigger": {"stop": {"trail_sigma": 99.0}}})


def test_effective_takes_changed_values_in_any_order_of_epochs() -> None:
    strategy, settings = configured()
    strategy.stop_trail_sigma.value = 0.8
    first = effective(strategy, settings)
    assert first.stop.trail_sigma == 0.8
    assert (
        first.model_dump()
        == settings.model_copy(
            update={"stop": settings.stop.model_copy(update={"trail_sigma": 0.8})}
        ).model_dump()
    )
    strategy.stop_trail_sigma.value = settings.stop.trail_sigma
    strategy.signals_channel.value = 0.25
    second = effective(strategy, first)
    assert (second.stop, second.signals.channel) == (settings.stop, 0.25)


def test_effective_contradicting_values_raise() -> None:
    strategy, settings = configured()
    strategy.stop_trail_sigma.value, strategy.stop_activation_sigma.value = 1.2, 1.0
    with pytest.raises(SettingsError, match="activation_sigma"):
        effective(strategy, settings)


def test_every_parameter_is_of_freqtrades_kind_on_the_instance() -> None:
    strategy, _ = configured()
    assert {name for name, value in vars(strategy).items() if isinstance(value, BaseParameter)} == NAMES


def sound(**changed: Any) -> Any:
    settings = changed.pop("settings", Settings())
    known = {
        "trailing_stop": False,
        "use_custom_stoploss": True,
        "use_exit_signal": True,
        "timeframe": "1m",
        "startup_candle_count": 2016,
        "config": {},
        "settings": settings,
    }
    return SimpleNamespace(**{**known, **changed})


def test_refuse_contradictions_lets_the_shipped_configuration_pass() -> None:
    refuse_contradictions(sound())


@pytest.mark.parametrize(
    ("key", "value"), [("trailing_stop", True), ("use_custom_stoploss", False), ("use_exit_signal", False)]
)
def test_refuse_contradictions_names_the_key_and_the_remedy(key: str, value: bool) -> None:
    with pytest.raises(OperationalException, match=f"{key} is {str(value).lower()}.*remove it"):
        refuse_contradictions(sound(**{key: value}))


@pytest.mark.parametrize(
    "signals",
    [
        {"middle_chart": "30s"},
        {"slow_chart": "5m"},
        {"middle_chart": "nonsense"},
    ],
)
def test_refuse_contradictions_charts_out_of_order_are_refused(signals: dict[str, str]) -> None:
    settings = Settings(signals=Settings().signals.model_copy(update=signals))
    with pytest.raises(OperationalException, match=r"chart|timeframe"):
        refuse_contradictions(sound(settings=settings))


def test_refuse_contradictions_short_startup_from_the_configuration_warns(
    caplog: pytest.LogCaptureFixture,
) -> None:
    needed = startup_candles(Settings().signals, "1m")
    with caplog.at_level(logging.WARNING):
        refuse_contradictions(
            sound(startup_candle_count=needed - 1, config={"startup_candle_count": needed - 1})
        )
    assert f"look back on {needed} candles" in caplog.text
