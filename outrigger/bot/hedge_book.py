"""All that the hedge knows of its pairs at a moment: measured hedges, funding, squeezes, runners' candles.

Measured once a run, or once a five-minute candle in a running bot; read by time. A pair of which nothing is
known yet is answered with None or NaN, which opens no leg and closes none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import nan

import numpy as np
import pandas as pd
from freqtrade.data.dataprovider import DataProvider
from numpy.typing import NDArray

from outrigger.bot.regimes import COLUMNS
from outrigger.hedge.measure import CHART, HedgeReading, HedgeTrack, measure_hedges
from outrigger.hedge.runner import RunnerTrack, runner_track
from outrigger.hedge.state import hedge_states
from outrigger.market.alignment import open_times_ms
from outrigger.market.features.funding_interval import charge_intervals_ms, per_eight_hours
from outrigger.market.pair_rows import FUNDING_CHART
from outrigger.regime.classes import LONG_SQUEEZE, SHORT_SQUEEZE
from outrigger.settings.hedge import HedgeSettings
from outrigger.settings.stop import StopSettings
from outrigger.stops.track import StopTrack

FUNDING = "funding_rate"


@dataclass(frozen=True, slots=True)
class _Funding:
    at_ms: NDArray[np.int64]
    rate: NDArray[np.float64]


class HedgeBook:
    """Measures of every pair of one strategy's hedge.

    Parameters
    ----------
    settings : HedgeSettings
        Pairs, windows and floors.
    """

    def __init__(self, settings: HedgeSettings) -> None:
        self.settings = settings
        self._tracks: dict[str, dict[str, HedgeTrack]] = {}
        self._measured: dict[str, tuple[object, ...]] = {}
        self._funding: dict[str, _Funding] = {}
        self._squeezes: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
        self._candles: dict[str, StopTrack] = {}
        self._runners: dict[str, RunnerTrack] = {}

    def informative(self) -> list[tuple[str, ...]]:
        """Charts that Freqtrade has to bring along."""
        return [
            row for pair in self.settings.pairs for row in ((pair, CHART), (pair, FUNDING_CHART, FUNDING))
        ]

    def measure(self, pair: str, provider: DataProvider) -> None:
        """Measure a pair's hedges, if it is a primary, and read its funding.

        Parameters
        ----------
        pair : str
            A pair that is being analysed.
        provider : DataProvider
            Freqtrade's.

        Raises
        ------
        DataError
            If a candle file of the primary is empty or out of order.
        """
        if pair not in self.settings.pairs:
            return
        rates = provider.get_pair_dataframe(pair, FUNDING_CHART, candle_type=FUNDING)
        if not rates.empty:
            column = "funding_rate" if "funding_rate" in rates else "open"
            at_ms = open_times_ms(rates["date"], f"{pair} funding")
            rate = per_eight_hours(rates[column].to_numpy(np.float64), charge_intervals_ms(at_ms))
            self._funding[pair] = _Funding(at_ms, rate)
        legs = self.settings.legs_of(pair)
        if legs:
            frames = {name: provider.get_pair_dataframe(name, CHART) for name in (pair, *legs)}
            self.put(pair, {name: frame for name, frame in frames.items() if not frame.empty})

    def put(self, primary: str, frames: Mapping[str, pd.DataFrame]) -> None:
        """Measure a primary's candidates from their candles, unless these have been measured already."""
        seen = tuple((pair, len(frame), frame["date"].iloc[-1]) for pair, frame in frames.items())
        if primary in frames and self._measured.get(primary) != seen:
            self._tracks[primary] = measure_hedges(primary, frames, self.settings)
            self._measured[primary] = seen

    def heed(self, settings: HedgeSettings) -> None:
        """Take over settings of a hyperopt epoch: thresholds act on what is measured already."""
        if settings == self.settings:
            return
        self.settings = settings
        self._tracks = {
            primary: {
                leg: replace(track, state=hedge_states(track.correlation, settings))
                for leg, track in legs.items()
            }
            for primary, legs in self._tracks.items()
        }

    def lay_out(
        self, pair: str, frame: pd.DataFrame, track: StopTrack, timeframe: str, stop: StopSettings
    ) -> None:
        """Take over an analysed pair.

        Parameters
        ----------
        pair : str
            The pair.
        frame : DataFrame
            Its measured candles, with the regimes' columns where they are switched on.
        track : StopTrack
            The same candles for the stop.
        timeframe : str
            Length of a candle.
        stop : StopSettings
            Limits of a runner's trail.
        """
        if self.settings.primaries_of(pair):
            self._runners[pair] = runner_track(track, timeframe, stop, self.settings)
        if pair not in self.settings.pairs:
            return
        self._candles[pair] = track
        longs, shorts = COLUMNS[LONG_SQUEEZE], COLUMNS[SHORT_SQUEEZE]
        if longs in frame and shorts in frame:
            self._squeezes[pair] = (frame[longs].to_numpy(np.float64), frame[shorts].to_numpy(np.float64))

    def reading(self, primary: str, leg: str, now_ms: int) -> HedgeReading | None:
        """How well a candidate hedges a primary now; None where it has not been measured."""
        track = self._tracks.get(primary, {}).get(leg)
        return None if track is None else track.at(now_ms)

    def price(self, pair: str, now_ms: int) -> float:
        """Last closed price; NaN before the pair's first analysis."""
        track = self._candles.get(pair)
        row = -1 if track is None else track.last_closed(now_ms)
        return nan if track is None or row < 0 else float(track.close[row])

    def funding(self, pair: str, now_ms: int) -> float:
        """Rate of the last funding event, per eight hours; NaN where there is none."""
        found = self._funding.get(pair)
        row = -1 if found is None else int(found.at_ms.searchsorted(now_ms, side="right")) - 1
        return nan if found is None or row < 0 else float(found.rate[row])

    def squeeze(self, pair: str, side: int, now_ms: int) -> float | None:
        """Probability of a squeeze against a side of a pair; None where regimes are off or not known."""
        track, told = self._candles.get(pair), self._squeezes.get(pair)
        row = -1 if track is None else track.last_closed(now_ms)
        if told is None or row < 0 or row >= len(told[0]):
            return None
        return float(told[0][row] if side > 0 else told[1][row])

    def runner(self, pair: str) -> RunnerTrack | None:
        """Candles for runners on a pair; None before its first analysis."""
        return self._runners.get(pair)
