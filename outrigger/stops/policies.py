"""How wide a stop is and when it arms: one function a policy, market columns in, widths out.

Widths depend on the market and the settings alone, never on a trade, so they are computed once per pair
for all candles and every trade reads them. Row i of every column is known at the close of candle i.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outrigger.settings.stop import StopSettings
from outrigger.stops.law import Widths

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
    """

    protect: Floats
    activation: Floats
    trail: Floats

    def at(self, row: int) -> Widths:
        """Widths known at the close of one candle."""
        return Widths(float(self.protect[row]), float(self.activation[row]), float(self.trail[row]))


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


def fixed(market: MarketColumns, settings: StopSettings) -> WidthColumns:
    """Never move the protective stop."""
    return WidthColumns(
        _constant(settings.fixed_distance, market.sigma),
        _constant(np.inf, market.sigma),
        _constant(np.nan, market.sigma),
    )


def trailing(market: MarketColumns, settings: StopSettings) -> WidthColumns:
    """Trail at a constant width, from the entry on or after a fixed favourable move."""
    width = _constant(settings.trailing_width, market.sigma)
    return WidthColumns(width, _constant(settings.trailing_activation, market.sigma), width)


def chandelier(market: MarketColumns, settings: StopSettings) -> WidthColumns:
    """Trail at a multiple of the hourly ATR from the entry on (LeBeau's Chandelier exit)."""
    width = np.clip(settings.chandelier_multiple * market.atr, settings.noise_floor, 0.5)
    return WidthColumns(width, _constant(0.0, market.sigma), width)


def volatility(market: MarketColumns, settings: StopSettings) -> WidthColumns:
    """Scale every distance with the forecast, within limits, and keep the trail above the candles' noise."""
    distance = settings.protect_sigma * market.protect_sigma
    protect = np.clip(distance, settings.protect_min, settings.protect_max)
    trail = np.clip(settings.trail_sigma * market.sigma, settings.trail_min, settings.trail_max)
    trail = np.fmax(trail, settings.noise_candles * market.candle_range)
    activation = np.fmax(settings.activation_sigma * market.sigma, settings.activation)
    if not settings.allow_loss_when_armed:
        activation = np.fmax(activation, break_even(trail))
    unknown = np.isnan(market.sigma)
    return WidthColumns(protect, np.where(unknown, np.inf, activation), np.where(unknown, np.nan, trail))


POLICIES: dict[str, Callable[[MarketColumns, StopSettings], WidthColumns]] = {
    "volatility": volatility,
    "trailing": trailing,
    "chandelier": chandelier,
    "fixed": fixed,
}


def widths(market: MarketColumns, settings: StopSettings) -> WidthColumns:
    """Widths of the configured policy.

    Parameters
    ----------
    market : MarketColumns
        What the policies read.
    settings : StopSettings
        Policy and its numbers.

    Returns
    -------
    WidthColumns
        One row a candle.
    """
    return POLICIES[settings.policy](market, settings)
