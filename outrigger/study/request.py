"""What a study is asked for, and what its figures rest on, in words and numbers that a report can carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from outrigger import __version__
from outrigger.review.lab_trade import ReplayTerms
from outrigger.review.matched import REFERENCE
from outrigger.review.paired import BLOCK_DAYS
from outrigger.review.same_entry import HORIZON_HOURS
from outrigger.study.entries import RANDOM
from outrigger.study.measures import RESAMPLES
from outrigger.study.nulls import DRAWS
from outrigger.study.plan import DataSet, StudyTerms
from outrigger.study.policies import Policy
from outrigger.study.survey import Surveyed


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be studied.

    Parameters
    ----------
    datadirs : tuple of Path
        Freqtrade data directories, each a set.
    out : Path
        Where finished cells are kept.
    entries : str
        `random`, a CSV file or a backtest export.
    policies : tuple of str
        Names; all where empty.
    windows : int
        Windows a set.
    terms : StudyTerms
        Costs, entries a pair, seed, leverage, bundle.
    timeframe : str or None
        Base timeframe; the finest by default.
    tune : bool
        Whether scales of the shipped stop are tried walk-forward.
    forgotten : int
        Trials made before, for the deflated Sharpe ratio.
    """

    datadirs: tuple[Path, ...]
    out: Path
    entries: str = RANDOM
    policies: tuple[str, ...] = ()
    windows: int = 5
    terms: StudyTerms = field(
        default_factory=lambda: StudyTerms(ReplayTerms(0), 5.0, 200, 1, "models/default")
    )
    timeframe: str | None = None
    tune: bool = True
    forgotten: int = 0


def _left_out(surveyed: dict[tuple[int, str], Surveyed]) -> int:
    """Entries that can be replayed in none of the sets that have their pair."""
    parts: dict[str, list[frozenset[int]]] = {}
    for (_, pair), one in surveyed.items():
        parts.setdefault(pair, []).append(one.left_out)
    return sum(len(frozenset.intersection(*labels)) for labels in parts.values())


def _stamp(ms: int) -> str:
    return f"{pd.Timestamp(ms, unit='ms', tz='UTC'):%Y-%m-%dT%H:%MZ}"


def about(
    request: Request,
    sets: Sequence[DataSet],
    surveyed: dict[tuple[int, str], Surveyed],
    policies: Sequence[Policy],
    cells: dict[str, int],
) -> dict[str, Any]:
    """Everything that the figures rest on.

    Parameters
    ----------
    request : Request
        What was asked.
    sets : sequence of DataSet
        The sets.
    surveyed : dict of (int, str) to Surveyed
        By set and pair.
    policies : sequence of Policy
        What was compared.
    cells : dict of str to int
        Cells read, worked out and failed.

    Returns
    -------
    dict
        JSON-able.
    """
    terms = request.terms
    return {
        "version": __version__,
        "data": [
            {
                "name": one.name,
                "timeframe": one.timeframe,
                "pairs": [pair for pair in one.pairs if (one.number, pair) in surveyed],
                "windows": [_stamp(edge) for edge in one.edges_ms],
            }
            for one in sets
        ],
        "entries": {
            "source": request.entries if request.entries == RANDOM else Path(request.entries).name,
            "per_pair_and_window": terms.per_pair if request.entries == RANDOM else None,
            "left_out": _left_out(surveyed),
            "seed": terms.seed,
        },
        "policies": {one.name: one.title for one in policies},
        "assumptions": {
            "fee_per_side": terms.replay.fee,
            "slippage_on_stops": terms.replay.slippage,
            "gap_fills": terms.replay.gap_fills,
            "funding": "from the data",
            "longest_trade_hours": HORIZON_HOURS,
            "leverage": terms.leverage,
            "matched_distance": REFERENCE,
            "bootstrap": f"{RESAMPLES} resamples of blocks of {BLOCK_DAYS} days",
            "null": f"{DRAWS} draws from {terms.pool_per_side} random entries a side, pair and window",
            "trials_before": request.forgotten,
        },
        "cells": cells,
    }
