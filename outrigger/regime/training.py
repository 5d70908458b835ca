"""Trains a bundle: one model after another, each on all that was known up to its date.

A candle is learned from only if its label's horizon ended by the cut, so `trained_until` is the last moment
that any label saw. Each model is scored on the candles after it that no later model may score; these scores
are out of sample, and what the card shows. Nothing here chooses a model: that is `RegimeClassifier`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed, parallel_config

from outrigger.errors import DataError
from outrigger.market.moment import from_ms
from outrigger.regime.bundle.baselines import fit_baselines
from outrigger.regime.bundle.bundle import Bundle, probabilities
from outrigger.regime.bundle.card import BAR_MS, Card
from outrigger.regime.bundle.model_card import ModelCard, Rows
from outrigger.regime.bundle.stored_model import Classifier, digest, dump_model
from outrigger.regime.bundle.versions import present_versions
from outrigger.regime.classes import REGIMES
from outrigger.regime.drift import training_bins
from outrigger.regime.evaluation import evaluate
from outrigger.regime.labels import REFERENCE_RULES, LabelRules
from outrigger.regime.model.classifier import RegimeClassifier
from outrigger.regime.scoring import known, model_at
from outrigger.regime.threads import single_threaded
from outrigger.regime.training_cuts import MONTHLY, training_cuts
from outrigger.regime.training_data import RegimeRows
from outrigger.regime.training_pool import Pool, check_rows, pool, refuse_unlearnable, useless

# The classifier thins its rows out itself; doing it before saves holding what it would drop.
_SPACING: Final = int(RegimeClassifier().linear_spacing_bars)
Progress = Callable[[str, int, int], None]
Fit = Callable[
    [pd.DataFrame, npt.NDArray[np.int8], npt.NDArray[np.int64], npt.NDArray[np.intp], int], Classifier
]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a bundle is trained.

    Parameters
    ----------
    models : str
        `"monthly"` or a number.
    minimum_days : int
        Days before the first cut.
    rules : LabelRules
        What the regimes are.
    spacing : int
        A row is taken every so many candles of the clock; the classifier's own unless said.
    seed : int
        Seed of the classifier.
    jobs : int
        Models fitted at the same time, each in a process of its own; or, of a single model, parts.
    exchange : str
        Told in the card.
    sources, inputs : tuple of str
        Told in the card: names of data directories, and data beside candles.
    """

    models: str = MONTHLY
    minimum_days: int = 90
    rules: LabelRules = REFERENCE_RULES
    spacing: int = _SPACING
    seed: int = 7
    jobs: int = 1
    exchange: str = "binance"
    sources: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Training:
    """What a training gives.

    Parameters
    ----------
    bundle : Bundle
        In memory.
    contents : tuple of bytes
        The models' files, in the card's order.
    left_out : mapping of str to str
        Columns that the models are not given, and why.
    """

    bundle: Bundle
    contents: tuple[bytes, ...]
    left_out: Mapping[str, str]


def train(
    rows: Sequence[RegimeRows],
    plan: Plan,
    *,
    last_ms: int | None = None,
    cuts: Sequence[int] | None = None,
    fit: Fit | None = None,
    progress: Progress | None = None,
) -> Training:
    """Train a bundle.

    Parameters
    ----------
    rows : sequence of RegimeRows
        One for each pair.
    plan : Plan
        How.
    last_ms : int, optional
        Last moment that any label may see; the last close unless given or earlier.
    cuts : sequence of int, optional
        Ends of training, increasing, in milliseconds; the plan's unless given.
    fit : callable, optional
        Gives a fitted classifier for (features, labels, closes, pairs, seed); `RegimeClassifier` unless
        given.
    progress : callable, optional
        Called with (what, done, total).

    Returns
    -------
    Training

    Raises
    ------
    DataError
        If there is too little data, a window of one regime only, or no feature that varies.
    """
    first = min((int(one.closed_ms[0]) for one in rows if len(one)), default=0) - BAR_MS
    last = max((int(one.closed_ms[-1]) for one in rows if len(one)), default=0)
    last = last if last_ms is None else min(last, last_ms)
    horizon = plan.rules.horizon_bars * BAR_MS
    if last - first <= horizon:
        raise DataError(
            f"the candles span {max(last - first, 0) / 3_600_000:.1f} h, the labels alone look "
            f"{horizon / 3_600_000:.0f} h ahead: download months of 5m candles with `freqtrade download-data`"
        )
    ends = tuple(cuts) if cuts is not None else training_cuts(first, last, plan.models, plan.minimum_days)
    pooled = pool(rows, plan.spacing)
    left_out = useless(pooled.features)
    features = pooled.features.drop(columns=list(left_out))
    if known(features).sum() == 0:
        raise DataError(
            "no feature varies in this data: it needs candles that moved; download another period"
        )
    pooled = replace(pooled, features=features)
    return _train(rows, pooled, ends, plan, left_out, fit or fit_classifier, progress)


def fit_classifier(
    features: pd.DataFrame,
    labels: npt.NDArray[np.int8],
    closed_ms: npt.NDArray[np.int64],
    pairs: npt.NDArray[np.intp],
    seed: int,
) -> Classifier:
    """Fit the regime classifier on pooled rows."""
    model: Classifier = RegimeClassifier(random_state=seed).fit(
        features, labels, times_ms=closed_ms, groups=pairs
    )
    return model


def _train(
    rows: Sequence[RegimeRows],
    pooled: Pool,
    ends: Sequence[int],
    plan: Plan,
    left_out: Mapping[str, str],
    fit: Fit,
    progress: Progress | None,
) -> Training:
    horizon = plan.rules.horizon_bars * BAR_MS
    check = check_rows(pooled.features, plan.seed)
    cards, models, contents = [], [], []
    windows = [pooled.at(pooled.closed_ms + horizon <= end) for end in ends]
    for mine, end in zip(windows, ends, strict=True):
        refuse_unlearnable(mine, end)
    if progress is not None:
        progress("models", 0, len(ends))
    for done, (mine, model) in enumerate(zip(windows, _fitted(windows, plan, fit), strict=True), 1):
        if progress is not None:
            progress(f"model until {from_ms(ends[done - 1]):%Y-%m-%d}", done, len(ends))
        content = dump_model(model)
        cards.append(_model_card(mine, model, content, check, horizon))
        models.append(model)
        contents.append(content)
    if progress is not None:
        progress("scores", len(ends), len(ends))
    card = Card(
        exchange=plan.exchange,
        pairs=tuple(one.pair for one in rows),
        timeframe="5m",
        data_from_ms=int(pooled.closed_ms.min()) - BAR_MS,
        data_until_ms=int(ends[-1]),
        sources=plan.sources,
        inputs=plan.inputs,
        features=tuple(pooled.features.columns),
        label_rules=plan.rules,
        gap_ms=horizon,
        spacing=plan.spacing,
        seed=plan.seed,
        versions=present_versions(),
        check_rows=check,
        drift={
            name: bins.to_dict() for name, bins in training_bins(pooled.features, pooled.closed_ms).items()
        },
        scores={},
        models=tuple(cards),
    )
    scored = _with_scores(Bundle(card, tuple(models), ""), rows)
    return Training(Bundle(scored, tuple(models), digest(scored.dumps().encode())), tuple(contents), left_out)


def _fitted(windows: Sequence[Pool], plan: Plan, fit: Fit) -> Iterator[Classifier]:
    """Fit a model to each window, several at a time, each in a process of its own.

    A single model's parts are fitted at the same time instead, in threads, which copy nothing.
    """
    asked = [(mine.features, mine.labels, mine.closed_ms, mine.pairs, plan.seed) for mine in windows]
    jobs = min(plan.jobs, len(windows))
    if jobs == 1:
        for arguments in asked:
            with parallel_config(backend="threading", n_jobs=plan.jobs):
                model = _fitted_alone(fit, *arguments)
            yield model
        return
    fits = Parallel(n_jobs=jobs, return_as="generator")
    yield from fits(delayed(_fitted_alone)(fit, *arguments) for arguments in asked)


def _fitted_alone(fit: Fit, *arguments: Any) -> Classifier:
    """Fit a model in this process."""
    with single_threaded():
        return fit(*arguments)


def _with_scores(bundle: Bundle, rows: Sequence[RegimeRows]) -> Card:
    """Complete a card with how each model, and all of them together, did on what came after."""
    card = bundle.card
    try:
        whole = evaluate(bundle, rows)
    except DataError:
        # One model, trained on all there is: nothing came after it.
        return card
    which = model_at(card, whole.closed_ms)
    after = tuple(
        replace(model, scores=whole.at(which == position).to_dict()) if (which == position).any() else model
        for position, model in enumerate(card.models)
    )
    return replace(card, models=after, scores=whole.to_dict())


def _model_card(mine: Pool, model: Classifier, content: bytes, check: Rows, horizon: int) -> ModelCard:
    until = int(mine.closed_ms.max()) + horizon
    shares = np.bincount(mine.labels, minlength=len(REGIMES)) / len(mine.labels)
    told = probabilities(model, pd.DataFrame(check, columns=mine.features.columns, dtype=np.float64))
    sha256 = digest(content)
    return ModelCard(
        file=f"{from_ms(until):%Y-%m-%d}-{sha256[:12]}.skops",
        sha256=sha256,
        size_bytes=len(content),
        trained_from_ms=int(mine.closed_ms.min()),
        trained_until_ms=until,
        rows=len(mine.labels),
        label_shares=tuple(shares.tolist()),
        baselines=fit_baselines(mine.labels, mine.volatility, mine.last),
        checked=tuple(tuple(row) for row in told.tolist()),
    )
