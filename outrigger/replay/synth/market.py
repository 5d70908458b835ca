"""One synthetic market, pair by pair: the streams of all modules put together.

Why: the order matters and is stated once: noise, positioning, build-ups, their impact, and only then
candles, funding, book and metrics, all from the same states. Assumes a start at midnight UTC, so that every
timeframe and every settlement is aligned. Weak: all pairs' states are held in memory while build-ups are
drawn (about 0.1 GB for a hundred days of six pairs).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from outrigger.replay.synth.book import BookState, book_depth, metrics
from outrigger.replay.synth.candles import minute_candles
from outrigger.replay.synth.cascades import BuildUp, build_ups
from outrigger.replay.synth.funding import funding_events, mark_candles, premium
from outrigger.replay.synth.impact import impact
from outrigger.replay.synth.instruments import Instrument
from outrigger.replay.synth.parameters import MarketParameters
from outrigger.replay.synth.positioning import Positioning, positioning
from outrigger.replay.synth.returns import BaseReturns, base_returns, common_factor


@dataclass(frozen=True, slots=True)
class PairMarket:
    """All streams of one pair.

    Parameters
    ----------
    item : Instrument
        The pair.
    candles : DataFrame
        One-minute candles, warm-up included.
    funding, mark : DataFrame
        Funding events and hourly mark candles.
    book, metrics : pyarrow.Table
        Depth snapshots and market metrics.
    """

    item: Instrument
    candles: pd.DataFrame
    funding: pd.DataFrame
    mark: pd.DataFrame
    book: pa.Table
    metrics: pa.Table


class SyntheticMarket:
    """A seeded market of several correlated perpetuals.

    Parameters
    ----------
    seed : int
        Seed of all streams.
    items : tuple of Instrument
        The pairs.
    minutes : ndarray of int64, shape (n,)
        Minutes since 1970 UTC, consecutive, starting at midnight.
    parameters : MarketParameters
        How the market behaves.
    """

    def __init__(
        self,
        seed: int,
        items: tuple[Instrument, ...],
        minutes: NDArray[np.int64],
        parameters: MarketParameters,
    ) -> None:
        self.seed = seed
        self.items = items
        self.minutes = minutes
        self.parameters = parameters
        factor = common_factor(seed, minutes.size, parameters)
        self._bases: dict[str, BaseReturns] = {
            item.base: base_returns(seed, item, minutes, factor, parameters) for item in items
        }
        self._states: dict[str, Positioning] = {
            item.base: positioning(seed, item, self._bases[item.base], parameters) for item in items
        }
        self.build_ups: tuple[BuildUp, ...] = build_ups(seed, items, self._bases, self._states, parameters)

    def pairs(self, depth_minutes: int) -> Iterator[PairMarket]:
        """Make the pairs' streams one after the other.

        Parameters
        ----------
        depth_minutes : int
            Minutes between order book snapshots.

        Yields
        ------
        PairMarket
            In the order of the pairs.
        """
        for item in self.items:
            yield self._pair(item, depth_minutes)

    def _pair(self, item: Instrument, depth_minutes: int) -> PairMarket:
        seed, base, state = self.seed, self._bases[item.base], self._states[item.base]
        events = [event for event in self.build_ups if event.base == item.base]
        added = impact(seed, self.minutes.size, events, self.parameters)
        louder = np.exp(added.log_volatility)
        returns = base.returns * louder + added.returns
        candles = minute_candles(seed, item, self.minutes, returns, base.volatility * louder)
        crowding = (state.crowding + added.crowding) * added.crowding_factor
        premiums = premium(seed, item, crowding, added.premium)
        book = BookState(
            minutes=self.minutes,
            close=candles["close"].to_numpy(dtype=np.float64),
            returns=returns,
            crowding=crowding,
            log_depth=state.log_depth + added.log_depth,
            log_open_interest=state.log_open_interest + added.log_open_interest,
        )
        return PairMarket(
            item=item,
            candles=candles,
            funding=funding_events(self.minutes, premiums),
            mark=mark_candles(candles, premiums),
            book=book_depth(seed, item, book, depth_minutes),
            metrics=metrics(seed, item, book),
        )
