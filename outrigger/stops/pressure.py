"""What the crowd, the book and liquidations close by ask of the stop, one side at a time.

Three opinions, each with its own switch and bounds. *Funding*: a crowd that stands where the trade stands can
be squeezed, so the trail narrows; a crowd on the other side pays for waiting, so it widens. *Depth*: a book
thinner than usual lets ordinary orders reach farther, so the trail widens. *Cascade guard*: where much would
be forced out close by, before little depth, the stop is drawn up to just before it.

An input that is not known (NaN) has no opinion: a multiplier of one, no guard. So without data every stop is
exactly what it was. Weak: liquidation levels are an estimate, and depth can be withdrawn when it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from outrigger.settings.squeeze import SqueezeSettings
from outrigger.sided import Sided

Floats = NDArray[np.float64]

FUNDING, DEPTH = "funding", "book depth"
_NAMES = {1: ("long", "bid"), -1: ("short", "ask")}


@dataclass(frozen=True, slots=True)
class Pressure:
    """What is asked of one side's stop beside its noise, one value a base candle, known at its close.

    Parameters
    ----------
    factors : mapping of str to ndarray of shape (n_candles,)
        Multipliers of the trail's width by cause; 1 is no opinion.
    activation : ndarray of shape (n_candles,), optional
        Multiplier of the activation; None is no opinion.
    guard, early_guard : ndarray of shape (n_candles,), optional
        Price up to which the stop is drawn, once armed and before; NaN or None asks for nothing.
    """

    factors: Mapping[str, Floats] = field(default_factory=dict)
    activation: Floats | None = None
    guard: Floats | None = None
    early_guard: Floats | None = None


def columns_read(settings: SqueezeSettings) -> tuple[str, ...]:
    """Names of the input columns that the switched-on parts read."""
    wanted: list[str] = ["funding_percentile_90d"] if settings.funding else []
    for side, book in _NAMES.values():
        if settings.depth or settings.guard:
            wanted.append(f"book_{book}_depth_vs_norm")
        if settings.guard:
            wanted += [f"fragility_{side}_percentile", f"liquidation_{side}_distance"]
    return tuple(wanted)


def squeeze_pressure(
    inputs: Mapping[str, Floats], close: Floats, least_room: Floats, settings: SqueezeSettings
) -> Sided[Pressure]:
    """What funding, depth and liquidation levels ask of both sides.

    Parameters
    ----------
    inputs : mapping of str to ndarray of shape (n_candles,)
        The columns of `columns_read`; one that is missing has no opinion.
    close : ndarray of shape (n_candles,)
        Closing prices.
    least_room : ndarray of shape (n_candles,)
        Nearest that a stop may be drawn to the close, as a fraction of price: the candles' own noise.
    settings : SqueezeSettings
        Switches and bounds.

    Returns
    -------
    Sided of Pressure
        Columns of shape (n_candles,).
    """
    unknown = np.full(len(close), np.nan)
    known = {name: inputs.get(name, unknown) for name in columns_read(settings)}
    return Sided(*(_of_side(side, known, close, least_room, settings) for side in (1, -1)))


def _of_side(
    side: int, known: Mapping[str, Floats], close: Floats, least_room: Floats, settings: SqueezeSettings
) -> Pressure:
    book = f"book_{_NAMES[side][1]}_depth_vs_norm"
    factors: dict[str, Floats] = {}
    if settings.funding:
        factors[FUNDING] = funding_factor(side, known["funding_percentile_90d"], settings)
    if settings.depth:
        factors[DEPTH] = depth_factor(known[book], settings)
    if not settings.guard:
        return Pressure(factors)
    name = _NAMES[side][0]
    guard = guard_price(
        side,
        close,
        known[f"fragility_{name}_percentile"],
        known[f"liquidation_{name}_distance"],
        known[book],
        least_room,
        settings,
    )
    return Pressure(factors, guard=guard, early_guard=guard if settings.guard_unarmed else None)


def funding_factor(side: int, percentile: Floats, settings: SqueezeSettings) -> Floats:
    """Multiplier of the trail from funding's percentile in its own past.

    Parameters
    ----------
    side : int
        +1 for a long, -1 for a short.
    percentile : ndarray of shape (n_candles,)
        0 to 1; high where longs have seldom paid as much.
    settings : SqueezeSettings
        Gain, quiet middle and bounds.

    Returns
    -------
    ndarray of shape (n_candles,)
        1 in the quiet middle and where nothing is known; linear from there to the extremes.
    """
    lean = 2 * percentile - 1
    extreme = np.clip((np.abs(lean) - settings.funding_quiet) / (1 - settings.funding_quiet), 0.0, 1.0)
    factor = 1 - side * settings.funding_gain * np.sign(lean) * extreme
    return _bounded(factor, settings.funding_min, settings.funding_max)


def depth_factor(depth_vs_norm: Floats, settings: SqueezeSettings) -> Floats:
    """Multiplier of the trail from the depth that has to absorb the exit.

    Parameters
    ----------
    depth_vs_norm : ndarray of shape (n_candles,)
        Log of the side's depth within 1 % over its norm for the hour.
    settings : SqueezeSettings
        Gain and bounds.

    Returns
    -------
    ndarray of shape (n_candles,)
        (norm / depth) to the power of the gain; 1 where nothing is known.
    """
    return _bounded(np.exp(-settings.depth_gain * depth_vs_norm), settings.depth_min, settings.depth_max)


def _bounded(factor: Floats, low: float, high: float) -> Floats:
    return np.where(np.isnan(factor), 1.0, np.clip(factor, low, high))


def guard_price(
    side: int,
    close: Floats,
    fragility: Floats,
    distance: Floats,
    depth_vs_norm: Floats,
    least_room: Floats,
    settings: SqueezeSettings,
) -> Floats:
    """Price up to which the cascade guard draws the stop.

    Parameters
    ----------
    side : int
        +1 for a long, whose side's liquidations lie below the price, -1 for a short.
    close : ndarray of shape (n_candles,)
        Closing prices.
    fragility : ndarray of shape (n_candles,)
        Percentile of the side's fragility in its own past.
    distance : ndarray of shape (n_candles,)
        To the near edge of the side's nearest cluster, as a fraction of price.
    depth_vs_norm : ndarray of shape (n_candles,)
        Log of the depth that would absorb it over its norm.
    least_room : ndarray of shape (n_candles,)
        Nearest that a stop may be drawn to the close, as a fraction of price.
    settings : SqueezeSettings
        Thresholds and room.

    Returns
    -------
    ndarray of shape (n_candles,)
        NaN where no cascade looks close, or something is not known.
    """
    looks_close = (
        (fragility >= settings.guard_fragility)
        & (distance > 0)
        & (distance <= settings.guard_reach)
        & (depth_vs_norm <= -settings.guard_thin)
    )
    room = np.fmax(settings.guard_room * distance, least_room)
    return np.where(looks_close, close * (1 - side * room), np.nan)
