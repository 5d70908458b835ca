"""Which features a bundle's skill comes from: permutation importance and what is lost without an input.

*Permutation*: a column is shuffled within each pair, so that it keeps its distribution and loses its meaning;
what the log loss rises by is what the models drew from it (Breiman 2001, Random Forests). Columns that say
the same stand in for one another and look unimportant alone, so groups are shuffled together as well.
*Withheld*: a group is missing, as it would be live where its feed is. *Retrained*: models that never had it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from outrigger.regime.bundle.bundle import Bundle
from outrigger.regime.evaluation import Evaluation, evaluate
from outrigger.regime.features import FEATURES
from outrigger.regime.scoring import CLOCK_FEATURES
from outrigger.regime.training_data import RegimeRows

# Shuffling is repeated for each column: a sample of the candles is enough to rank them.
_SAMPLE_ROWS: Final = 6_000
Progress = Callable[[str, int, int], None]


def groups_of(features: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Name the groups of inputs that an ablation leaves out; those without a column in a bundle are empty.

    Parameters
    ----------
    features : sequence of str
        A bundle's columns.

    Returns
    -------
    dict of str to tuple of str
        `funding`, `order_book` and `time_of_day`.
    """
    source = {spec.name: spec.source for spec in FEATURES if spec.name in features}
    return {
        "funding": tuple(name for name in features if "funding" in source.get(name, "")),
        "order_book": tuple(name for name in features if re.search("book|fragility", source.get(name, ""))),
        "time_of_day": tuple(name for name in features if name in CLOCK_FEATURES),
    }


def without(rows: Sequence[RegimeRows], columns: Sequence[str]) -> list[RegimeRows]:
    """Rows in which some columns are missing throughout.

    Parameters
    ----------
    rows : sequence of RegimeRows
        One for each pair.
    columns : sequence of str
        Columns; absent ones are passed over.

    Returns
    -------
    list of RegimeRows
    """
    return [
        replace(
            one, features=one.features.assign(**{name: np.nan for name in columns if name in one.features})
        )
        for one in rows
    ]


def comparison(whole: Evaluation, part: Evaluation) -> dict[str, Any]:
    """What an evaluation loses against the whole one: positive where the input was worth having."""
    told, base = part.to_dict(), whole.to_dict()
    lost = None if told["macro_auc"] is None else base["macro_auc"] - told["macro_auc"]
    return {
        "log_loss": told["log_loss"],
        "macro_auc": told["macro_auc"],
        "log_loss_rise": told["log_loss"] - base["log_loss"],
        "macro_auc_lost": lost,
    }


def permutation_importance(
    bundle: Bundle,
    rows: Sequence[RegimeRows],
    *,
    seed: int = 7,
    progress: Progress | None = None,
) -> dict[str, float]:
    """Rise of the log loss when a column, or a group of them, is shuffled.

    Parameters
    ----------
    bundle : Bundle
        Models.
    rows : sequence of RegimeRows
        One for each pair.
    seed : int
        Of the shuffles.
    progress : callable, optional
        Called with (what, done, total).

    Returns
    -------
    dict of str to float
        In nats, by column and by group in capitals, largest first.

    Raises
    ------
    DataError
        If no candle can be scored.
    """
    every = max(1, sum(len(one) for one in rows) // _SAMPLE_ROWS)
    sample = [one.at(np.arange(0, len(one), every)) for one in rows]
    base = _loss(bundle, sample)
    groups = {name.upper(): columns for name, columns in groups_of(bundle.card.features).items() if columns}
    asked: Mapping[str, tuple[str, ...]] = {**{name: (name,) for name in bundle.card.features}, **groups}
    rng = np.random.default_rng(seed)
    found = {}
    for done, (name, columns) in enumerate(asked.items(), 1):
        found[name] = _loss(bundle, [_shuffled(one, columns, rng) for one in sample]) - base
        if progress is not None:
            progress(f"importance of {name}", done, len(asked))
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _shuffled(one: RegimeRows, columns: Sequence[str], rng: np.random.Generator) -> RegimeRows:
    order = rng.permutation(len(one))
    present = [name for name in columns if name in one.features]
    moved = {name: one.features[name].to_numpy()[order] for name in present}
    return replace(one, features=one.features.assign(**moved))


def _loss(bundle: Bundle, rows: Sequence[RegimeRows]) -> float:
    return float(evaluate(bundle, rows, every=1).to_dict()["log_loss"])
