"""The leg of one replayed primary: opened a candle after it, ended as `outrigger.hedge.life` would end it.

Per notional of the leg, so that one replay serves every ratio. The leg closes at the open of the candle
after its primary's exit, or runs on from there under its own stop, until momentum turns at a close or its
time is over. It is not resized meanwhile: primaries of a stop study last a day or so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outrigger.hedge.life import Ending, ending_of
from outrigger.hedge.returns import Floats
from outrigger.hedge.runner import runner_momentum, runner_trail
from outrigger.review.lab import replay
from outrigger.review.lab_trade import Outcome, PairCandles, ReplayTerms
from outrigger.review.pair_market import PairMarket, bars
from outrigger.settings.hedge import HedgeSettings
from outrigger.settings.stop import StopSettings
from outrigger.stops.policies import WidthColumns


@dataclass(frozen=True, slots=True)
class LegMarket:
    """A candidate, ready to carry legs.

    Parameters
    ----------
    market : PairMarket
        Its candles.
    widths : WidthColumns
        A runner's, armed at once.
    momentum : ndarray of shape (n_candles,)
        A runner's.
    """

    market: PairMarket
    widths: WidthColumns
    momentum: Floats


@dataclass(frozen=True, slots=True)
class ReplayedLeg:
    """What became of a leg, as fractions of its notional at entry.

    Parameters
    ----------
    entry_row : int
        Candle at whose open it was entered.
    changes : ndarray of shape (n_candles,)
        Change of its value in each candle from there on, costs and funding included.
    paired : float
        Move in its favour while its primary was open, without costs.
    runner : float
        Move in its favour afterwards, without costs; NaN where it did not run.
    cost : float
        Fees, spread and funding.
    """

    entry_row: int
    changes: Floats
    paired: float
    runner: float
    cost: float


def leg_market(market: PairMarket, stop: StopSettings, settings: HedgeSettings) -> LegMarket:
    """Lay out a candidate's candles for legs and runners."""
    trail = runner_trail(market.columns, stop, settings)
    widths = WidthColumns(trail, np.zeros_like(trail), trail)
    return LegMarket(market, widths, runner_momentum(market.candles.close, market.timeframe, settings))


def replay_leg(
    leg: LegMarket, side: int, rows: tuple[int, int], primary: Outcome, fee: float, settings: HedgeSettings
) -> ReplayedLeg | None:
    """Replay the leg of one primary.

    Parameters
    ----------
    leg : LegMarket
        The candidate.
    side : int
        The leg's side.
    rows : tuple of int
        The candidate's candles in which the primary was entered and left.
    primary : Outcome
        How the primary went.
    fee : float
        Of one order, fraction of notional.
    settings : HedgeSettings
        Spread and runner.

    Returns
    -------
    ReplayedLeg or None
        None where the primary was gone before the leg could be opened, or a price is missing for it.
    """
    candles, (entered, left) = leg.market.candles, rows
    entry_row, out = entered + 1, left + 1
    if left < entry_row or out >= len(candles):
        return None
    if not (candles.open[entry_row] > 0 and candles.open[out] > 0):
        return None
    entry, price, end = float(candles.open[entry_row]), float(candles.open[out]), out
    paired, run = side * (price / entry - 1), float("nan")
    ran = _runner(leg, side, out, settings) if _runs(primary, settings) else None
    if ran is not None:
        price, end = ran.exit, ran.exit_row
        run = side * (price / entry - 1) - paired
    changes = value_changes(candles, side, entry_row, end, price)
    costs = np.zeros_like(changes)
    costs[0] += fee + settings.spread / 2
    costs[-1] += (fee + settings.spread / 2) * price / entry
    held = slice(entry_row, end + 1)
    # At the exit candle's open the leg is gone, unless a runner left within it.
    rates = np.nan_to_num(candles.funding[held] * candles.open[held] / entry)
    if ran is None:
        rates[-1] = 0.0
    costs += side * rates
    return ReplayedLeg(entry_row, changes - costs, paired, run, float(costs.sum()))


def _runs(primary: Outcome, settings: HedgeSettings) -> bool:
    reason = "stop_loss" if primary.reason == "stop" else primary.reason
    stopped = ending_of(reason, primary.gross) in (Ending.STOPPED, Ending.LIQUIDATED)
    return stopped and settings.runner_hours > 0


def _runner(leg: LegMarket, side: int, out: int, settings: HedgeSettings) -> Outcome | None:
    """Run on from the open of a candle; None where the leg is closed there."""
    before = leg.widths.at(out - 1)
    longest = bars(settings.runner_hours, leg.market.timeframe)
    turned = side * leg.momentum[out - 1 : out + longest] < 0
    if not 0 < before.trail < 1 or turned[0]:
        return None
    alive = int(turned.argmax()) if turned.any() else longest
    terms = ReplayTerms(max(alive - 1, 0), fee=0.0)
    return replay(leg.market.candles, leg.widths, out, side, terms)


def value_changes(candles: PairCandles, side: int, entry_row: int, end: int, price: float) -> Floats:
    """Change of a position's value in each candle, before costs.

    Parameters
    ----------
    candles : PairCandles
        The pair's candles; an unreadable close moves nothing.
    side : int
        +1 for a long, -1 for a short.
    entry_row : int
        Candle at whose open it was entered.
    end : int
        Candle in which it was left.
    price : float
        At which it was left.

    Returns
    -------
    ndarray of shape (end + 1 - entry_row,)
        Fractions of the notional at entry; they sum to the whole move.
    """
    entry = float(candles.open[entry_row])
    marks = np.concatenate(([entry], candles.close[entry_row : end + 1]))
    marks[-1] = price
    last = np.maximum.accumulate(np.where(np.isfinite(marks), np.arange(len(marks)), 0))
    moves: Floats = side * np.diff(marks[last]) / entry
    return moves
