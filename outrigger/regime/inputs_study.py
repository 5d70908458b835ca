"""What funding, book, open interest and liquidation levels are worth: a classifier with and without them.

Fitted on the first part of the time, scored on the rest, after an embargo. For each set of inputs: squeezes'
AUC and log loss, the gain over candles alone in standard errors by day, and whether the inputs earned a say,
in the linear half or in the trees. A set that earned none gives the very model without it.
Sparse histories (a reading every few hours) need `--max-age`. Weak: one split, one market.

Run `python -m outrigger.regime.inputs_study --datadir DIR --store DIR --exchange NAME`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from outrigger.errors import DataError
from outrigger.market.features.book import BookTerms
from outrigger.market.features.inputs import InputTerms
from outrigger.market.features.interest import InterestTerms
from outrigger.market.store.schema import Kind
from outrigger.market.store.store import MarketStore
from outrigger.regime.bundle.card import BAR_MS
from outrigger.regime.classes import LONG_SQUEEZE, REGIMES, SHORT_SQUEEZE
from outrigger.regime.features import CANDLE_FEATURES, FEATURES, INPUT_FEATURES
from outrigger.regime.features.bars import WINDOW
from outrigger.regime.measures import auc_by_class, log_loss
from outrigger.regime.model.classifier import RegimeClassifier
from outrigger.regime.model.correction import beyond_noise
from outrigger.regime.study_command import Answer, answered, headed, read_with_bar, study_parser
from outrigger.regime.training_data import Market
from outrigger.regime.training_pool import Pool, pool

_EMBARGO_MS = 288 * BAR_MS
_SCORED_BARS = 3


def input_sets() -> dict[str, tuple[str, ...]]:
    """Name the sets of inputs that are compared, each with its columns."""
    source = {spec.name: spec.source for spec in FEATURES if spec.name in INPUT_FEATURES}
    own = {
        "funding": ("funding",),
        "order book": ("book",),
        "open interest, accounts": ("oi_", "ratio"),
        "liquidation levels": ("liquidation", "fragility"),
    }
    sets: dict[str, tuple[str, ...]] = {"candles alone": ()}
    for name, words in own.items():
        # A column made of several sources belongs to no single one.
        others = [word for other, theirs in own.items() if other != name for word in theirs]
        sets[name] = tuple(
            column
            for column, told in source.items()
            if any(word in told for word in words) and not any(word in told for word in others)
        )
    return sets | {"all": INPUT_FEATURES}


def read_pool(market: Market) -> Pool:
    """Read labelled rows with inputs, after the first week of each pair.

    Parameters
    ----------
    market : Market
        Where candles and readings are.

    Returns
    -------
    Pool
        Rows three candles apart.

    Raises
    ------
    DataError
        A chart is missing, or no labelled candle is left.
    """
    return pool([one.at(np.arange(len(one)) >= WINDOW) for one in read_with_bar(market)], _SCORED_BARS)


def study(rows: Pool, train_share: float = 0.65) -> list[dict[str, Any]]:
    """Fit with each set of inputs and score on later rows.

    Parameters
    ----------
    rows : Pool
        From `read_pool`.
    train_share : float
        Share of the time that is fitted on.

    Returns
    -------
    list of dict
        One a set: `name`, `known` (share of scored rows with an input of the set), `log_loss`, `gain` (nats a
        row over candles alone), `gain_z` (in standard errors by day), `auc`, `squeeze_gain` (AUC over candles
        alone, mean of both), `earned`, `trees_see_inputs`.

    Raises
    ------
    DataError
        There are too few rows on either side of the split.
    """
    times, labels = rows.closed_ms, rows.labels
    cut = times.min() + train_share * (times.max() - times.min())
    train = np.flatnonzero(times < cut - _EMBARGO_MS)
    test = np.flatnonzero(times >= cut)
    if len(train) < 1000 or len(test) < 1000:
        raise DataError(f"{len(train)} rows to fit on and {len(test)} to score: use a longer history")
    came, at = labels[test], np.arange(len(test))
    results: list[dict[str, Any]] = []
    alone, areas_alone = np.empty(0), np.empty(0)
    for name, inputs in track(input_sets().items(), "Sets", console=Console(stderr=True)):
        columns = [*CANDLE_FEATURES, *inputs]
        model = RegimeClassifier().fit(rows.features.iloc[train][columns], labels[train], times[train])
        told = model.predict_proba(rows.features.iloc[test][columns])
        log_p, areas = np.log(told[at, came]), auc_by_class(came, told)
        if not inputs:
            alone, areas_alone = log_p, areas
        squeezes = [LONG_SQUEEZE, SHORT_SQUEEZE]
        known = rows.features.iloc[test][list(inputs)].notna().any(axis=1).mean() if inputs else 0.0
        results.append(
            {
                "name": name,
                "known": float(known),
                "log_loss": log_loss(came, told),
                "gain": float((log_p - alone).mean()),
                "gain_z": beyond_noise(log_p - alone, times[test]),
                "auc": dict(zip(REGIMES, areas.tolist(), strict=True)),
                "squeeze_gain": float((areas - areas_alone)[squeezes].mean()),
                "earned": bool(model.input_coefficients_.size),
                "trees_see_inputs": bool(inputs) and bool(model.tree_columns_.all()),
            }
        )
    return results


def _table(results: Sequence[dict[str, Any]]) -> Table:
    table = headed(
        "inputs on later data, against candles alone",
        ("inputs", "known", "log loss", "gain", "z", "long sq.", "short sq.", "squeeze AUC", "say"),
        ("inputs", "say"),
    )
    for one in results:
        say = [word for word, has in (("line", one["earned"]), ("trees", one["trees_see_inputs"])) if has]
        table.add_row(
            one["name"],
            f"{one['known']:.0%}",
            f"{one['log_loss']:.4f}",
            f"{one['gain']:+.4f}",
            f"{one['gain_z']:+.1f}",
            f"{one['auc']['long_squeeze']:.3f}",
            f"{one['auc']['short_squeeze']:.3f}",
            f"{one['squeeze_gain']:+.3f}",
            " ".join(say) or "none",
        )
    return table


def _study(given: argparse.Namespace) -> Answer:
    age = given.max_age * 1000
    interest = InterestTerms("quote" if given.quote_interest else "base", age)
    store = MarketStore(given.store, given.exchange)
    held = {pair for kind in (Kind.BOOK, Kind.METRICS) for pair in store.pairs(kind) if ":" in pair}
    pairs = tuple(given.pairs or sorted(held))
    if not pairs:
        raise DataError(
            f"{given.store} holds no perpetual of {given.exchange}: see `outrigger download --help`"
        )
    terms = InputTerms(book=BookTerms(max_age_ms=age), interest=interest)
    market = Market((given.datadir,), pairs, given.store, given.exchange, terms)
    results = study(read_pool(market), given.train_share)
    return {"sets": results}, (_table(results),)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study from the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name; None takes the process's own.

    Returns
    -------
    int
        Exit status: 0, or 2 with a message where the data do not allow a study.
    """
    parser = study_parser("outrigger.regime.inputs_study", __doc__)
    parser.add_argument("--store", type=Path, required=True, help="Outrigger's store")
    parser.add_argument("--exchange", default="binance", help="whose history in the store")
    parser.add_argument("--max-age", type=int, default=1800, help="seconds that a reading counts")
    parser.add_argument(
        "--quote-interest", action="store_true", help="open interest is in quote currency only"
    )
    parser.add_argument("--train-share", type=float, default=0.65)
    return answered(parser.parse_args(arguments), _study)


if __name__ == "__main__":
    sys.exit(main())
