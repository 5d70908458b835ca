"""Which classifier, and why: candidates compared by purged walk-forward inside the training period.

Every candidate sees the same rows, is fitted on the past of each fold and scored on what came after an
embargo; nothing after `train_until` is read. Figures are means over folds, beside the class prior. The sets
of features show what each group is worth, the spacings what rows closer than an hour teach. Weak: the
best of several candidates is flattered a little.

Run `python -m outrigger.regime.compare --datadir DIR`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track
from rich.table import Table

from outrigger.errors import DataError, OutriggerError
from outrigger.json_values import plain
from outrigger.market.candles import read_candles
from outrigger.market.moment import to_ms
from outrigger.regime.candidates import Candidate, candidates
from outrigger.regime.classes import REGIMES
from outrigger.regime.features import (
    CANDLE_FEATURES,
    CHARTS,
    REFERENCE_PAIR,
    SECOND_REFERENCE_PAIR,
    regime_features,
)
from outrigger.regime.labels import REFERENCE_RULES, label_shares, regime_labels
from outrigger.regime.measures import auc_by_class, calibration_error_by_class, log_loss, prior_log_loss
from outrigger.regime.validation import WalkForward
from outrigger.volatility.candle_files import pairs_in

TRAIN_UNTIL = datetime(2025, 4, 1, tzinfo=UTC)
_CANDLE_MS = 300_000
_SCORED_BARS = 6


def read_rows(datadir: Path, pairs: Sequence[str], until: datetime) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read labelled rows of all pairs, and the labels' shares.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory.
    pairs : sequence of str
        Pairs, such as `BTC/USDT:USDT`.
    until : datetime
        Candles that close later are not read.

    Returns
    -------
    rows : DataFrame
        Candle features, `label` and `closed_ms`; one row a labelled candle.
    shares : DataFrame
        From `label_shares`.

    Raises
    ------
    DataError
        A chart is missing.
    """
    end = pd.Timestamp(until)
    leaders = [pair for pair in (REFERENCE_PAIR, SECOND_REFERENCE_PAIR) if pair in pairs]
    charts: dict[str, dict[str, pd.DataFrame]] = {}
    for pair in [*leaders, *(pair for pair in pairs if pair not in leaders)]:
        frames = {chart: read_candles(datadir, pair, chart) for chart in CHARTS}
        charts[pair] = {
            chart: frame[frame["date"] + pd.Timedelta(chart.replace("m", "min")) <= end]
            for chart, frame in frames.items()
        }
    parts = []
    for pair in track(pairs, "Features", console=Console(stderr=True)):
        candles = charts[pair]["5m"]
        rows = regime_features(charts[pair], charts, pair=pair)[list(CANDLE_FEATURES)].astype(np.float32)
        rows["label"] = regime_labels(candles)
        rows["closed_ms"] = candles["date"].dt.as_unit("ms").astype("int64").to_numpy() + _CANDLE_MS
        parts.append(rows[rows["label"] >= 0])
    if not sum(len(part) for part in parts):
        raise DataError(f"{datadir} holds no labelled candle before {until}: download more history")
    shares = label_shares({pair: charts[pair]["5m"] for pair in pairs})
    return pd.concat(parts, ignore_index=True), shares


def compare(
    rows: pd.DataFrame,
    chosen: Mapping[str, Candidate],
    splits: WalkForward,
    progress: Callable[..., Any] = iter,
) -> list[dict[str, Any]]:
    """Score candidates.

    Parameters
    ----------
    rows : DataFrame
        From `read_rows`.
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
        and `below_prior_by_fold`; best log loss first.
    """
    times = rows["closed_ms"].to_numpy()
    labels = rows["label"].to_numpy()
    folds = list(splits.split(times))
    results = []
    for name in progress(list(chosen)):
        scored = [_fold(rows, labels, times, chosen[name], train, test) for train, test in folds]
        losses, priors = (np.array([one[i] for one in scored]) for i in (0, 1))
        auc, ece = (np.mean([one[i] for one in scored], axis=0) for i in (2, 3))
        results.append(
            {
                "name": name,
                "log_loss": float(losses.mean()),
                "below_prior": float(1.0 - losses.mean() / priors.mean()),
                "auc": dict(zip(REGIMES, auc.tolist(), strict=True)),
                "macro_auc": float(auc.mean()),
                "ece": dict(zip(REGIMES, ece.tolist(), strict=True)),
                "below_prior_by_fold": (1.0 - losses / priors).tolist(),
            }
        )
    return sorted(results, key=lambda one: float(one["log_loss"]))


def _fold(
    rows: pd.DataFrame,
    labels: np.ndarray[Any, Any],
    times: np.ndarray[Any, Any],
    candidate: Candidate,
    train: np.ndarray[Any, Any],
    test: np.ndarray[Any, Any],
) -> tuple[float, float, Any, Any]:
    train = train[(times[train] // _CANDLE_MS) % candidate.spacing_bars == 0]
    test = test[(times[test] // _CANDLE_MS) % _SCORED_BARS == 0]
    columns = list(candidate.columns)
    told = candidate.fit(rows.iloc[train][columns], labels[train], times[train])(rows.iloc[test][columns])
    came = labels[test]
    return (
        log_loss(came, told),
        prior_log_loss(came, labels[train]),
        auc_by_class(came, told),
        calibration_error_by_class(came, told),
    )


def _print(results: Sequence[Mapping[str, Any]], shares: pd.DataFrame, console: Console) -> None:
    table = Table(title="regimes: share of labelled candles")
    for heading in ("pair", "year", "rows", *REGIMES):
        table.add_column(heading, justify="left" if heading in ("pair", "year") else "right")
    for line in shares.reset_index().to_dict("records"):
        table.add_row(
            str(line["pair"]),
            str(line["year"]),
            f"{line['rows']:.0f}",
            *(f"{line[name]:.3f}" for name in REGIMES),
        )
    console.print(table)
    table = Table(title="classifiers, purged walk-forward: AUC by class, log loss, worst calibration error")
    for heading in ("classifier", "log loss", "< prior", *REGIMES, "macro", "ECE"):
        table.add_column(heading, justify="left" if heading == "classifier" else "right")
    for one in results:
        areas = [f"{one['auc'][name]:.3f}" for name in REGIMES]
        worst = max(one["ece"].values())
        below = f"{100 * one['below_prior']:.1f} %"
        table.add_row(
            one["name"], f"{one['log_loss']:.4f}", below, *areas, f"{one['macro_auc']:.3f}", f"{worst:.3f}"
        )
    console.print(table)


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
    parser = argparse.ArgumentParser(prog="python -m outrigger.regime.compare", description=__doc__)
    parser.add_argument("--datadir", type=Path, required=True, help="Freqtrade data directory")
    parser.add_argument("--pairs", nargs="+", help="such as BTC/USDT:USDT; all in the directory by default")
    parser.add_argument("--train-until", type=datetime.fromisoformat, default=TRAIN_UNTIL, help="UTC date")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--candidates", nargs="+", help="names of candidates; all by default")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    given = parser.parse_args(arguments)
    until = given.train_until if given.train_until.tzinfo else given.train_until.replace(tzinfo=UTC)
    try:
        known = candidates()
        wrong = [name for name in given.candidates or () if name not in known]
        if wrong:
            raise DataError(f"no candidate {', '.join(wrong)}: choose from {', '.join(known)}")
        named = given.pairs or [
            name.replace("_", "/", 1).replace("_", ":") for name in pairs_in(given.datadir)
        ]
        rows, shares = read_rows(given.datadir, named, until)
        splits = WalkForward(given.folds, horizon_bars=REFERENCE_RULES.horizon_bars)
        chosen = {name: known[name] for name in given.candidates or known}
        results = compare(
            rows, chosen, splits, lambda names: track(names, "Candidates", console=Console(stderr=True))
        )
    except OutriggerError as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False)
        return 2
    if given.json:
        told = {
            "data": given.datadir.name,
            "train_until_ms": to_ms(until),
            "folds": given.folds,
            "rows": len(rows),
            "shares": shares.reset_index().to_dict("records"),
            "candidates": results,
        }
        sys.stdout.write(json.dumps(plain(told)) + "\n")
    else:
        _print(results, shares, Console())
    return 0


if __name__ == "__main__":
    sys.exit(main())
