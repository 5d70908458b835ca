"""How wide a stop is and when it arms: one function a policy, market columns in, widths out.

Widths depend on the market and the settings alone, never on a trade, so they are computed once per pair
for all candles and every trade reads them. Row i of every column is known at the close of candle i.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from math import nan

import numpy as np
from numpy.typing import NDArray

from outrigger.settings.stop import StopSettings
from outrigger.sided import Sided, alike
from outrigger.stops.law import Widths
from outrigger.stops.pressure import Pressure

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MarketColumns:
    """What policies read, one value a base candle, known at its close.

    Parameters
    ----------
    sigma : ndarray of shape (n_candles,)
        Forecast standard deviation of the log return over the trail's horizon, as a fraction.
    protect_sigma : ndarray of shape (n_candles,)
        The same over the protective stop's horizon.
    candle_range : ndarray of shape (n_candles,)
        Mean range of the last hour's base candles, as a fraction of price.
    atr : ndarray of shape (n_candles,)
        Hourly average true range as a fraction of price; all NaN where no policy needs it.
    """

    sigma: Floats
    protect_sigma: Floats
    candle_range: Floats
    atr: Floats


@dataclass(frozen=True, slots=True)
class WidthColumns:
    """A policy's answer for every candle, as fractions of price.

    Parameters
    ----------
    protect, activation, trail : ndarray of shape (n_candles,)
        See `outrigger.stops.law.Widths`; NaN where the policy has no opinion yet.
    guard, early_guard : ndarray of shape (n_candles,), optional
        Prices of the cascade guard; None where it is off.
    factors : mapping of str to ndarray of shape (n_candles,)
        Multipliers that went into the trail, by cause, for explanations.
    """

    protect: Floats
    activation: Floats
    trail: Floats
    guard: Floats | None = None
    early_guard: Floats | None = None
    factors: Mapping[str, Floats] = field(default_factory=dict)

    def at(self, row: int) -> Widths:
        """Widths known at the close of one candle."""
        plain = float(self.protect[row]), float(self.activation[row]), float(self.trail[row])
        if self.guard is None:
            return Widths(*plain)
        early = nan if self.early_guard is None else float(self.early_guard[row])
        return Widths(*plain, float(self.guard[row]), early)


def _constant(value: float, like: Floats) -> Floats:
    return np.full(len(like), value, dtype=np.float64)


def break_even(trail: Floats) -> Floats:
    """Smallest activation at which a stop that has just armed lies at the entry or better.

    Parameters
    ----------
    trail : ndarray
        Width of the trail as a fraction of price.

    Returns
    -------
    ndarray
        w / (1 - w): (1 + a)(1 - w) >= 1 for a long; a short needs a little less. Infinite for a width of
        1 or more, which no move makes good.
    """
    needed: Floats = np.divide(trail, 1 - trail, out=np.full_like(trail, np.inf), where=~(trail >= 1))
    return needed


def fixed(market: MarketColumns, settings: StopSettings, pressure: Pressure) -> WidthColumns:
    """Never move the protective stop."""
    return WidthColumns(
        _constant(settings.fixed_distance, market.sigma),
        _constant(np.inf, market.sigma),
        _constant(np.nan, market.sigma),
    )


def trailing(market: MarketColumns, settings: StopSettings, pressure: Pressure) -> WidthColumns:
    """Trail at a constant width, from the entry on or after a fixed favourable move."""
    width = _constant(settings.trailing_width, market.sigma)
    return WidthColumns(width, _constant(settings.trailing_activation, market.sigma), width)


def chandelier(market: MarketColumns, settings: StopSettings, pressure: Pressure) -> WidthColumns:
    """Trail at a multiple of the hourly ATR from the entry on (LeBeau's Chandelier exit)."""
    width = np.clip(settings.chandelier_multiple * market.atr, settings.noise_floor, 0.5)
    return WidthColumns(width, _constant(0.0, market.sigma), width)


def volatility(market: MarketColumns, settings: StopSettings, pressure: Pressure) -> WidthColumns:
    """Scale every distance with the forecast, within limits, and keep the trail above the candles' noise.

    What presses on the side multiplies the trail before its limits hold, so no opinion widens or narrows it
    beyond them.
    """
    distance = settings.protect_sigma * market.protect_sigma
    protect = np.clip(distance, settings.protect_min, settings.protect_max)
    asked: Floats = reduce(np.multiply, pressure.factors.values(), settings.trail_sigma * market.sigma)
    trail = np.clip(asked, settings.trail_min, settings.trail_max)
    trail = np.fmax(trail, settings.noise_candles * market.candle_range)
    activation = np.fmax(settings.activation_sigma * market.sigma, settings.activation)
    if pressure.activation is not None:
        activation = activation * pressure.activation
    if not settings.allow_loss_when_armed:
        activation = np.fmax(activation, break_even(trail))
    unknown = np.isnan(market.sigma)
    return WidthColumns(
        protect,
        np.where(unknown, np.inf, activation),
        np.where(unknown, np.nan, trail),
        pressure.guard,
        pressure.early_guard,
        pressure.factors,
    )


POLICIES: dict[str, Callable[[MarketColumns, StopSettings, Pressure], WidthColumns]] = {
    "volatility": volatility,
    "trailing": trailing,
    "chandelier": chandelier,
    "fixed": fixed,
}


def widths(market: MarketColumns, settings: StopSettings, pressure: Pressure | None = None) -> WidthColumns:
    """Widths of the configured policy.

    Parameters
    ----------
    market : MarketColumns
        What the policies read.
    settings : StopSettings
        Policy and its numbers.
    pressure : Pressure, optional
        What is asked of one side's stop beside its noise; only policy `volatility` listens.

    Returns
    -------
    WidthColumns
        One row a candle.
    """
    return POLICIES[settings.policy](market, settings, pressure or Pressure())


def sided_widths(
    market: MarketColumns, settings: StopSettings, pressures: Sided[Pressure] | None = None
) -> Sided[WidthColumns]:
    """Widths of both sides.

    Parameters
    ----------
    market : MarketColumns
        What the policies read.
    settings : StopSettings
        Policy and its numbers.
    pressures : Sided of Pressure, optional
        What presses on each side; None makes the sides alike.

    Returns
    -------
    Sided of WidthColumns
        One row a candle.
    """
    if pressures is None:
        return alike(widths(market, settings))
    return Sided(*(widths(market, settings, pressures.of(side)) for side in (1, -1)))
