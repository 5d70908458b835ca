"""A runner: a leg whose primary was stopped, trailing its own profit under the stop law.

Its stop is armed at once, at the price of the moment it became a runner, and only ever moves in its
favour. It ends by that stop, after a bounded time, or when momentum turns: when the close crosses its own
moving average. On the data measured its mean is nothing and its right tail is long, so it is cut early.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from outrigger.hedge.returns import Floats
from outrigger.market.timeframe import timeframe_ms
from outrigger.settings.hedge import HedgeSettings
from outrigger.settings.stop import StopSettings
from outrigger.stops.law import StopState, Widths, advance, is_crossed, open_stop
from outrigger.stops.policies import MarketColumns
from outrigger.stops.track import StopTrack

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class RunnerTrack:
    """What runners on one pair are made of.

    Parameters
    ----------
    candles : StopTrack
        The pair's base candles; the widths of its own trades are not looked at.
    trail : ndarray of shape (n_candles,)
        From `runner_trail`.
    momentum : ndarray of shape (n_candles,)
        From `runner_momentum`.
    """

    candles: StopTrack
    trail: Floats
    momentum: Floats

    def widths(self, row: int) -> Widths:
        """Widths of a runner at one close: armed at once, so the trail is all there is."""
        trail = float(self.trail[row])
        return Widths(trail, 0.0, trail)


def runner_track(
    track: StopTrack, timeframe: str, stop: StopSettings, settings: HedgeSettings
) -> RunnerTrack:
    """Lay out a pair's candles for runners.

    Parameters
    ----------
    track : StopTrack
        The pair's candles and forecasts, shared, not copied.
    timeframe : str
        Length of a candle.
    stop : StopSettings
        Limits of the trail, and how far above the candles' noise it stays.
    settings : HedgeSettings
        A runner's width and momentum.

    Returns
    -------
    RunnerTrack
        One row a candle, known at its close.
    """
    trail = runner_trail(track.market, stop, settings)
    return RunnerTrack(track, trail, runner_momentum(track.close, timeframe, settings))


def runner_trail(market: MarketColumns, stop: StopSettings, settings: HedgeSettings) -> Floats:
    """Width of a runner's trail.

    Parameters
    ----------
    market : MarketColumns
        Forecasts of the leg's pair, shape (n_candles,).
    stop : StopSettings
        Limits of the trail.
    settings : HedgeSettings
        Width in sigma.

    Returns
    -------
    ndarray of shape (n_candles,)
        Fractions of price; NaN where there is no forecast.
    """
    trail = np.clip(settings.runner_sigma * market.sigma, stop.trail_min, stop.trail_max)
    return np.where(np.isnan(trail), np.nan, np.fmax(trail, stop.noise_candles * market.candle_range))


def runner_momentum(close: Floats, timeframe: str, settings: HedgeSettings) -> Floats:
    """How far the price stands above its own moving average.

    Parameters
    ----------
    close : ndarray of shape (n_candles,)
        NaN is skipped.
    timeframe : str
        Length of a candle.
    settings : HedgeSettings
        Half-life of the average.

    Returns
    -------
    ndarray of shape (n_candles,)
        Log of the close over its exponential average, known at each close; NaN where the close is.
    """
    half_life = settings.runner_momentum_hours * HOUR_MS / timeframe_ms(timeframe)
    prices = pd.Series(close).where(lambda price: price > 0)
    logs = pd.Series(np.log(prices))
    return (logs - logs.ewm(halflife=half_life).mean()).to_numpy(dtype=np.float64)


def open_runner(track: RunnerTrack, side: int, now_ms: int) -> StopState | None:
    """Start a runner's stop at the last closed price.

    Parameters
    ----------
    track : RunnerTrack
        The leg's pair.
    side : int
        The leg's side.
    now_ms : int
        Present time in ms.

    Returns
    -------
    StopState or None
        None where price or forecast is not known: such a leg cannot run.
    """
    row = track.candles.last_closed(now_ms)
    if row < 0:
        return None
    price, widths = float(track.candles.close[row]), track.widths(row)
    if not (price > 0 and 0 < widths.trail < 1):
        return None
    return open_stop(side, price, widths, int(track.candles.closed_at_ms[row]))


def advance_runner(track: RunnerTrack, state: StopState, now_ms: int, min_step: float) -> StopState:
    """Take all candles that have closed since into account.

    Parameters
    ----------
    track : RunnerTrack
        The leg's pair.
    state : StopState
        As it was.
    now_ms : int
        Present time in ms.
    min_step : float
        Smallest move of the stop worth an order, as a fraction of the stop.

    Returns
    -------
    StopState
        With a stop that is never less favourable than before.
    """
    candles = track.candles
    first = int(candles.closed_at_ms.searchsorted(state.as_of_ms, side="right"))
    extremes = candles.extreme(state.side)
    for row in range(first, candles.last_closed(now_ms) + 1):
        closed_at = int(candles.closed_at_ms[row])
        state = advance(state, float(extremes[row]), track.widths(row), closed_at, min_step)
    return state


def has_turned(track: RunnerTrack, side: int, now_ms: int) -> bool:
    """Whether the last close stands on the wrong side of its moving average; NaN has not turned."""
    row = track.candles.last_closed(now_ms)
    return row >= 0 and side * float(track.momentum[row]) < 0


def is_stopped(track: RunnerTrack, state: StopState, now_ms: int) -> bool:
    """Whether the last close has already passed the runner's stop."""
    row = track.candles.last_closed(now_ms)
    return row >= 0 and is_crossed(state, float(track.candles.close[row]))
