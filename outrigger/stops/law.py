"""The stop law: one step of one trade's stop, from one closed candle.

Protective stop until the trade has proved itself, then a trail below the best closed high (above the
best closed low for a short), and a ratchet over both. Prices and fractions of price only: leverage is
none of this module's business. The candle in which a trade was entered never counts, because a live
entry happens inside it and its extremes may lie before the entry.

A candle that cannot be read (NaN) or a width that is not known changes nothing: the last stop stands.
`outrigger.stops.path` runs the same law over whole arrays and is tested against this one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite, nan

from outrigger.errors import DataError

# 40,000 to 40,600 is 1.5 % on paper and a little less in floats: a move this close has reached it.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Widths:
    """What a policy asks for at the close of one candle, as fractions of price.

    Parameters
    ----------
    protect : float
        Distance of the protective stop from the entry.
    activation : float
        Favourable move after which the trail arms; infinity never arms.
    trail : float
        Distance of the trail from the best closed price; NaN where it is not known.
    guard : float
        Price up to which the cascade guard draws the stop of an armed trade; NaN asks for nothing.
    early_guard : float
        The same for a trade that has not armed.
    """

    protect: float
    activation: float
    trail: float
    guard: float = nan
    early_guard: float = nan


@dataclass(frozen=True, slots=True)
class StopState:
    """A trade's stop, complete enough to go on after a restart.

    Parameters
    ----------
    side : int
        +1 for a long, -1 for a short.
    entry : float
        Entry price in quote currency.
    protective : float
        Price of the protective stop, fixed at entry.
    stop : float
        Price of the stop in force.
    best : float
        Best closed high since entry (lowest closed low for a short); the entry price at first.
    armed : bool
        Whether the trail has armed.
    as_of_ms : int
        Close time of the last candle that was taken into account, in ms since the epoch.
    """

    side: int
    entry: float
    protective: float
    stop: float
    best: float
    armed: bool
    as_of_ms: int


def open_stop(side: int, entry: float, widths: Widths, as_of_ms: int) -> StopState:
    """State of a trade that has just been entered.

    Parameters
    ----------
    side : int
        +1 for a long, -1 for a short.
    entry : float
        Entry price, positive.
    widths : Widths
        Widths known at the close of the candle before the entry. An activation of zero means a trail
        from the entry on, so the narrower of the two distances counts.
    as_of_ms : int
        Close time of the entry candle in ms: nothing up to there may count.

    Returns
    -------
    StopState
        Armed only if the activation is zero.

    Raises
    ------
    DataError
        If the entry price or the protective distance is not a usable number.
    """
    if side not in (1, -1):
        raise DataError(f"side is {side!r}: pass 1 for a long or -1 for a short")
    if not (isfinite(entry) and entry > 0):
        raise DataError(f"entry price is {entry!r}: it has to be a positive number")
    if not (isfinite(widths.protect) and 0 < widths.protect < 1):
        raise DataError(f"protective distance is {widths.protect!r}: it has to lie between 0 and 1")
    protective = entry * (1 - side * widths.protect)
    armed = widths.activation <= 0
    stop = _trailed(side, entry, protective, Widths(0.0, 0.0, widths.trail), 0.0) if armed else protective
    return StopState(side, entry, protective, stop, entry, armed, as_of_ms)


def advance(
    state: StopState, extreme: float, widths: Widths, closed_at_ms: int, min_step: float = 0.0
) -> StopState:
    """Take one more closed candle into account.

    Parameters
    ----------
    state : StopState
        State before the candle.
    extreme : float
        The candle's high for a long, its low for a short; NaN is skipped.
    widths : Widths
        Widths known at the close of this candle.
    closed_at_ms : int
        When the candle closed; a candle that is not newer than the state changes nothing.
    min_step : float
        Smallest move of the stop worth an order, as a fraction of the present stop. The move that arms
        the trail is always worth one: it is what takes the entry out of danger.

    Returns
    -------
    StopState
        With a stop that is never less favourable than before.
    """
    if closed_at_ms <= state.as_of_ms:
        return state
    side, best, armed = state.side, state.best, state.armed
    if isfinite(extreme) and extreme > 0:
        best = side * max(side * best, side * extreme)
        # The candle's own move counts, not an old best: a forecast that falls must not arm a trade late.
        armed = armed or side * (extreme / state.entry - 1) >= widths.activation - ROUNDING
    if armed:
        stop = _trailed(side, best, state.stop, widths, min_step if state.armed else 0.0)
    else:
        stop = _ratcheted(side, state.stop, widths.early_guard, min_step)
    return StopState(side, state.entry, state.protective, stop, best, armed, closed_at_ms)


def _trailed(side: int, best: float, stop: float, widths: Widths, min_step: float) -> float:
    """Ratchet the stop of an armed trade up to its trail or its guard, whichever is nearer to the price."""
    trail = widths.trail
    candidate = best * (1 - side * trail) if isfinite(trail) and trail > 0 else stop
    if isfinite(widths.guard):
        candidate = side * max(side * candidate, side * widths.guard)
    return _ratcheted(side, stop, candidate, min_step)


def _ratcheted(side: int, stop: float, candidate: float, min_step: float) -> float:
    """Move a stop where that is in the trade's favour and worth an order; NaN moves nothing."""
    return candidate if side * candidate >= side * stop + min_step * stop else stop


def tighten(state: StopState, price: float) -> StopState:
    """Put the stop at a price, where that is in the trade's favour.

    Parameters
    ----------
    state : StopState
        The trade's stop.
    price : float
        Price asked for; NaN and what is no price ask for nothing.

    Returns
    -------
    StopState
        The same object where the present stop is as favourable.
    """
    if not (isfinite(price) and price > 0 and state.side * price > state.side * state.stop):
        return state
    return replace(state, stop=price)


def is_crossed(state: StopState, price: float) -> bool:
    """Tell whether a price has already reached or passed the stop.

    Parameters
    ----------
    state : StopState
        The trade's stop.
    price : float
        Last known price; NaN crosses nothing.

    Returns
    -------
    bool
        True if the position should be left at the market now.
    """
    return state.side * (price - state.stop) <= 0
