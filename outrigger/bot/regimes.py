"""Brings the regime classifier to the strategy: bundle, charts, scores, and the watch over its drift.

A backtest scores each pair's whole chart, every candle by a model trained before it. A running bot scores
what has closed, takes up a newer bundle by itself, and falls back to neutral while the model is worse than
knowing nothing. Whatever goes wrong with the classifier leaves the regime unknown: the stop runs on candles
alone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from freqtrade.data.dataprovider import DataProvider

from outrigger.atomic import write_text
from outrigger.bot.faults import FaultLog
from outrigger.errors import OutriggerError, StateError
from outrigger.regime.bundle.bundle import Bundle
from outrigger.regime.classes import REGIMES
from outrigger.regime.drift_memory import DriftMemory
from outrigger.regime.drift_state import DriftRules
from outrigger.regime.features import CHARTS, REFERENCE_PAIR, SECOND_REFERENCE_PAIR, LaidOut, leader_of
from outrigger.regime.features.inputs import sources_of
from outrigger.regime.live import CHART, Charts, LiveRegime, closes_of
from outrigger.regime.reload import BundleHolder
from outrigger.regime.watch import DriftWatch
from outrigger.settings.regime import RegimeSettings
from outrigger.volatility.windows import Array

logger = logging.getLogger(__name__)

COLUMNS = tuple(f"regime_{name}" for name in REGIMES)
HOUR_MS = 3_600_000


class Regimes:
    """Regime probabilities of every pair of one strategy.

    Parameters
    ----------
    settings : RegimeSettings
        Whether, which bundle, and when to fall back.
    user_data : Path
        Freqtrade's working directory: a running bot keeps its memory of drift there.
    faults : FaultLog
        Told of what fails while a bot runs.
    tell : callable
        Told in words what a trader has to know: no bundle, drift, fall-back.
    live : bool
        Whether a bot runs.
    """

    def __init__(
        self,
        settings: RegimeSettings,
        user_data: Path,
        faults: FaultLog,
        tell: Callable[[str], None],
        *,
        live: bool,
    ) -> None:
        self.settings = settings
        self._faults, self._tell, self._live = faults, tell, live
        self._holder = BundleHolder(Path(settings.bundle), tell)
        self._pairs: dict[str, LiveRegime] = {}
        self._laid_out = LaidOut()
        self._path = user_data / "outrigger" / "drift.json"
        self._watch: DriftWatch | None = None
        self._written_ms = 0

    def inputs(self, now_ms: int) -> tuple[str, ...]:
        """What the bundle of a moment has to be told beside candles."""
        bundle = self._holder.at(now_ms) if self.settings.enabled else None
        return () if bundle is None else sources_of(bundle.card.features)

    @property
    def standing(self) -> str:
        """How the classifier stands, in a few words."""
        if not self.settings.enabled:
            return "regimes off"
        if self._watch is None:
            return "regime not read yet"
        state = self._watch.state
        fallen = self.settings.fallback and state.neutral
        return f"regime {state.status.value.replace('_', ' ')}" + (
            ", fallen back to neutral" if fallen else ""
        )

    def informative(self, pairs: Iterable[str]) -> list[tuple[str, str]]:
        """Charts of the pairs and of those that lead them."""
        if not self.settings.enabled:
            return []
        wanted = dict.fromkeys((*pairs, REFERENCE_PAIR, SECOND_REFERENCE_PAIR))
        return [(pair, chart) for pair in wanted for chart in CHARTS]

    def probabilities(
        self, pair: str, provider: DataProvider, inputs: pd.DataFrame | None, frames: Charts
    ) -> Array:
        """Probabilities of the regimes at the close of each five-minute candle.

        Parameters
        ----------
        pair : str
            The pair.
        provider : DataProvider
            Freqtrade's; every pair and chart of `informative` has to be known to it.
        inputs : DataFrame or None
            What is known beside prices, one row a candle.
        frames : mapping of str to DataFrame
            Charts of the pair that are at hand, the five-minute candles among them; others are asked for.

        Returns
        -------
        ndarray of shape (n_candles, 5)
            NaN where the regime is not known.
        """
        charts = _charts(provider, pair, frames)
        closed = closes_of(charts[CHART], pair)
        told = np.full((len(closed), len(REGIMES)), np.nan)
        bundle = self._holder.at(int(closed[-1])) if closed.size else None
        if bundle is None:
            return told
        leader = leader_of(pair)
        references = {leader: _charts(provider, leader, {})}
        try:
            state = self._state(pair)
            told = state.update(bundle, charts, references, inputs)
            if self._live:
                told = self._watched(bundle, pair, charts[CHART], told, state.fresh)
        except (OutriggerError, ValueError) as error:
            if not self._live:
                raise
            self._pairs.pop(pair, None)
            self._faults.record("regime", pair, error, "the regime is unknown, every multiplier neutral")
        return told

    def _state(self, pair: str) -> LiveRegime:
        """What was said of a pair's candles so far; nothing is kept from one backtest to the next."""
        if not self._live:
            return LiveRegime(pair)
        return self._pairs.setdefault(pair, LiveRegime(pair, self._laid_out))

    def _watched(
        self, bundle: Bundle, pair: str, chart: pd.DataFrame, told: Array, fresh: pd.DataFrame | None
    ) -> Array:
        """Let the watch see new candles, and fall back to unknown where it says so."""
        watch = (self._watch or self._load(bundle)).of(bundle)
        if fresh is not None:
            now = int(closes_of(chart, pair)[-1])
            before = watch.state.status
            rules = DriftRules(patience_ms=round(self.settings.fallback_hours * HOUR_MS))
            watch = watch.seen(bundle, pair, chart, told, fresh).at(bundle, now, rules)
            if watch.state.status is not before:
                self._tell(watch.words())
            if now - self._written_ms >= HOUR_MS or watch.state.status is not before:
                self._save(watch, now)
        self._watch = watch
        neutral = self.settings.fallback and watch.state.neutral
        return np.full_like(told, np.nan) if neutral else told

    def _load(self, bundle: Bundle) -> DriftWatch:
        try:
            return DriftWatch.from_dict(json.loads(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, StateError) as error:
            logger.warning("%s cannot be read (%s): the drift watch starts anew", self._path, error)
        return DriftWatch(DriftMemory(bundle.sha256))

    def _save(self, watch: DriftWatch, now_ms: int) -> None:
        self._written_ms = now_ms
        try:
            write_text(self._path, json.dumps(watch.to_dict()))
        except OSError as error:
            self._faults.record("drift watch's file", "all pairs", error, "a restart forgets the last days")


def _charts(provider: DataProvider, pair: str, frames: Charts) -> Charts:
    found = {
        chart: frames[chart] if chart in frames else provider.get_pair_dataframe(pair, chart)
        for chart in CHARTS
    }
    return {chart: frame for chart, frame in found.items() if len(frame)}


def as_columns(told: Mapping[str, Any] | Array) -> dict[str, Array]:
    """Name probabilities as columns of a frame."""
    return dict(zip(COLUMNS, np.asarray(told).T, strict=True))
