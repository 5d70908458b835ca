"""Reads the `"outrigger"` block of a Freqtrade configuration, and says exactly what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from outrigger.errors import SettingsError
from outrigger.settings.hedge import HedgeSettings
from outrigger.settings.market import MarketSettings
from outrigger.settings.messages import MessageSettings
from outrigger.settings.regime import RegimeSettings
from outrigger.settings.risk import RiskSettings
from outrigger.settings.section import Section, Tune, tune_of
from outrigger.settings.signals import SignalSettings
from outrigger.settings.squeeze import SqueezeSettings
from outrigger.settings.stop import StopSettings

BLOCK = "outrigger"
_LONGEST_SHOWN = 80


class Settings(Section):
    """The whole `"outrigger"` block."""

    stop: StopSettings = StopSettings()
    squeeze: SqueezeSettings = SqueezeSettings()
    regime: RegimeSettings = RegimeSettings()
    signals: SignalSettings = SignalSettings()
    risk: RiskSettings = RiskSettings()
    hedge: HedgeSettings = HedgeSettings()
    market: MarketSettings = MarketSettings()
    messages: MessageSettings = MessageSettings()


def read_settings(config: Mapping[str, Any]) -> Settings:
    """Read and check the settings of a Freqtrade configuration.

    Parameters
    ----------
    config : mapping
        Freqtrade's configuration; a missing block means all defaults.

    Returns
    -------
    Settings
        Frozen.

    Raises
    ------
    SettingsError
        Naming every offending key with its value, its limit and, for an unknown key, the nearest one.
    """
    return _validated(config.get(BLOCK, {}))


def with_values(settings: Settings, values: Mapping[str, Mapping[str, Any]]) -> Settings:
    """Replace single values and check the result as a whole.

    Parameters
    ----------
    settings : Settings
        What to start from.
    values : mapping of section to mapping of key to value
        For example `{"stop": {"trail_sigma": 1.0}}`.

    Returns
    -------
    Settings
        Frozen.

    Raises
    ------
    SettingsError
        If the values contradict each other or their limits.
    """
    block = settings.model_dump()
    for section, changed in values.items():
        block[section] = {**block.get(section, {}), **changed}
    return _validated(block)


def tunables() -> Iterator[tuple[str, str, Tune, Any]]:
    """Yield section, key, search range and default of every setting that hyperopt may move."""
    for section, section_field in Settings.model_fields.items():
        model = section_field.annotation
        if isinstance(model, type) and issubclass(model, Section):
            for key, field in model.model_fields.items():
                tune = tune_of(field)
                if tune is not None:
                    yield section, key, tune, field.default


def _validated(block: Any) -> Settings:
    if not isinstance(block, dict):
        raise SettingsError(f'"{BLOCK}" is {_shown(block)}: it has to be an object, {{"stop": {{...}}, ...}}')
    try:
        return Settings.model_validate(block)
    except ValidationError as error:
        problems = "\n".join(f"  - {_explain(detail)}" for detail in error.errors())
        raise SettingsError(
            f'the "{BLOCK}" block of the configuration cannot be used:\n{problems}'
        ) from error


def _explain(detail: ErrorDetails) -> str:
    """One pydantic error as a sentence that names key, value, limit and what to write instead."""
    path = ".".join([BLOCK, *(str(part) for part in detail["loc"])])
    if detail["type"] == "extra_forbidden":
        return f"{path} = {_shown(detail['input'])}: unknown key; {_nearest(detail['loc'])}"
    if detail["type"] == "value_error":
        return f"{path}: {detail['ctx']['error']}"
    if detail["type"] == "model_type":
        return f'{path} = {_shown(detail["input"])}: it has to be an object, {{"key": value, ...}}'
    return f"{path} = {_shown(detail['input'])}: {_lower_first(detail['msg'])}{_allowed(detail['loc'])}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _model_at(location: tuple[int | str, ...]) -> type[Section]:
    model: type[Section] = Settings
    for part in location:
        field = model.model_fields.get(str(part))
        if field is None or not (
            isinstance(field.annotation, type) and issubclass(field.annotation, Section)
        ):
            break
        model = field.annotation
    return model


def _nearest(location: tuple[int | str, ...]) -> str:
    key = str(location[-1])
    here = list(_model_at(location[:-1]).model_fields)
    places = {name: f"{BLOCK}.{name}" for name in Settings.model_fields}
    for section in Settings.model_fields:
        for name in _model_at((section,)).model_fields:
            place = f"{BLOCK}.{section}.{name}"
            places[name] = f"{places[name]} or {place}" if name in places else place
    if key in places:
        return f"it belongs at {places[key]}"
    near = get_close_matches(key, places, n=1) or get_close_matches(key, here, n=1, cutoff=0.0)
    return f"the nearest valid key is {near[0]!r}" + ("" if near[0] in here else f", at {places[near[0]]}")


def _allowed(location: tuple[int | str, ...]) -> str:
    """The range a number was declared with, as words."""
    if not location:
        return ""
    field = _model_at(location[:-1]).model_fields.get(str(location[-1]))
    bounds = {type(item).__name__: item for item in field.metadata} if field else {}
    low, high = getattr(bounds.get("Ge"), "ge", None), getattr(bounds.get("Le"), "le", None)
    return f" (allowed: {low} to {high})" if low is not None and high is not None else ""


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
