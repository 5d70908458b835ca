"""From candles, and what is known beside them, to a pair's track: the same steps for every caller.

A report that replays a stop, `explain-stop` and the running strategy must not differ in how the columns of a
policy come about, so they come about here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from outrigger.market.alignment import align
from outrigger.regime.effects import RegimeEffects, regime_effects
from outrigger.settings.read import Settings
from outrigger.sided import Sided
from outrigger.stops.columns import FORECAST_CHART, market_columns, measure_noise
from outrigger.stops.policies import MarketColumns, sided_widths
from outrigger.stops.pressure import Floats, Pressure, columns_read, squeeze_pressure
from outrigger.stops.track import StopTrack, track_of

REGIME: Final = "regime"


def on_base(
    inputs: pd.DataFrame | Mapping[str, Floats], frames: Mapping[str, pd.DataFrame], base: str, pair: str
) -> dict[str, Floats]:
    """Inputs as known at each base candle's close.

    Parameters
    ----------
    inputs : DataFrame of shape (n_five_minute_candles, n_inputs), or mapping of its columns
        One row a candle of the five-minute chart.
    frames : mapping of str to DataFrame
        Closed candles by timeframe: the base and the five-minute chart.
    base : str
        The base timeframe.
    pair : str
        Pair, for error messages.

    Returns
    -------
    dict of str to ndarray of shape (n_candles,)
        By the inputs' names.

    Raises
    ------
    DataError
        If dates do not increase.
    """
    named = {str(name): np.asarray(values, dtype=np.float64) for name, values in inputs.items()}
    if not named:
        return {}
    values = np.column_stack(list(named.values()))
    if base != FORECAST_CHART:
        clock, chart = frames[base]["date"], frames[FORECAST_CHART]["date"]
        values = align(clock, base, chart, FORECAST_CHART, values, pair=pair)
    return dict(zip(named, values.T, strict=True))


def pressures(
    inputs: Mapping[str, Floats],
    close: Floats,
    market: MarketColumns,
    settings: Settings,
    effects: Sided[RegimeEffects] | None = None,
) -> Sided[Pressure] | None:
    """What presses on the stops of either side at each base candle.

    Parameters
    ----------
    inputs : mapping of str to ndarray of shape (n_candles,)
        By name; those missing have no opinion.
    close : ndarray of shape (n_candles,)
        Closing prices.
    market : MarketColumns
        For the candles' own noise, which no guard undercuts.
    settings : Settings
        As they are in effect.
    effects : Sided of RegimeEffects, optional
        What the regimes ask for.

    Returns
    -------
    Sided of Pressure or None
        None where everything is switched off.
    """
    if not settings.squeeze.any and effects is None:
        return None
    floor = np.fmax(settings.stop.noise_candles * market.candle_range, settings.stop.noise_floor)
    squeezed = squeeze_pressure(inputs, close, floor, settings.squeeze)
    if effects is None:
        return squeezed
    return Sided(*(_with_regime(squeezed.of(side), effects.of(side)) for side in (1, -1)))


def _with_regime(pressure: Pressure, effects: RegimeEffects) -> Pressure:
    return replace(
        pressure, factors={**pressure.factors, REGIME: effects.trail}, activation=effects.activation
    )


def measured_track(
    frames: Mapping[str, pd.DataFrame],
    base: str,
    settings: Settings,
    pair: str,
    inputs: pd.DataFrame | None = None,
    regimes: pd.DataFrame | None = None,
) -> StopTrack:
    """Measure a pair's candles and lay them out with the widths of the configured policy.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Candles by timeframe: the base and those of `outrigger.stops.columns.stop_charts`.
    base : str
        The base timeframe.
    settings : Settings
        Policy, and what may press on it.
    pair : str
        Pair, for error messages.
    inputs : DataFrame of shape (n_five_minute_candles, n_inputs), optional
        What is known beside prices.
    regimes : DataFrame of shape (n_five_minute_candles, 5), optional
        Probabilities of the regimes.

    Returns
    -------
    StopTrack
        Serves every trade of the pair.

    Raises
    ------
    DataError
        If a chart is missing or its dates do not increase.
    """
    clock = frames[base]
    market = market_columns(measure_noise(frames, base, settings.stop, pair))
    known = {} if inputs is None else on_base(inputs, frames, base, pair)
    effects = None
    if regimes is not None:
        told = np.column_stack([*on_base(regimes, frames, base, pair).values()])
        effects = regime_effects(told, settings.regime)
    pressed = pressures(known, clock["close"].to_numpy(np.float64), market, settings, effects)
    return track_of(clock, base, market, sided_widths(market, settings.stop, pressed))


def inputs_wanted(settings: Settings) -> tuple[str, ...]:
    """Names of the inputs that the settings make use of; none where everything is switched off."""
    return columns_read(settings.squeeze)
