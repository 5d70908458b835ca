"""Real and synthetic stylised facts side by side, and how far apart they may be.

Why: `python -m outrigger.replay.synth.compare --real DIR --synthetic DIR` shows on anyone's own data how far
the synthetic market can be trusted. Assumes means over pairs are what should agree. The tolerances are wide
on purpose: two real months differ by as much. Weak: agreement of these facts is necessary, not sufficient.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from outrigger.errors import OutriggerError
from outrigger.replay.synth.stylised_facts import StylisedFacts, stylised_facts

# Largest accepted difference of the means over pairs.
TOLERANCES: Final[dict[str, float]] = {
    "hill_1m": 0.7,
    "hill_5m": 0.7,
    "hill_1h": 0.9,
    "clustering_5m_1": 0.10,
    "clustering_5m_12": 0.08,
    "clustering_5m_48": 0.08,
    "clustering_5m_288": 0.08,
    "clustering_1h_1": 0.12,
    "clustering_1h_6": 0.10,
    "clustering_1h_24": 0.10,
    "correlation_5m": 0.10,
    "correlation_1h": 0.10,
    "daily_volatility": 0.010,
    "daily_dispersion": 0.15,
    "weekend": 0.15,
    "afternoon": 0.15,
    "morning": 0.10,
    "range_over_move": 0.20,
    "parkinson_ratio": 0.07,
    "volume_range": 0.10,
    "return_1m": 0.05,
    "funding_mean": 5e-5,
    "funding_sd": 6e-5,
    "funding_persistence": 0.25,
    "funding_negative": 0.20,
    "depth_sd": 0.12,
    "depth_persistence": 0.25,
    "imbalance_sd": 0.15,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One fact on both sides, as mean, lowest and highest over pairs.

    Parameters
    ----------
    fact : str
        Name of the fact.
    real, synthetic : float
        Means over pairs; NaN where no pair has it.
    real_range, synthetic_range : tuple of float
        Lowest and highest pair.
    tolerance : float
        Largest accepted difference of the means.
    """

    fact: str
    real: float
    synthetic: float
    real_range: tuple[float, float]
    synthetic_range: tuple[float, float]
    tolerance: float

    @property
    def agrees(self) -> bool | None:
        """Whether the means are within the tolerance; None where one side lacks the fact."""
        if math.isnan(self.real) or math.isnan(self.synthetic):
            return None
        return abs(self.real - self.synthetic) <= self.tolerance


def _summary(facts: dict[str, StylisedFacts], name: str) -> tuple[float, tuple[float, float]]:
    values = np.array([getattr(item, name) for item in facts.values()], dtype=np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return math.nan, (math.nan, math.nan)
    return float(values.mean()), (float(values.min()), float(values.max()))


def compare(real: dict[str, StylisedFacts], synthetic: dict[str, StylisedFacts]) -> list[Comparison]:
    """Put the facts of two directories side by side.

    Parameters
    ----------
    real, synthetic : dict of str to StylisedFacts
        Facts by base currency.

    Returns
    -------
    list of Comparison
        One a fact, in the order in which facts are declared.
    """
    rows = []
    for field in fields(StylisedFacts):
        (left, left_range), (right, right_range) = _summary(real, field.name), _summary(synthetic, field.name)
        rows.append(Comparison(field.name, left, right, left_range, right_range, TOLERANCES[field.name]))
    return rows


def _number(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.1e}" if 0.0 < abs(value) < 1e-3 else f"{value:.3f}"


def _table(rows: list[Comparison]) -> Table:
    table = Table(title="Stylised facts: mean over pairs (lowest to highest)")
    table.add_column("fact")
    for name in ("real", "synthetic", "tolerance", "agrees"):
        table.add_column(name, justify="right")
    for row in rows:
        sides = [
            f"{_number(mean)} ({_number(low)} to {_number(high)})"
            for mean, (low, high) in ((row.real, row.real_range), (row.synthetic, row.synthetic_range))
        ]
        verdict = {True: "yes", False: "NO", None: "–"}[row.agrees]
        table.add_row(row.fact, *sides, _number(row.tolerance), verdict)
    return table


def main(arguments: list[str] | None = None) -> int:
    """Print the comparison.

    Parameters
    ----------
    arguments : list of str, optional
        Command line; the process's own unless given.

    Returns
    -------
    int
        Exit code: 0 where everything that can be compared agrees, 1 where something does not, 2 on bad input.
    """
    parser = argparse.ArgumentParser(prog="python -m outrigger.replay.synth.compare", description=__doc__)
    parser.add_argument("--real", type=Path, required=True, help="Freqtrade data directory of a real market")
    parser.add_argument("--real-depth", type=Path, help="its depth files (default: DIR/orderbook)")
    parser.add_argument("--synthetic", type=Path, required=True, help="written by `outrigger synth`")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    try:
        rows = compare(stylised_facts(options.real, options.real_depth), stylised_facts(options.synthetic))
    except OutriggerError as error:
        Console(stderr=True).print(str(error), markup=False)
        return 2
    if options.json:
        plain = [{**asdict(row), "agrees": row.agrees} for row in rows]
        text = json.dumps(plain).replace("NaN", "null")
        sys.stdout.write(text + "\n")
    else:
        Console().print(_table(rows))
    return 0 if all(row.agrees is not False for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
