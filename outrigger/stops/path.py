"""The stop law over whole arrays: every candle's stop of one trade in a few NumPy passes.

Studies replay hundreds of thousands of trades, which the one-step law of `outrigger.stops.law` is too
slow for. It is the oracle: `tests/stops/test_path.py` holds the two together candle by candle.

A stop may already lie beyond the price when it is set (a long wick, or a forecast that fell under an old
best). Such a trade leaves at the next open; filling it at the stop invents profit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from outrigger.stops.law import ROUNDING, Widths, open_stop

Floats = NDArray[np.float64]


def stop_path(
    side: int,
    entry: float,
    extremes: Floats,
    protect: float,
    activation: Floats,
    trail: Floats,
    min_step: float = 0.0,
    trail_at_entry: float = float("nan"),
    guard: Floats | None = None,
    early_guard: Floats | None = None,
) -> tuple[Floats, int]:
    """Stop after each closed candle of a trade.

    Parameters
    ----------
    side : int
        +1 for a long, -1 for a short.
    entry : float
        Entry price.
    extremes : ndarray of shape (n_candles,)
        Highs of the candles after the entry candle for a long, lows for a short; NaN is skipped.
    protect : float
        Protective distance at entry, as a fraction of price.
    activation : ndarray of shape (n_candles,)
        Favourable move that arms the trail, as known at each close.
    trail : ndarray of shape (n_candles,)
        Width of the trail as known at each close, as fractions of price; NaN keeps the stop.
    min_step : float
        Smallest move worth an order, as a fraction of the present stop; the move that arms always is.
    trail_at_entry : float
        Width of the trail at entry, for policies that trail from the entry on; NaN for all others.
    guard, early_guard : ndarray of shape (n_candles,), optional
        Prices up to which the cascade guard draws the stop, once armed and before; NaN asks for nothing.

    Returns
    -------
    stops : ndarray of shape (n_candles,)
        Stop in force after each close.
    armed_at : int
        Index of the candle that armed the trail; -1 if armed from the entry, n_candles if never.

    Raises
    ------
    DataError
        If side, entry or protective distance cannot be used.
    """
    trails_at_once = bool(np.isfinite(trail_at_entry))
    opened = open_stop(side, entry, Widths(protect, 0.0 if trails_at_once else np.inf, trail_at_entry), 0)
    start = side * opened.stop
    readable = np.isfinite(extremes) & (extremes > 0)
    usable = np.where(readable, extremes, entry)
    best = np.maximum.accumulate(np.maximum(side * usable, side * entry)) * side
    arming = readable & (side * (usable / entry - 1) >= activation - ROUNDING)
    armed_at = -1 if trails_at_once else _first(arming)
    free = max(armed_at, 0)
    trailed = np.where(np.isfinite(trail) & (trail > 0), side * best * (1 - side * trail), -np.inf)
    candidate = np.maximum(trailed, _signed(side, guard)) if guard is not None else trailed
    candidate[:free] = _signed(side, early_guard[:free]) if early_guard is not None else -np.inf
    if trails_at_once:
        return _ratchet(candidate, start, min_step) * side, armed_at
    waiting = _ratchet(candidate[:free], start, min_step)
    before = float(waiting[-1]) if free else start
    # The move that arms is always worth an order: only what follows has to be a step.
    arming_move = np.maximum(candidate[free : free + 1], before)
    after = (
        _ratchet(candidate[free + 1 :], float(arming_move[0]), min_step) if arming_move.size else waiting[:0]
    )
    return np.concatenate((waiting, arming_move, after)) * side, armed_at


def _signed(side: int, prices: Floats) -> Floats:
    """Prices as a ratchet sees them: larger is nearer to the price, nothing is never reached."""
    return np.where(np.isfinite(prices), side * prices, -np.inf)


def _ratchet(candidate: Floats, start: float, min_step: float) -> Floats:
    """Signed stops that only rise, in steps that are worth an order."""
    risen = np.maximum(np.maximum.accumulate(candidate), start) if candidate.size else candidate
    return _thin(risen, start, min_step) if min_step > 0 else risen


def _first(flags: NDArray[np.bool_]) -> int:
    """Index of the first True, or the length where there is none."""
    return int(flags.argmax()) if flags.any() else len(flags)


def _thin(ratchet: Floats, current: float, min_step: float) -> Floats:
    """Drop moves smaller than the minimum step; signed so that a stop only rises."""
    thinned = np.empty_like(ratchet)
    position = 0
    while position < len(ratchet):
        reached = current + min_step * abs(current)
        following = position + int(ratchet[position:].searchsorted(reached))
        thinned[position:following] = current
        if following < len(ratchet):
            current = float(ratchet[following])
            thinned[following] = current
        position = following + 1
    return thinned
