"""A bundle's card: on what, when and by which versions its models were trained, and what is on disk.

The card is the bundle's table of contents and its proof: a model file counts only if its size and SHA-256 are
those of the card, and a model scores only candles that closed a gap after the last moment its labels saw.
Times are ISO 8601 in UTC for people and milliseconds inside. A card of a later format is refused, because
what it means is not known here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from outrigger.errors import StateError
from outrigger.json_values import plain
from outrigger.market.moment import from_ms
from outrigger.regime.bundle.model_card import ModelCard, Rows, moment_of, rows_of, text_of, words_of
from outrigger.regime.classes import REGIMES
from outrigger.regime.labels import LabelRules

NAME: Final = "card.json"
FORMAT: Final = "outrigger regime bundle"
VERSION: Final = 1
BAR_MS: Final = 300_000


@dataclass(frozen=True, slots=True)
class Card:
    """All of a bundle but its models' contents.

    Parameters
    ----------
    exchange, pairs, timeframe : str, tuple of str, str
        What the candles were.
    data_from_ms, data_until_ms : int
        First candle's open and last candle's close of the training data.
    sources : tuple of str
        Names of the data directories.
    inputs : tuple of str
        Data beyond candles that was there: `funding`, `book`, `interest`.
    features : tuple of str
        Columns that the models are given, in order.
    label_rules : LabelRules
        What the regimes are.
    gap_ms : int
        Time from the end of a model's training to the first candle it scores; at least the labels' horizon.
    spacing : int
        Every how many candles a row was taken.
    seed : int
        Seed of the training.
    versions : mapping of str to str
        `outrigger`, `scikit-learn`, `skops`, `numpy`.
    check_rows : tuple of tuple of float
        Some rows of features.
    drift : mapping
        Distribution of each feature in training; see `outrigger.regime.drift`.
    scores : mapping
        Measures over all candles that were scored walk-forward, each by the newest model trained before it.
    models : tuple of ModelCard
        Oldest first.
    """

    exchange: str
    pairs: tuple[str, ...]
    timeframe: str
    data_from_ms: int
    data_until_ms: int
    sources: tuple[str, ...]
    inputs: tuple[str, ...]
    features: tuple[str, ...]
    label_rules: LabelRules
    gap_ms: int
    spacing: int
    seed: int
    versions: Mapping[str, str]
    check_rows: Rows
    drift: Mapping[str, Any]
    scores: Mapping[str, Any]
    models: tuple[ModelCard, ...]

    @property
    def horizon_ms(self) -> int:
        """How far a label looks ahead."""
        return self.label_rules.horizon_bars * BAR_MS

    def dumps(self) -> str:
        """Write the card as JSON text; strict: what is not a number is null."""
        body = {
            "format": FORMAT,
            "version": VERSION,
            "versions": dict(self.versions),
            "exchange": self.exchange,
            "pairs": self.pairs,
            "timeframe": self.timeframe,
            "data": {
                "from": from_ms(self.data_from_ms).isoformat(),
                "until": from_ms(self.data_until_ms).isoformat(),
                "sources": self.sources,
                "inputs": self.inputs,
            },
            "regimes": REGIMES,
            "label_rules": asdict(self.label_rules),
            "gap_hours": self.gap_ms / 3_600_000,
            "spacing": self.spacing,
            "seed": self.seed,
            "scores": dict(self.scores),
            "features": self.features,
            "models": [model.to_dict() for model in self.models],
            "check_rows": self.check_rows,
            "drift": dict(self.drift),
        }
        return json.dumps(plain(body), indent=1, allow_nan=False) + "\n"


def loads(text: str | bytes, name: str) -> Card:
    """Read a card.

    Parameters
    ----------
    text : str or bytes
        Content of `card.json`.
    name : str
        File, for error messages.

    Returns
    -------
    Card

    Raises
    ------
    StateError
        If it is not the card of a bundle, contradicts itself, or a newer Outrigger wrote it.
    """
    try:
        body = json.loads(text)
        known = body["format"] == FORMAT and isinstance(body["version"], int)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StateError(
            f"{name} is not the card of a regime bundle ({type(error).__name__}: {error}): restore it, or "
            "run `outrigger train`"
        ) from error
    if not known:
        raise StateError(f"{name} is the card of something else: name a bundle, or run `outrigger train`")
    if body["version"] != VERSION:
        raise StateError(
            f"{name} has format {body['version']}, this Outrigger reads format {VERSION}: update Outrigger, "
            "or run `outrigger train` with this one"
        )
    try:
        card = _read(body)
        _check(card, tuple(body["regimes"]))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise StateError(
            f"{name} is damaged ({type(error).__name__}: {error}): restore it, or run `outrigger train`"
        ) from error
    return card


def _read(body: Mapping[str, Any]) -> Card:
    features = words_of(body["features"])
    return Card(
        exchange=text_of(body["exchange"]),
        pairs=words_of(body["pairs"]),
        timeframe=text_of(body["timeframe"]),
        data_from_ms=moment_of(body["data"]["from"]),
        data_until_ms=moment_of(body["data"]["until"]),
        sources=words_of(body["data"]["sources"]),
        inputs=words_of(body["data"]["inputs"]),
        features=features,
        label_rules=LabelRules(**body["label_rules"]),
        gap_ms=round(body["gap_hours"] * 3_600_000),
        spacing=int(body["spacing"]),
        seed=int(body["seed"]),
        versions={text_of(key): text_of(value) for key, value in body["versions"].items()},
        check_rows=rows_of(body["check_rows"], len(features)),
        drift=dict(body["drift"]),
        scores=dict(body["scores"]),
        models=tuple(ModelCard.from_dict(model) for model in body["models"]),
    )


def _check(card: Card, regimes: tuple[str, ...]) -> None:
    """Refuse what no training writes."""
    if regimes != REGIMES:
        raise ValueError(f"its regimes are {regimes}, not {REGIMES}")
    if not card.models or not card.features or len(set(card.features)) != len(card.features):
        raise ValueError("it names no models, no features, or a feature twice")
    if card.gap_ms < card.horizon_ms:
        raise ValueError(f"its gap of {card.gap_ms} ms is shorter than its labels look ahead")
    ends = [model.trained_until_ms for model in card.models]
    if sorted(set(ends)) != ends:
        raise ValueError("its models are not in the order of their training")
    for model in card.models:
        # A name with a directory in it would read, or replace, files elsewhere.
        if (
            not model.file.endswith(".skops")
            or "/" in model.file
            or "\\" in model.file
            or model.file[0] == "."
        ):
            raise ValueError(f"{model.file!r} is not the name of a model file")
        if model.trained_from_ms >= model.trained_until_ms or len(model.checked) != len(card.check_rows):
            raise ValueError(f"what it says of {model.file} contradicts itself")
