"""Out-of-sample results of a walk forward, by fold and laid end to end, beside the parameters it began with.

The same windows are also traded with the configured parameters: a search has to beat those, not zero. Both
are compared day by day, because their trades differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from outrigger.json_values import plain
from outrigger.market.moment import from_ms
from outrigger.review.trade_measures import bootstrap_interval, expectancy
from outrigger.study.overfitting import expected_best
from outrigger.tuning.fold_run import FoldOutcome
from outrigger.tuning.folds import Fold, Steps
from outrigger.tuning.measures import BASIS_POINT, Measures, daily, measured


@dataclass(frozen=True, slots=True)
class Searched:
    """A parameter that was searched.

    Parameters
    ----------
    name : str
        As hyperopt calls it, such as `stop_trail_sigma`.
    default : float
        Configured value.
    low, high : float
        Range that was searched.
    """

    name: str
    default: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Failure:
    """A fold without a result.

    Parameters
    ----------
    fold : Fold
        Its windows.
    message : str
        Why.
    """

    fold: Fold
    message: str


@dataclass(frozen=True, slots=True)
class WalkForward:
    """A walk forward, done.

    Parameters
    ----------
    outcomes : tuple of FoldOutcome
        Folds that were finished.
    failures : tuple of Failure
        Folds that were not.
    searched : tuple of Searched
        Parameters that were searched.
    slippage : float
        Taken off every stop exit, fraction of notional.
    epochs : int
        Parameter sets asked for on each training window.
    steps : Steps
        Lengths of the windows.
    data : str
        Data directory, timeframe and pairs.
    synthetic : bool
        Whether the market is an invented one.
    ignored : str or None
        Parameter file beside the trader's strategy, which has no part in this.
    """

    outcomes: tuple[FoldOutcome, ...]
    failures: tuple[Failure, ...]
    searched: tuple[Searched, ...]
    slippage: float
    epochs: int
    steps: Steps
    data: str
    synthetic: bool
    ignored: str | None

    @property
    def trials(self) -> int:
        """Parameter sets tried in all folds that were finished."""
        return sum(one.epochs for one in self.outcomes)

    def tuned(self) -> Measures:
        """Measure all tests with the parameters found."""
        return measured([one.tuned for one in self.outcomes], self.slippage)

    def default(self) -> Measures:
        """Measure all tests with the configured parameters."""
        return measured([one.default for one in self.outcomes], self.slippage)

    def difference(self) -> tuple[float, float, float]:
        """Mean daily result, tuned less configured, in basis points of the balance, and its 95 % interval."""
        days = [
            daily(one.tuned, one.fold.test, self.slippage) - daily(one.default, one.fold.test, self.slippage)
            for one in self.outcomes
        ]
        joined = np.concatenate(days) / BASIS_POINT if days else np.empty(0)
        return expectancy(joined), *bootstrap_interval(joined)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        mean, low, high = self.difference()
        told: dict[str, Any] = plain(
            {
                "data": self.data,
                "synthetic": self.synthetic,
                **asdict(self.steps),
                "epochs": self.epochs,
                "trials": self.trials,
                "expected_best_z": expected_best(self.trials),
                "slippage": self.slippage,
                "out_of_sample": {"tuned": asdict(self.tuned()), "default": asdict(self.default())},
                "tuned_minus_default_bp_a_day": {"mean": mean, "low": low, "high": high},
                "parameters": [self._parameter(one) for one in self.searched],
                "folds": [self._fold(one) for one in self.outcomes],
                "failures": [{**_windows(one.fold), "message": one.message} for one in self.failures],
                "ignored_parameter_file": self.ignored,
            }
        )
        return told

    def _parameter(self, one: Searched) -> dict[str, Any]:
        chosen = self.chosen(one)
        return {**asdict(one), "chosen": chosen, "spread": spread(chosen, one)}

    def chosen(self, one: Searched) -> list[float]:
        """Values of a parameter found, in the order of the folds; without those that found none."""
        return [found.parameters[one.name] for found in self.outcomes if one.name in found.parameters]

    def _fold(self, one: FoldOutcome) -> dict[str, Any]:
        return {
            **_windows(one.fold),
            "epochs": one.epochs,
            "parameters": one.parameters,
            "tuned": asdict(measured([one.tuned], self.slippage)),
            "default": asdict(measured([one.default], self.slippage)),
        }


def _windows(fold: Fold) -> dict[str, Any]:
    spans = {"train": fold.train, "test": fold.test}
    told = {
        name: [from_ms(edge).isoformat() for edge in (window.start_ms, window.end_ms)]
        for name, window in spans.items()
    }
    return {"fold": fold.number, **told}


def spread(chosen: Sequence[float], one: Searched) -> float:
    """Distance between the largest and the smallest value chosen, as a share of the range searched.

    Values drawn at random from the range lie (k - 1) / (k + 1) of it apart on average, for k folds.
    """
    return (max(chosen) - min(chosen)) / (one.high - one.low) if len(chosen) > 1 else float("nan")
