"""Primaries entered at random, each replayed alone with the leg that the policy chooses for it.

The leg is chosen at the primary's entry from what was known then, and opened a candle later. Every trade
is sized from risk as the bot sizes it, and kept as changes of equity, without its leg and with one at
ratio 1, so that accounts at any ratio are sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from outrigger.hedge.account import PooledLeg, PooledTrade
from outrigger.hedge.choice import Candidate, Leg, Primary, choose_leg
from outrigger.hedge.measure import CHART, HedgeTrack, measure_hedges
from outrigger.hedge.replayed_leg import LegMarket, ReplayedLeg, replay_leg, value_changes
from outrigger.market.timeframe import timeframe_ms
from outrigger.review.lab import replay
from outrigger.review.lab_trade import Outcome, ReplayTerms
from outrigger.review.pair_market import PairMarket
from outrigger.review.policies_compared import COMPARED, SHIPPED
from outrigger.review.random_entries import random_entries
from outrigger.settings.hedge import HedgeSettings
from outrigger.settings.risk import RiskSettings


@dataclass(frozen=True, slots=True)
class Terms:
    """What the trades rest on.

    Parameters
    ----------
    hedge : HedgeSettings
        Choice and size of legs.
    risk : RiskSettings
        Size of primaries.
    replay : ReplayTerms
        Costs, fills and longest life of primaries.
    start_ms : int
        Open of the first candle on the accounts' clock.
    """

    hedge: HedgeSettings
    risk: RiskSettings
    replay: ReplayTerms
    start_ms: int


@dataclass(frozen=True, slots=True)
class CarriedLeg:
    """A chosen leg and what became of it.

    Parameters
    ----------
    chosen : Leg
        For a primary of notional 1.
    ran : ReplayedLeg
        Per notional of the leg.
    """

    chosen: Leg
    ran: ReplayedLeg


@dataclass(frozen=True, slots=True)
class HedgedTrade:
    """One primary and its leg.

    Parameters
    ----------
    outcome : Outcome
        Of the primary alone.
    legs : tuple of CarriedLeg
        The best first; none where no candidate was good enough or the primary was gone at once.
    pooled : PooledTrade
        Both as changes of equity.
    """

    outcome: Outcome
    legs: tuple[CarriedLeg, ...]
    pooled: PooledTrade

    def leg_net(self, ratio: float) -> float:
        """What the best leg brought after costs, per notional of the primary."""
        return self._size(ratio) * float(self.legs[0].ran.changes.sum()) if self.legs else 0.0

    def leg_cost(self, ratio: float) -> float:
        """What the best leg cost, per notional of the primary."""
        return self._size(ratio) * self.legs[0].ran.cost if self.legs else 0.0

    def _size(self, ratio: float) -> float:
        return min(ratio, self.pooled.legs[0].full) * self.legs[0].chosen.reading.beta


def hedged_trades(
    market: PairMarket, legs: Mapping[str, LegMarket], entries: int, seed: int, terms: Terms
) -> list[HedgedTrade]:
    """Replay random primaries of one pair with their legs.

    Parameters
    ----------
    market : PairMarket
        The primary's.
    legs : mapping of str to LegMarket
        Candidates by pair, in order of preference; the primary itself is passed over.
    entries : int
        How many.
    seed : int
        Of the entries.
    terms : Terms
        Settings and costs.

    Returns
    -------
    list of HedgedTrade
        In order of entry.

    Raises
    ------
    DataError
        If no candle can be entered.
    """
    shipped = next(one for one in COMPARED if one.name == SHIPPED).columns(market)
    rows, sides = random_entries(market, entries, terms.replay.horizon_bars, seed)
    others = {pair: leg for pair, leg in legs.items() if pair != market.pair}
    frames = {pair: leg.market.frames[CHART] for pair, leg in others.items()}
    tracks = measure_hedges(market.pair, {market.pair: market.frames[CHART]} | frames, terms.hedge)
    found: list[HedgedTrade] = []
    for row, side in zip(rows.tolist(), sides.tolist(), strict=True):
        outcome = replay(market.candles, shipped.of(side), row, side, terms.replay)
        carried = tuple(carried_legs(market, outcome, tracks, others, terms))
        found.append(HedgedTrade(outcome, carried, _pooled(market, outcome, carried, terms)))
    return found


def carried_legs(
    market: PairMarket,
    outcome: Outcome,
    tracks: Mapping[str, HedgeTrack],
    legs: Mapping[str, LegMarket],
    terms: Terms,
) -> Iterator[CarriedLeg]:
    """Choose legs at a primary's entry, the best first, and replay each.

    Parameters
    ----------
    market : PairMarket
        The primary's.
    outcome : Outcome
        How the primary went alone.
    tracks : mapping of str to HedgeTrack
        Beta and correlation by candidate.
    legs : mapping of str to LegMarket
        Candidates by pair.
    terms : Terms
        Settings and costs.

    Yields
    ------
    CarriedLeg
    """
    entered, left = market.opened_at_ms[[outcome.entry_row, outcome.exit_row]].tolist()
    candidates = {pair: Candidate(pair, tracks[pair].at(entered)) for pair in legs}
    primary = Primary(market.pair, outcome.side, 1.0)
    while True:
        chosen = choose_leg(primary, list(candidates.values()), terms.replay.fee, terms.hedge).leg
        if chosen is None:
            return
        candidates.pop(chosen.pair)
        carrier = legs[chosen.pair]
        opened = carrier.market.opened_at_ms
        first, last = np.searchsorted(opened, [entered, left]).tolist()
        if last < len(opened) and opened[first] == entered:
            ran = replay_leg(carrier, chosen.side, (first, last), outcome, terms.replay.fee, terms.hedge)
            if ran is not None:
                yield CarriedLeg(chosen, ran)


def _pooled(
    market: PairMarket, outcome: Outcome, carried: tuple[CarriedLeg, ...], terms: Terms
) -> PooledTrade:
    """A trade as changes of equity, on the clock of the primary's candles."""
    risk, row, end = terms.risk, outcome.entry_row, outcome.exit_row
    entry = (int(market.opened_at_ms[row]) - terms.start_ms) // timeframe_ms(market.timeframe)
    weight = min(risk.risk_per_trade / (outcome.protect + risk.round_trip_cost), risk.max_pair_notional)
    alone = value_changes(market.candles, outcome.side, row, end, outcome.exit)
    alone[0] -= outcome.fees / 2
    alone[-1] += outcome.funding - outcome.fees / 2
    legs = tuple(_pooled_leg(leg, entry + 1, weight, terms.hedge.max_leg) for leg in carried)
    return PooledTrade(entry, entry + len(alone) - 1, weight * alone, legs)


def _pooled_leg(leg: CarriedLeg, row: int, weight: float, max_leg: float) -> PooledLeg:
    beta, changes = leg.chosen.reading.beta, leg.ran.changes
    return PooledLeg(leg.chosen.pair, row, row + len(changes) - 1, weight * beta * changes, max_leg / beta)
