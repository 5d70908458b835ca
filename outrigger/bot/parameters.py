"""Outrigger's settings as Freqtrade's hyperopt parameters, and back.

Declared once, in `outrigger.settings`: a setting with a search range becomes a parameter of the strategy,
named `<section>_<key>`. Its default is what `config.json` says; a parameter file that hyperopt wrote
beside the strategy overrides it, as with any Freqtrade strategy.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from freqtrade.exceptions import OperationalException
from freqtrade.strategy import DecimalParameter
from freqtrade.strategy.parameters import BaseParameter

from outrigger.errors import OutriggerError
from outrigger.settings.read import Settings, read_settings, tunables, with_values
from outrigger.settings.section import Tune
from outrigger.signals.indicators import startup_candles

logger = logging.getLogger(__name__)


def _parameter(tune: Tune, default: float, *, searched: bool = True) -> DecimalParameter:
    low, high = min(tune.low, default), max(tune.high, default)
    # Freqtrade rounds a parameter's default: a configured 1.255 must not become 1.25 unasked.
    decimals = max(tune.decimals, -int(Decimal(repr(default)).as_tuple().exponent))
    asked = {"decimals": decimals, "space": tune.space, "optimize": searched}
    return DecimalParameter(low, high, default=default, **asked)


def declare(strategy_class: type[Any]) -> None:
    """Give a strategy class one parameter for every setting that hyperopt may move.

    Parameters
    ----------
    strategy_class : type
        The strategy; Freqtrade finds its parameters by looking at its attributes.
    """
    for section, key, tune, default in tunables():
        setattr(strategy_class, f"{section}_{key}", _parameter(tune, default))


def configure(strategy: Any, config: Mapping[str, Any]) -> Settings:
    """Read the configuration and make it the default of a strategy's parameters.

    Parameters
    ----------
    strategy : IStrategy
        The instance, whose attributes then shadow those of its class.
    config : mapping
        Freqtrade's configuration.

    Returns
    -------
    Settings
        As configured.

    Raises
    ------
    OperationalException
        If the settings cannot be used; Freqtrade prints it without a traceback.
    """
    try:
        settings = read_settings(config)
    except OutriggerError as error:
        raise OperationalException(str(error)) from error
    for section, key, tune, _ in tunables():
        chosen = getattr(settings, section)
        made = _parameter(tune, getattr(chosen, key), searched=tune.active(chosen))
        setattr(strategy, f"{section}_{key}", made)
    return settings


def effective(strategy: Any, settings: Settings) -> Settings:
    """Settings with the present values of the strategy's parameters.

    Parameters
    ----------
    strategy : IStrategy
        Its parameters may hold the values of a hyperopt epoch or of a parameter file.
    settings : Settings
        As configured.

    Returns
    -------
    Settings
        The same object where no parameter differs.

    Raises
    ------
    SettingsError
        If the values contradict each other.
    """
    changed: dict[str, dict[str, Any]] = {}
    for section, key, _, _ in tunables():
        found: BaseParameter = getattr(strategy, f"{section}_{key}")
        if found.value != getattr(getattr(settings, section), key):
            changed.setdefault(section, {})[key] = found.value
    return with_values(settings, changed) if changed else settings


def refused(check: Callable[..., None], *arguments: Any) -> None:
    """Run a check, and let Freqtrade print its refusal without a traceback.

    Parameters
    ----------
    check : callable
        Raises an OutriggerError where something cannot be used.
    *arguments
        Of the check.

    Raises
    ------
    OperationalException
        With the same message.
    """
    try:
        check(*arguments)
    except OutriggerError as error:
        raise OperationalException(str(error)) from error


def refuse_contradictions(strategy: Any) -> None:
    """Refuse what in Freqtrade's own configuration would defeat the stop.

    Parameters
    ----------
    strategy : IStrategy
        With Freqtrade's overrides from the configuration applied.

    Raises
    ------
    OperationalException
        Naming the key and what to write instead.
    """
    if strategy.trailing_stop:
        raise OperationalException(
            "trailing_stop is true in the configuration: Freqtrade would move the stop beside Outrigger; "
            'remove it and choose "outrigger": {"stop": {"policy": ...}}'
        )
    if not strategy.use_custom_stoploss:
        raise OperationalException("use_custom_stoploss is false in the configuration: remove it")
    if not strategy.use_exit_signal:
        raise OperationalException(
            "use_exit_signal is false in the configuration: a stop that price has already passed could not "
            "be left; remove it"
        )
    try:
        needed = startup_candles(strategy.settings.signals, strategy.timeframe)
    except OutriggerError as error:
        raise OperationalException(str(error)) from error
    if strategy.startup_candle_count < needed and strategy.config.get("startup_candle_count") is not None:
        logger.warning(
            "startup_candle_count is %s, the signals look back on %s candles: entries start later",
            strategy.startup_candle_count,
            needed,
        )
