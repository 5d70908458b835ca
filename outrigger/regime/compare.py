"""Which classifier, and why: candidates compared by purged walk-forward inside the training period.

Every candidate sees the same rows, is fitted on the past of each fold and scored on what came after an
embargo; nothing after `train_until` is read. Figures are means over folds, beside the class prior. The sets
of features show what each group is worth, the spacings what rows closer than an hour teach. Weak: the
best of several candidates is flattered a little.

Run `python -m outrigger.regime.compare --datadir DIR`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track
from rich.table import Table

from outrigger.errors import DataError
from outrigger.market.candles import mend, read_candles
from outrigger.market.moment import to_ms
from outrigger.regime.bundle.card import BAR_MS
from outrigger.regime.candidates import Candidate, candidates
from outrigger.regime.classes import REGIMES
from outrigger.regime.features.clock import mean_of_present
from outrigger.regime.labels import REFERENCE_RULES, label_shares
from outrigger.regime.measures import auc_by_class, calibration_error_by_class, log_loss, prior_log_loss
from outrigger.regime.study_command import Answer, answered, headed, read_with_bar, study_parser
from outrigger.regime.training_data import BASE, Market, between
from outrigger.regime.training_pool import Pool, pool
from outrigger.regime.validation import Rows, WalkForward
from outrigger.volatility.windows import Array

TRAIN_UNTIL = datetime(2025, 4, 1, tzinfo=UTC)
# Candidates are fitted on rows a multiple of this apart, and scored on rows this far apart.
SCORED_BARS = 6


def read_pool(market: Market, until: datetime) -> Pool:
    """Read labelled rows of all pairs.

    Parameters
    ----------
    market : Market
        Where the candles are.
    until : datetime
        No label sees further.

    Returns
    -------
    Pool
        Rows `SCORED_BARS` apart.

    Raises
    ------
    DataError
        A chart is missing, or no labelled candle closed a horizon before `until`.
    """
    last = to_ms(until) - REFERENCE_RULES.horizon_bars * BAR_MS
    return pool(between(read_with_bar(market), None, last), SCORED_BARS)


def shares_until(market: Market, until: datetime) -> pd.DataFrame:
    """Count the labels of the candles closed by a moment; see `label_shares`."""
    end = pd.Timestamp(until) - pd.Timedelta(milliseconds=BAR_MS)
    frames = {pair: mend(read_candles(market.datadirs[0], pair, BASE)) for pair in market.wanted()}
    return label_shares({pair: frame[frame["date"] <= end] for pair, frame in frames.items()})


def compare(
    rows: Pool,
    chosen: Mapping[str, Candidate],
    splits: WalkForward,
    progress: Callable[..., Any] = iter,
) -> list[dict[str, Any]]:
    """Score candidates.

    Parameters
    ----------
    rows : Pool
        From `read_pool`.
    chosen : mapping of str to Candidate
        By name.
    splits : WalkForward
        Folds.
    progress : callable, optional
        Wraps the names, to draw a bar.

    Returns
    -------
    list of dict
        One a candidate: `name`, `log_loss`, `below_prior` (fraction), `auc` and `ece` by class, `macro_auc`,
        and `below_prior_by_fold`; best log loss first. A class that no fold's test has is NaN.

    Raises
    ------
    DataError
        The rows are too few for a fold, or a fold teaches one regime only.
    """
    folds = list(splits.split(rows.closed_ms))
    if len(folds) < splits.folds:
        raise DataError(
            f"{len(folds)} of {splits.folds} folds have rows on both sides: use a longer history, or fewer"
        )
    results = []
    for name in progress(list(chosen)):
        scored = [_fold(rows, chosen[name], train, test) for train, test in folds]
        losses, priors = (np.array([one[i] for one in scored]) for i in (0, 1))
        auc, ece = (mean_of_present(np.stack([one[i] for one in scored])) for i in (2, 3))
        results.append(
            {
                "name": name,
                "log_loss": float(losses.mean()),
                "below_prior": float(1.0 - losses.mean() / priors.mean()),
                "auc": dict(zip(REGIMES, auc.tolist(), strict=True)),
                "macro_auc": float(np.nanmean(auc)),
                "ece": dict(zip(REGIMES, ece.tolist(), strict=True)),
                "below_prior_by_fold": (1.0 - losses / priors).tolist(),
            }
        )
    return sorted(results, key=lambda one: float(one["log_loss"]))


def _fold(rows: Pool, candidate: Candidate, train: Rows, test: Rows) -> tuple[float, float, Array, Array]:
    """Log loss, that of the prior, areas and calibration errors of a candidate on one fold."""
    train = train[(rows.closed_ms[train] // BAR_MS) % candidate.spacing_bars == 0]
    taught, came = rows.labels[train], rows.labels[test]
    if len(np.unique(taught)) < 2:
        raise DataError("a fold's training rows have one regime or none: use a longer history or fewer folds")
    known = rows.features.iloc[train].notna().any()
    # What is never there cannot be binned or imputed: a slow chart's month, in a short history.
    features = rows.features[[name for name in candidate.columns if known[name]]]
    told = candidate.fit(features.iloc[train], taught, rows.closed_ms[train])(features.iloc[test])
    return (
        log_loss(came, told),
        prior_log_loss(came, taught),
        auc_by_class(came, told),
        calibration_error_by_class(came, told),
    )


def _tables(results: Sequence[Mapping[str, Any]], shares: pd.DataFrame) -> tuple[Table, Table]:
    labels = headed(
        "regimes: share of labelled candles", ("pair", "year", "rows", *REGIMES), ("pair", "year")
    )
    for line in shares.reset_index().to_dict("records"):
        counted = (f"{line['rows']:.0f}", *(f"{line[name]:.3f}" for name in REGIMES))
        labels.add_row(str(line["pair"]), str(line["year"]), *counted)
    judged = headed(
        "classifiers, purged walk-forward: AUC by class, log loss, worst calibration error",
        ("classifier", "log loss", "< prior", *REGIMES, "macro", "ECE"),
        ("classifier",),
    )
    for one in results:
        judged.add_row(
            one["name"],
            f"{one['log_loss']:.4f}",
            f"{100 * one['below_prior']:.1f} %",
            *(f"{one['auc'][name]:.3f}" for name in REGIMES),
            f"{one['macro_auc']:.3f}",
            f"{max(one['ece'].values()):.3f}",
        )
    return labels, judged


def _study(given: argparse.Namespace) -> Answer:
    until = given.train_until if given.train_until.tzinfo else given.train_until.replace(tzinfo=UTC)
    known = candidates()
    wrong = [name for name in given.candidates or () if name not in known]
    if wrong:
        raise DataError(f"no candidate {', '.join(wrong)}: choose from {', '.join(known)}")
    chosen = {name: known[name] for name in given.candidates or known}
    splits = WalkForward(given.folds)
    market = Market((given.datadir,), tuple(given.pairs or ()))
    rows = read_pool(market, until)
    shares = shares_until(market, until)
    results = compare(
        rows, chosen, splits, lambda names: track(names, "Candidates", console=Console(stderr=True))
    )
    told = {
        "train_until_ms": to_ms(until),
        "folds": given.folds,
        "rows": len(rows.labels),
        "shares": shares.reset_index().to_dict("records"),
        "candidates": results,
    }
    return told, _tables(results, shares)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison from the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name; None takes the process's own.

    Returns
    -------
    int
        Exit status: 0, or 2 with a message where the data do not allow a comparison.
    """
    parser = study_parser("outrigger.regime.compare", __doc__)
    parser.add_argument("--train-until", type=datetime.fromisoformat, default=TRAIN_UNTIL, help="UTC date")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--candidates", nargs="+", help="names of candidates; all by default")
    return answered(parser.parse_args(arguments), _study)


if __name__ == "__main__":
    sys.exit(main())
