"""What a cell depends on, as a hash: a cell whose hash is on disk need not be worked out again.

Candle files count with size and time of change, the package with the contents of its own modules, the rest
by value. So a study that was interrupted goes on, and one whose data, entries, terms or code changed does
not read what is stale. Weak: a file rewritten with the same size and time of change is taken for the old one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import outrigger
from outrigger.market.candles import candle_path
from outrigger.regime.features import CHARTS, leader_of
from outrigger.stops.columns import ATR_CHART, FORECAST_CHART
from outrigger.study.legs import candidates_of
from outrigger.study.plan import DataSet, Entered, StudyTerms
from outrigger.study.policies import Policy
from outrigger.study.tiers import tiers_of


def cell_key(
    data: DataSet,
    pair: str,
    policy: Policy,
    entered: Entered,
    terms: StudyTerms,
    factor: float | None,
) -> str:
    """Hash of everything that a cell's trades follow from.

    Parameters
    ----------
    data : DataSet
        Where the candles are.
    pair : str
        The pair.
    policy : Policy
        The policy.
    entered : Entered
        Its entries and the random ones; they carry what the window and the seed decided.
    terms : StudyTerms
        Costs, fills, leverage, bundle.
    factor : float or None
        On the widths in the matched reading.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    depends: dict[str, Any] = {
        "package": (outrigger.__version__, package_digest()),
        "files": [stamp(path) for path in files_of(data, pair, policy, terms.bundle)],
        "pair": pair,
        "timeframe": data.timeframe,
        "policy": policy.name,
        "entries": [_digest(column) for column in _columns(entered)],
        "replay": asdict(terms.replay),
        "leverage": policy.leverage or terms.leverage,
        "tiers": [asdict(tier) for tier in tiers_of(pair)],
        "factor": factor,
    }
    return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()


def files_of(data: DataSet, pair: str, policy: Policy, bundle: str) -> list[Path]:
    """Files that a cell reads."""
    pairs = [pair, *(candidates_of(data, pair) if policy.hedged else ())]
    charts = dict.fromkeys((data.timeframe, FORECAST_CHART, ATR_CHART))
    found = [candle_path(data.datadir, name, chart) for name in pairs for chart in charts]
    found += [candle_path(data.datadir, name, "1h", "funding_rate") for name in pairs]
    if policy.regime:
        known = dict.fromkeys((pair, leader_of(pair)))
        found += [candle_path(data.datadir, name, chart) for name in known for chart in CHARTS]
        found += sorted(Path(bundle).glob("*"))
    return found


def stamp(path: Path) -> tuple[str, int, int]:
    """Name, size and time of change of a file; -1 where it is not there."""
    if not path.is_file():
        return path.name, -1, -1
    told = path.stat()
    return path.name, told.st_size, told.st_mtime_ns


@cache
def package_digest() -> str:
    """Hash of the package's own modules, so that changed code never reads what old code wrote."""
    home = Path(outrigger.__file__).parent
    total = hashlib.sha256()
    for path in sorted(home.rglob("*.py")):
        total.update(path.relative_to(home).as_posix().encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _columns(entered: Entered) -> Iterable[NDArray[Any]]:
    return (entered.rows, entered.sides, entered.notionals, entered.null_rows, entered.null_sides)


def _digest(column: NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(column).tobytes()).hexdigest()
