"""Regime probabilities of a pair from files, for whatever replays a stop outside of a bot."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from outrigger.market.candles import candle_path, mend, read_candles
from outrigger.market.store.store import MarketStore
from outrigger.regime.bundle.files import read_bundle
from outrigger.regime.classes import REGIMES
from outrigger.regime.effects import smoothed
from outrigger.regime.features import CHARTS, leader_of
from outrigger.regime.live import CHART, LiveRegime
from outrigger.review.inputs_on_disk import all_inputs_on_disk
from outrigger.settings.read import Settings


def regimes_on_disk(
    datadir: Path, pair: str, settings: Settings, store: MarketStore | None = None
) -> pd.DataFrame | None:
    """Probabilities at the close of each five-minute candle, smoothed as in a running bot.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory with the pair's 5m, 15m and 4h candles, and its leader's.
    pair : str
        As Freqtrade writes it.
    settings : Settings
        Whether, which bundle, and how much to smooth.
    store : MarketStore, optional
        Recordings, where the bundle was trained on more than candles.

    Returns
    -------
    DataFrame of shape (n_candles, 5) or None
        Columns in the order of `REGIMES`, one row a candle; None where the classifier is switched off.

    Raises
    ------
    DataError
        If candles cannot be read.
    StateError
        If the bundle cannot be used.
    """
    if not settings.regime.enabled:
        return None
    bundle = read_bundle(Path(settings.regime.bundle))
    charts, leader = _charts(datadir, pair), leader_of(pair)
    inputs = None
    if bundle.card.inputs:
        inputs = all_inputs_on_disk(datadir, pair, charts[CHART], settings, store)
    told = LiveRegime(pair).update(bundle, charts, {leader: _charts(datadir, leader)}, inputs)
    mean = smoothed(told, settings.regime.smoothing_minutes)
    return pd.DataFrame(mean, columns=list(REGIMES), index=charts[CHART].index)


def _charts(datadir: Path, pair: str) -> dict[str, pd.DataFrame]:
    there = [chart for chart in CHARTS if candle_path(datadir, pair, chart).is_file()]
    return {chart: mend(read_candles(datadir, pair, chart)) for chart in there}
