"""A leg's life: paired with its primary, a runner once that was stopped, closed when it has no more use.

One pure step from what is known now. A primary's end is acted on only in a candle that opened after it:
in a backtest an exit on the candle in which the primary was stopped fills at that candle's open, before
the stop. A leg without a reason to live is an orphan and closed: its primary is gone without a trace, or
their correlation has broken. A leg that ended first (by hand, by liquidation) stays ended.

Weak: the end of a primary is read from Freqtrade's exit reasons; one that nobody foresaw closes the leg.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from outrigger.hedge.runner import (
    HOUR_MS,
    RunnerTrack,
    advance_runner,
    has_turned,
    is_stopped,
    open_runner,
)
from outrigger.hedge.state import HedgeState
from outrigger.settings.hedge import HedgeSettings
from outrigger.stops.law import StopState

LIQUIDATION, FORCED = "liquidation", ("force_exit", "force_sell", "override_close")
STOPS = ("stop_loss", "stoploss_on_exchange", "trailing_stop_loss", "stop_crossed", "emergency_exit")


class Phase(StrEnum):
    """Where a leg is in its life."""

    PAIRED = "paired"
    RUNNER = "runner"
    CLOSED = "closed"


class Ending(StrEnum):
    """How a primary ended."""

    STOPPED = "stopped"
    LIQUIDATED = "liquidated"
    PROFIT = "profit"
    HAND = "hand"
    OTHER = "other"


class LegExit(StrEnum):
    """Why a leg is closed; its exit reason in Freqtrade."""

    PRIMARY_PROFIT = "hedge_primary_profit"
    PRIMARY_BY_HAND = "hedge_primary_by_hand"
    PRIMARY_ENDED = "hedge_primary_ended"
    ORPHAN_PRIMARY = "hedge_orphan_primary_gone"
    ORPHAN_CORRELATION = "hedge_orphan_correlation"
    RUNNER_STOP = "hedge_runner_stop"
    RUNNER_TIME = "hedge_runner_time"
    RUNNER_MOMENTUM = "hedge_runner_momentum"
    RUNNER_BLIND = "hedge_runner_blind"
    LEG_LIQUIDATED = "hedge_leg_liquidated"
    LEG_BY_HAND = "hedge_leg_by_hand"
    LEG_ENDED = "hedge_leg_ended"


_AFTER = {
    Ending.STOPPED: LegExit.PRIMARY_ENDED,
    Ending.LIQUIDATED: LegExit.PRIMARY_ENDED,
    Ending.PROFIT: LegExit.PRIMARY_PROFIT,
    Ending.HAND: LegExit.PRIMARY_BY_HAND,
    Ending.OTHER: LegExit.PRIMARY_ENDED,
}
MEANINGS = {
    LegExit.PRIMARY_PROFIT: "its primary ended in profit",
    LegExit.PRIMARY_BY_HAND: "its primary was closed by hand",
    LegExit.PRIMARY_ENDED: "its primary ended",
    LegExit.ORPHAN_PRIMARY: "orphan: its primary is gone without a trace",
    LegExit.ORPHAN_CORRELATION: "orphan: the correlation with its primary has broken",
    LegExit.RUNNER_STOP: "runner: the price passed its trailing stop",
    LegExit.RUNNER_TIME: "runner: its time is over",
    LegExit.RUNNER_MOMENTUM: "runner: momentum turned against it",
    LegExit.RUNNER_BLIND: "runner: no price or forecast to trail by",
    LegExit.LEG_LIQUIDATED: "it was liquidated before its primary ended; the primary stands alone",
    LegExit.LEG_BY_HAND: "it was closed by hand; the primary stands alone",
    LegExit.LEG_ENDED: "it ended before its primary; the primary stands alone",
}


@dataclass(frozen=True, slots=True)
class PrimaryNow:
    """What is known of a leg's primary.

    Parameters
    ----------
    closed_at_ms : int or None
        When it was closed; None while it is open.
    ending : Ending
        How; not looked at while it is open.
    """

    closed_at_ms: int | None = None
    ending: Ending = Ending.OTHER


@dataclass(frozen=True, slots=True)
class LegLife:
    """A leg's life so far.

    Parameters
    ----------
    primary_id : int
        Number of the primary's trade.
    side : int
        The leg's own side.
    phase : Phase
        Where it is.
    since_ms : int
        Since when; a runner's time counts from its primary's end.
    exit : LegExit or None
        Why it is closed.
    stop : StopState or None
        A runner's own stop.
    """

    primary_id: int
    side: int
    phase: Phase
    since_ms: int
    exit: LegExit | None = None
    stop: StopState | None = None


def ending_of(exit_reason: str | None, profit: float) -> Ending:
    """How a primary ended, from what Freqtrade recorded.

    Parameters
    ----------
    exit_reason : str or None
        Its exit reason.
    profit : float
        Its result, in any unit.

    Returns
    -------
    Ending
        A stop that secured a profit is a profit: there is nothing left to hedge or to chase.
    """
    if exit_reason == LIQUIDATION:
        return Ending.LIQUIDATED
    if exit_reason in FORCED:
        return Ending.HAND
    if profit > 0:
        return Ending.PROFIT
    return Ending.STOPPED if exit_reason in STOPS else Ending.OTHER


def advance_life(
    life: LegLife,
    primary: PrimaryNow | None,
    state: HedgeState,
    track: RunnerTrack | None,
    now_ms: int,
    min_step: float,
    candle_ms: int,
    settings: HedgeSettings,
) -> LegLife:
    """Take one step in an open leg's life.

    Parameters
    ----------
    life : LegLife
        Before.
    primary : PrimaryNow or None
        None where no trade of that number is known.
    state : HedgeState
        The candidate's; unknown decides nothing.
    track : RunnerTrack or None
        The leg's pair; None before its first analysis.
    now_ms : int
        Present time in ms.
    min_step : float
        Smallest move of a runner's stop worth an order, as a fraction of the stop.
    candle_ms : int
        Length of a base candle.
    settings : HedgeSettings
        A runner's time.

    Returns
    -------
    LegLife
        The same object where nothing changed; in phase `closed` the leg is to be left now.
    """
    if life.phase == Phase.RUNNER:
        return _judged(life, track, now_ms, min_step, settings)
    if life.phase == Phase.CLOSED:
        return life
    if primary is None:
        return closed(life, LegExit.ORPHAN_PRIMARY, now_ms)
    if primary.closed_at_ms is None:
        broken = state == HedgeState.BROKEN
        return closed(life, LegExit.ORPHAN_CORRELATION, now_ms) if broken else life
    if primary.closed_at_ms >= now_ms // candle_ms * candle_ms:
        return life
    if primary.ending not in (Ending.STOPPED, Ending.LIQUIDATED) or settings.runner_hours == 0:
        return closed(life, _AFTER[primary.ending], now_ms)
    stop = None if track is None else open_runner(track, life.side, now_ms)
    runner = replace(life, phase=Phase.RUNNER, since_ms=primary.closed_at_ms, stop=stop)
    return _judged(runner, track, now_ms, min_step, settings)


def leg_ended(life: LegLife, exit_reason: str | None, now_ms: int) -> LegLife:
    """Record that a leg is gone, whoever closed it.

    Parameters
    ----------
    life : LegLife
        Before.
    exit_reason : str or None
        Freqtrade's exit reason of the leg's trade.
    now_ms : int
        When.

    Returns
    -------
    LegLife
        Closed; the reason found first stands.
    """
    if life.phase == Phase.CLOSED:
        return life
    if exit_reason == LIQUIDATION:
        return closed(life, LegExit.LEG_LIQUIDATED, now_ms)
    if exit_reason in FORCED:
        return closed(life, LegExit.LEG_BY_HAND, now_ms)
    stopped = life.phase == Phase.RUNNER and exit_reason in STOPS
    return closed(life, LegExit.RUNNER_STOP if stopped else LegExit.LEG_ENDED, now_ms)


def closed(life: LegLife, why: LegExit, now_ms: int) -> LegLife:
    """End a leg's life; a runner's stop is kept, for the record."""
    return replace(life, phase=Phase.CLOSED, since_ms=now_ms, exit=why)


def _judged(
    life: LegLife, track: RunnerTrack | None, now_ms: int, min_step: float, settings: HedgeSettings
) -> LegLife:
    """Let a runner run, or end it."""
    if now_ms - life.since_ms >= settings.runner_hours * HOUR_MS:
        return closed(life, LegExit.RUNNER_TIME, now_ms)
    if life.stop is None:
        return closed(life, LegExit.RUNNER_BLIND, now_ms)
    if track is None:
        return life
    stop = advance_runner(track, life.stop, now_ms, min_step)
    if stop != life.stop:
        life = replace(life, stop=stop)
    if is_stopped(track, stop, now_ms):
        return closed(life, LegExit.RUNNER_STOP, now_ms)
    return closed(life, LegExit.RUNNER_MOMENTUM, now_ms) if has_turned(track, life.side, now_ms) else life
