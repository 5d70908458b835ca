"""Whether the regimes came that the classifier had announced at the entries, and what its watch says.

What was said is worked out again with the bundle, each candle by a model trained before it and smoothed as
the bot smooths it; what came is the reference label. An entry whose horizon is not over is not yet known.
The watch's own file is only read. Weak: a few dozen entries say little about five classes; the table is for
the eye, `outrigger evaluate` is for judging.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from outrigger.errors import DataError, OutriggerError, StateError
from outrigger.market.candles import candle_path, mend, read_candles
from outrigger.market.store.store import MarketStore
from outrigger.regime.bundle.bundle import Bundle
from outrigger.regime.bundle.files import read_bundle
from outrigger.regime.classes import REGIMES, UNLABELLED
from outrigger.regime.drift_state import DriftState
from outrigger.regime.effects import smoothed
from outrigger.regime.features import CHARTS, leader_of, regime_features
from outrigger.regime.labels import regime_labels
from outrigger.regime.live import closes_of
from outrigger.regime.scoring import score
from outrigger.regime.watch import DriftWatch
from outrigger.review.inputs_on_disk import all_inputs_on_disk
from outrigger.review.trade import Trade
from outrigger.review.trade_measures import Floats
from outrigger.review.weekly.asked import drift_path
from outrigger.review.weekly.classifier import Classifier, DriftTold, RegimeHits
from outrigger.review.weekly.market import CHART
from outrigger.review.weekly.parameters import Dated
from outrigger.settings.read import Settings

SMALLEST = 1e-6
# Six hours of candles: nothing older weighs in a mean of minutes.
SMOOTHED = 72
# Features look back at most this far; reading more would only take longer.
HISTORY = pd.Timedelta(days=30)


def classifier_of(
    bundle: Path | None,
    datadir: Path | None,
    user_data: Path | None,
    settings: Settings,
    store: MarketStore | None = None,
) -> Classifier:
    """Read what there is of a classifier.

    Parameters
    ----------
    bundle : Path or None
        Its directory.
    datadir : Path or None
        Candles to ask it about.
    user_data : Path or None
        Working directory of a bot that uses it; None for a backtest.
    settings : Settings
        How much to smooth, and how inputs are read.
    store : MarketStore, optional
        Recordings, for a bundle that was trained on more than candles.

    Returns
    -------
    Classifier
        A bundle that is refused is told as missing.
    """
    drift = None if user_data is None else read_drift(user_data)
    if bundle is None:
        return Classifier(drift=drift)
    try:
        found = read_bundle(bundle)
    except OutriggerError as error:
        return Classifier(drift=drift, missing=(f"regimes: {error}",))
    until = found.card.models[-1].trained_until_ms
    dated = Dated(f"regime bundle {bundle}", "run `outrigger train`", until)
    if datadir is None:
        return Classifier(drift=drift, bundle=dated)
    ask = partial(regime_hits, bundle=found, datadir=datadir, settings=settings, store=store)
    return Classifier(ask, drift, dated)


def hits(said: Floats, came: np.ndarray[Any, Any], prior: tuple[float, ...], known: int) -> RegimeHits:
    """Compare what was said with what came.

    Parameters
    ----------
    said : ndarray of shape (n_entries, 5)
        Probabilities in the order of `REGIMES`; NaN where nothing was said.
    came : ndarray of int, shape (n_entries,)
        Labels; −1 while not known.
    prior : tuple of float
        Shares of the regimes in training.
    known : int
        Entries for which neither could be asked, for want of candles.

    Returns
    -------
    RegimeHits
    """
    told = np.isfinite(said).all(axis=1)
    done = told & (came != UNLABELLED)
    chances, labels = said[done], came[done].astype(np.intp)
    rows = np.arange(len(labels))
    loss = -np.log(np.maximum(chances[rows, labels], SMALLEST))
    plain = -np.log(np.maximum(np.asarray(prior)[labels], SMALLEST))
    top = chances.argmax(axis=1) if len(labels) else labels
    empty = not len(labels)
    return RegimeHits(
        {name: float("nan") if empty else float(chances[:, k].mean()) for k, name in enumerate(REGIMES)},
        {name: int((labels == k).sum()) for k, name in enumerate(REGIMES)},
        {name: int(((labels == k) & (top == k)).sum()) for k, name in enumerate(REGIMES)},
        len(labels),
        int((told & ~done).sum()),
        int((~told).sum()) + known,
        float("nan") if empty else float(loss.mean()),
        float("nan") if empty else float(plain.mean()),
    )


def regime_hits(
    trades: Iterable[Trade],
    bundle: Bundle,
    datadir: Path,
    settings: Settings,
    store: MarketStore | None = None,
) -> RegimeHits:
    """Ask a bundle what it had said at the entries of some trades.

    Parameters
    ----------
    trades : iterable of Trade
        Whose entries.
    bundle : Bundle
        The classifier.
    datadir : Path
        Freqtrade data directory with the pairs' 5m, 15m and 4h candles, and their leader's.
    settings : Settings
        How much to smooth, and how inputs are read.
    store : MarketStore, optional
        Recordings, for a bundle that was trained on more than candles.

    Returns
    -------
    RegimeHits
        Pairs without candles count as unknown.
    """
    by_pair: dict[str, list[Trade]] = {}
    for trade in trades:
        by_pair.setdefault(trade.pair, []).append(trade)
    said, came, blind = [np.empty((0, len(REGIMES)))], [np.empty(0, dtype=np.int64)], 0
    for pair, mine in by_pair.items():
        try:
            chances, labels = _asked(pair, [t.opened_ms for t in mine], bundle, datadir, settings, store)
        except DataError:
            blind += len(mine)
            continue
        said.append(chances)
        came.append(labels)
    prior = bundle.card.models[-1].baselines.prior
    return hits(np.concatenate(said), np.concatenate(came), prior, blind)


def _asked(
    pair: str,
    entries_ms: list[int],
    bundle: Bundle,
    datadir: Path,
    settings: Settings,
    store: MarketStore | None,
) -> tuple[Floats, np.ndarray[Any, Any]]:
    """Probabilities and labels at the last close by each entry of one pair."""
    first = pd.Timestamp(min(entries_ms), unit="ms", tz="UTC")
    charts, leader = _charts(datadir, pair, first), leader_of(pair)
    if CHART not in charts or not len(charts[CHART]):
        raise DataError(f"{pair}: no five-minute candles around its entries")
    chart = charts[CHART]
    closed = closes_of(chart, pair)
    rows = closed.searchsorted(np.array(entries_ms), side="right") - 1
    # More candles than the entries ask for, so that the smoothing has its past.
    last = len(chart) - max(int(rows.min()) - SMOOTHED, 0)
    used = set(bundle.card.inputs)
    # Liquidation levels take longer than all else, and rest on recordings: funding needs none of them.
    levels = bool(used - {"funding"})
    inputs = all_inputs_on_disk(datadir, pair, chart, settings, store, levels=levels) if used else None
    features = regime_features(
        charts, {leader: _charts(datadir, leader, first)}, inputs, pair=pair, last=last
    )
    told = np.full((len(chart), len(REGIMES)), np.nan)
    told[-last:] = smoothed(score(bundle, features, closed[-last:]), settings.regime.smoothing_minutes)
    labels = regime_labels(chart).astype(np.int64)
    late = (rows < 0) | (np.array(entries_ms) - closed[np.maximum(rows, 0)] > 2 * 300_000)
    chances = np.where(late[:, None], np.nan, told[np.maximum(rows, 0)])
    return chances, np.where(late, UNLABELLED, labels[np.maximum(rows, 0)])


def _charts(datadir: Path, pair: str, first: pd.Timestamp) -> Mapping[str, pd.DataFrame]:
    there = [chart for chart in CHARTS if candle_path(datadir, pair, chart).is_file()]
    whole = {chart: mend(read_candles(datadir, pair, chart)) for chart in there}
    return {
        chart: frame[frame["date"] >= first - HISTORY].reset_index(drop=True)
        for chart, frame in whole.items()
    }


def read_drift(user_data: Path) -> DriftTold | None:
    """Read what a bot's drift watch says, without touching its file.

    Parameters
    ----------
    user_data : Path
        Freqtrade's working directory.

    Returns
    -------
    DriftTold or None
        None where no bot with a classifier has run there; a status `unreadable` where the file is damaged.
    """
    path = drift_path(user_data)
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        watch, state = DriftWatch.from_dict(body), DriftState.from_dict(body["state"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, StateError) as error:
        return DriftTold(
            "unreadable", f"{path} cannot be read ({error}): the bot will start it anew", None, None
        )
    judged = [day for day in watch.memory.days.values() if day.judged]
    rows = sum(day.judged for day in judged)
    excess = sum(day.excess for day in judged) / rows if rows else None
    return DriftTold(state.status.value, watch.words(), state.since_ms, excess)
