"""The stops that are compared on the same entries: the shipped one, its rivals, and no stop at all.

Each is a function from a pair's market to widths, so that the law, the ratchet and the costs are the same
for all of them. The naive volatility stop is the bar that a better forecast has to clear.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outrigger.market.timeframe import timeframe_ms
from outrigger.regime.effects import regime_effects
from outrigger.review.pair_market import PairMarket
from outrigger.settings.read import Settings
from outrigger.settings.squeeze import SqueezeSettings
from outrigger.settings.stop import StopSettings
from outrigger.sided import Sided, alike
from outrigger.stops.measured import pressures
from outrigger.stops.policies import Floats, WidthColumns, sided_widths

SHIPPED = "volatility"
# Far enough never to be reached, near enough for the law to accept it.
_NEVER = 0.999
_DAY_MINUTES, _HOURS_4_MINUTES = 1440, 240


@dataclass(frozen=True, slots=True)
class Compared:
    """One policy of the comparison.

    Parameters
    ----------
    name : str
        Shown in tables and used as a key.
    columns : callable
        From a pair's market to its widths for longs and shorts, one row a candle.
    matched : bool
        Whether the policy appears in the matched reading; trails of another width are the same there.
    risk : float or None
        Distance that counts as one R where the policy has no protective stop.
    """

    name: str
    columns: Callable[[PairMarket], Sided[WidthColumns]]
    matched: bool = True
    risk: float | None = None


def of_settings(settings: StopSettings) -> Callable[[PairMarket], Sided[WidthColumns]]:
    """Widths of a configured policy.

    Parameters
    ----------
    settings : StopSettings
        Policy and its numbers.

    Returns
    -------
    callable
        From a pair's market to widths; other horizons than the default ones are measured anew.
    """
    default = StopSettings()
    same = (settings.horizon_hours, settings.protect_horizon_hours, settings.chandelier_bars) == (
        default.horizon_hours,
        default.protect_horizon_hours,
        default.chandelier_bars,
    )
    return lambda market: sided_widths(market.columns if same else market.measured(settings), settings)


def pressed(settings: Settings) -> Callable[[PairMarket], Sided[WidthColumns]]:
    """Widths of the shipped policy with what presses on it, from the market's inputs."""

    def columns(market: PairMarket) -> Sided[WidthColumns]:
        told_of = market.regimes if settings.regime.enabled else None
        effects = None if told_of is None else regime_effects(told_of, settings.regime)
        told = pressures(market.inputs, market.candles.close, market.columns, settings, effects)
        return sided_widths(market.columns, settings.stop, told)

    return columns


def constant(protect: float, activation: float, trail: float) -> Callable[[PairMarket], Sided[WidthColumns]]:
    """Widths that never change, as fractions of price."""

    def columns(market: PairMarket) -> Sided[WidthColumns]:
        size = len(market.candles)
        return alike(WidthColumns(np.full(size, protect), np.full(size, activation), np.full(size, trail)))

    return columns


def naive_sigma(close: Floats, timeframe: str) -> Floats:
    """Volatility over four hours as the mean of a slow and a fast exponentially weighted variance.

    Parameters
    ----------
    close : ndarray of shape (n_candles,)
        Closing prices.
    timeframe : str
        Length of a candle.

    Returns
    -------
    ndarray of shape (n_candles,)
        Standard deviation of the four-hour log return; half-lives are a day and two hours.
    """
    minutes = timeframe_ms(timeframe) / 60_000
    squared = pd.Series(np.log(close)).diff() ** 2
    variance = sum(squared.ewm(halflife=half / minutes).mean() for half in (_DAY_MINUTES, 120)) / 2
    return np.sqrt(np.asarray(variance, dtype=np.float64) * _HOURS_4_MINUTES / minutes)


def naive(market: PairMarket) -> Sided[WidthColumns]:
    """Protective 2 sigma, armed at 2 % or 2.5 sigma, trail 1.5 sigma, without limits."""
    sigma = naive_sigma(market.candles.close, market.timeframe)
    return alike(WidthColumns(2 * sigma, np.fmax(0.02, 2.5 * sigma), 1.5 * sigma))


def _trail(width: float) -> Callable[[PairMarket], Sided[WidthColumns]]:
    return of_settings(StopSettings(policy="trailing", trailing_width=width))


COMPARED = (
    Compared(SHIPPED, of_settings(StopSettings())),
    Compared("naive volatility", naive),
    Compared("fixed 3 %", of_settings(StopSettings(policy="fixed", fixed_distance=0.03))),
    Compared("trail 1 %", _trail(0.01), matched=False),
    Compared("trail 2 %", _trail(0.02), matched=False),
    Compared("trail 3 %", _trail(0.03)),
    Compared("Chandelier 22×3", of_settings(StopSettings(policy="chandelier"))),
    Compared("arm 1.5, trail 2 %", constant(0.03, 0.015, 0.02)),
    Compared("no stop", constant(_NEVER, np.inf, np.nan), matched=False, risk=0.03),
)


SQUEEZES = {
    "funding": SqueezeSettings(funding=True),
    "book depth": SqueezeSettings(depth=True),
    "cascade guard": SqueezeSettings(guard=True),
    "guard from entry": SqueezeSettings(guard=True, guard_unarmed=True),
    "all": SqueezeSettings(funding=True, depth=True, guard=True),
}
# The shipped stop with and without what presses on it, to see whether a part earns its place.
SQUEEZED = (
    COMPARED[0],
    *(Compared(f"+ {name}", pressed(Settings(squeeze=chosen))) for name, chosen in SQUEEZES.items()),
)
