"""A leg beside every replayed trade, as `outrigger.hedge.stopout_trades` chooses and replays it.

The leg adds to the trade's result; the trade itself, its exit and so its premature stop-outs stay what they
were. Candidates are ETH and BNB where the set has them. Weak: every trade finds its candidate free, although
an account can carry one leg a candidate at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outrigger.hedge.measure import CHART, HedgeTrack, measure_hedges
from outrigger.hedge.replayed_leg import LegMarket, leg_market
from outrigger.hedge.stopout_trades import Terms, carried_legs
from outrigger.review.lab_trade import Outcome, ReplayTerms
from outrigger.review.pair_market import PairMarket
from outrigger.settings.hedge import HedgeSettings
from outrigger.settings.risk import RiskSettings
from outrigger.settings.stop import StopSettings
from outrigger.stops.policies import Floats
from outrigger.study.plan import DataSet

CANDIDATES = ("ETH", "BNB")


def candidates_of(data: DataSet, pair: str) -> tuple[str, ...]:
    """Pairs of a set that may carry a pair's leg, in order of preference."""
    coins = {other.partition("/")[0]: other for other in data.pairs if other != pair}
    return tuple(coins[coin] for coin in CANDIDATES if coin in coins)


@dataclass(frozen=True, slots=True)
class Hedger:
    """A pair's candidates, measured once for all its trades.

    Parameters
    ----------
    market : PairMarket
        The primary's.
    legs : dict of str to LegMarket
        Candidates by pair.
    tracks : dict of str to HedgeTrack
        Beta and correlation by candidate.
    settings : HedgeSettings
        Ratio, costs and life of legs.
    """

    market: PairMarket
    legs: dict[str, LegMarket]
    tracks: dict[str, HedgeTrack]
    settings: HedgeSettings

    def net(self, outcomes: pd.DataFrame, terms: ReplayTerms) -> Floats:
        """What each trade's leg brought after costs.

        Parameters
        ----------
        outcomes : DataFrame of shape (n_trades, 13)
            Primaries, as `outrigger.review.lab.replay_many` gives them.
        terms : ReplayTerms
            Of the primaries; the fee is the leg's too.

        Returns
        -------
        ndarray of shape (n_trades,)
            Fractions of the primary's notional; 0 where no candidate was good enough.
        """
        chosen = Terms(self.settings, RiskSettings(), terms, 0)
        rows = outcomes.itertuples(index=False, name=None)
        return np.array([self._one(Outcome(*row), chosen) for row in rows])

    def _one(self, outcome: Outcome, terms: Terms) -> float:
        leg = next(carried_legs(self.market, outcome, self.tracks, self.legs, terms), None)
        if leg is None:
            return 0.0
        beta = leg.chosen.reading.beta
        return min(self.settings.ratio * beta, self.settings.max_leg) * float(leg.ran.changes.sum())


def hedger(data: DataSet, market: PairMarket, load: Callable[[str], PairMarket]) -> Hedger:
    """Measure a pair's candidates.

    Parameters
    ----------
    data : DataSet
        The set.
    market : PairMarket
        The primary's.
    load : callable
        From a pair's name to its market.

    Returns
    -------
    Hedger
        Without legs where the set has no candidate.
    """
    settings = HedgeSettings()
    legs = {
        name: leg_market(load(name), StopSettings(), settings) for name in candidates_of(data, market.pair)
    }
    frames = {name: leg.market.frames[CHART] for name, leg in legs.items()}
    known = {market.pair: market.frames[CHART], **frames}
    tracks = measure_hedges(market.pair, known, settings) if legs else {}
    return Hedger(market, legs, tracks, settings)
