"""Watches whether a running bot's bundle still earns its keep, pair by pair and candle by candle.

Puts together what the memory, the reading and the state machine of drift each do alone. There is no clock and
no file here: the caller brings scored candles, and keeps what `to_dict` gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from outrigger.market.timeframe import timeframe_ms
from outrigger.regime.bundle.bundle import Bundle
from outrigger.regime.classes import UNLABELLED
from outrigger.regime.drift import BinTable, FeatureBins
from outrigger.regime.drift_memory import DriftMemory, ScoredRows, reading, remember
from outrigger.regime.drift_state import Drift, DriftReading, DriftRules, DriftState, advance
from outrigger.regime.labels import LabelRules, regime_labels
from outrigger.regime.live import CHART, closes_of
from outrigger.regime.scoring import Times
from outrigger.volatility.windows import Array

JUDGED_EVERY_MS = 3_600_000
_WORDS = {
    Drift.STEADY: "the regime model's probabilities hold again",
    Drift.DRIFTING: "many of the regime model's features have left the range of its training",
    Drift.WORSE_THAN_PRIOR: "the regime model has been worse than the regimes' shares alone",
}


@dataclass(frozen=True, slots=True)
class DriftWatch:
    """What is remembered of a bundle's live performance.

    Parameters
    ----------
    memory : DriftMemory
        Counts of the last days.
    state : DriftState
        Where the watch stands.
    reading : DriftReading
        The last one.
    """

    memory: DriftMemory
    state: DriftState = field(default_factory=DriftState)
    reading: DriftReading = field(default_factory=DriftReading)

    def of(self, bundle: Bundle) -> DriftWatch:
        """Begin anew where the bundle is another one, or what was read does not fit it."""
        fits = self.memory.bundle == bundle.sha256 and self.memory.fits(bins_of(bundle))
        return self if fits else DriftWatch(DriftMemory(bundle.sha256))

    def seen(
        self, bundle: Bundle, pair: str, candles: pd.DataFrame, told: Array, fresh: pd.DataFrame | None
    ) -> DriftWatch:
        """Take in a pair's candles.

        Parameters
        ----------
        bundle : Bundle
            That scored them.
        pair : str
            The pair.
        candles : DataFrame of shape (n_candles, ...)
            The five-minute chart.
        told : ndarray of shape (n_candles, 5)
            Probabilities of each candle.
        fresh : DataFrame or None
            Features of the newest candles, their closes as index.

        Returns
        -------
        DriftWatch
            With the candles counted that were not counted before; what came after them once an hour.
        """
        closed, bins, prior = closes_of(candles, pair), bins_of(bundle), prior_of(bundle)
        memory = self.memory
        if fresh is not None:
            at = fresh.index.to_numpy(np.int64)
            unknown = np.full(len(at), UNLABELLED, dtype=np.int8)
            memory = remember(memory, ScoredRows(pair, at, fresh, told[-len(at) :], unknown), bins, prior)
        if not self._due(pair, closed, bundle.card.label_rules):
            return replace(self, memory=memory)
        labels = regime_labels(candles, bundle.card.label_rules)
        # Features count once, when they are fresh; rows already counted are here for what came after them.
        counted = closed <= memory.counted_ms.get(pair, 0)
        nothing = pd.DataFrame(index=range(int(counted.sum())))
        judged = ScoredRows(pair, closed[counted], nothing, told[counted], labels[counted])
        return replace(self, memory=remember(memory, judged, bins, prior))

    def _due(self, pair: str, closed_ms: Times, rules: LabelRules) -> bool:
        """Whether regimes of an hour of candles have become known: labels of the whole chart are slow."""
        newest = int(closed_ms[-1]) if closed_ms.size else 0
        open_ms = rules.horizon_bars * timeframe_ms(CHART)
        return newest - self.memory.judged_ms.get(pair, 0) >= open_ms + JUDGED_EVERY_MS

    def at(self, bundle: Bundle, now_ms: int, rules: DriftRules) -> DriftWatch:
        """Take a reading and let the state follow it."""
        said = reading(self.memory, bins_of(bundle), now_ms)
        return replace(self, reading=said, state=advance(self.state, said, now_ms, rules))

    def words(self) -> str:
        """Say in a sentence where the watch stands."""
        told = _WORDS[self.state.status]
        if self.state.neutral:
            told += ": its multipliers are neutral until it is better; `outrigger train` makes a newer one"
        excess, share = self.reading.excess, self.reading.share
        numbers = [
            "" if excess is None else f"log loss {excess:+.3f} against the shares",
            "" if share is None else f"{share:.0%} of the features drifted",
        ]
        said = ", ".join(number for number in numbers if number)
        return f"{told} ({said})" if said else told

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"memory": self.memory.to_dict(), "state": self.state.to_dict()}

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> DriftWatch:
        """Read the JSON-able form; raises KeyError, TypeError or StateError where it is not one."""
        return cls(DriftMemory.from_dict(body["memory"]), DriftState.from_dict(body["state"]))


@lru_cache(maxsize=1)
def bins_of(bundle: Bundle) -> BinTable:
    """How the features of a bundle were distributed in training."""
    return BinTable.of({str(name): FeatureBins.from_dict(found) for name, found in bundle.card.drift.items()})


def prior_of(bundle: Bundle) -> tuple[float, ...]:
    """Shares of the regimes in the newest model's training."""
    return bundle.card.models[-1].baselines.prior
