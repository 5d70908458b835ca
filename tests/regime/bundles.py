"""Small bundles to write, read, spoil and ask: real boosted trees on noise, a card that fits them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from outrigger.regime.bundle.baselines import fit_baselines
from outrigger.regime.bundle.bundle import Bundle
from outrigger.regime.bundle.card import Card
from outrigger.regime.bundle.files import write_bundle
from outrigger.regime.bundle.model_card import ModelCard
from outrigger.regime.bundle.stored_model import Classifier, digest, dump_model
from outrigger.regime.bundle.versions import present_versions
from outrigger.regime.drift import training_bins
from outrigger.regime.features import CANDLE_FEATURES
from outrigger.regime.labels import REFERENCE_RULES

# Two threads a tree on a busy machine wait for each other far longer than they work.
threadpool_limits(limits=1)

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_735_689_600_000  # 2025-01-01
FEATURES = tuple(CANDLE_FEATURES)[:6]
GAP_MS = 4 * HOUR_MS


def noise(n_rows: int, seed: int, features: Sequence[str] = FEATURES) -> pd.DataFrame:
    """Features that mean nothing, a tenth of them missing."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_rows, len(features)))
    values[rng.random(values.shape) < 0.1] = np.nan
    return pd.DataFrame(values, columns=list(features))


def forest(seed: int, features: Sequence[str] = FEATURES) -> Classifier:
    """A fitted classifier of five regimes; every seed says something else."""
    rows = noise(400, seed, features)
    labels = np.random.default_rng(seed).integers(0, 5, len(rows)).astype(np.int8)
    labels[:5] = range(5)
    model: Classifier = HistGradientBoostingClassifier(max_iter=3, random_state=seed).fit(rows, labels)
    return model


def bundle(
    ends_ms: Sequence[int] = (START_MS + 30 * DAY_MS, START_MS + 60 * DAY_MS),
    features: Sequence[str] = FEATURES,
    models: Sequence[Classifier] | None = None,
    gap_ms: int = GAP_MS,
) -> tuple[Bundle, tuple[bytes, ...]]:
    """A bundle in memory and its files."""
    fitted = list(models or [forest(seed, features) for seed in range(len(ends_ms))])
    contents = tuple(dump_model(model) for model in fitted)
    check = noise(4, 99, features)
    card = Card(
        exchange="binance",
        pairs=("BTC/USDT:USDT",),
        timeframe="5m",
        data_from_ms=START_MS,
        data_until_ms=ends_ms[-1],
        sources=("binance-5m",),
        inputs=(),
        features=tuple(features),
        label_rules=REFERENCE_RULES,
        gap_ms=gap_ms,
        spacing=1,
        seed=7,
        versions=present_versions(),
        check_rows=tuple(tuple(row) for row in check.to_numpy().tolist()),
        drift={name: bins.to_dict() for name, bins in training_bins(noise(900, 5), np.arange(900)).items()},
        scores={"log_loss": 1.2},
        models=tuple(
            model_card(model, content, check, end)
            for model, content, end in zip(fitted, contents, ends_ms, strict=True)
        ),
    )
    return Bundle(card, tuple(fitted), digest(card.dumps().encode())), contents


def model_card(model: Classifier, content: bytes, check: pd.DataFrame, end_ms: int) -> ModelCard:
    """What a card says of a model."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 5, 200).astype(np.int8)
    sha256 = digest(content)
    return ModelCard(
        file=f"{end_ms}-{sha256[:12]}.skops",
        sha256=sha256,
        size_bytes=len(content),
        trained_from_ms=START_MS,
        trained_until_ms=end_ms,
        rows=200,
        label_shares=(0.2, 0.2, 0.2, 0.2, 0.2),
        baselines=fit_baselines(labels, rng.normal(size=(200, 2)), labels),
        checked=tuple(tuple(row) for row in model.predict_proba(check).tolist()),
    )


def written(directory: Path, **terms: object) -> Bundle:
    """A bundle on disk."""
    made, contents = bundle(**terms)  # type: ignore[arg-type]
    write_bundle(directory, made.card, contents)
    return made


def with_model(made: Bundle, position: int, **changes: object) -> Card:
    """A card with something else said of one model."""
    models = list(made.card.models)
    models[position] = replace(models[position], **changes)  # type: ignore[arg-type]
    return replace(made.card, models=tuple(models))
