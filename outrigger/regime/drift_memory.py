"""What a bot remembers of the last days in order to say whether its model still holds.

A live chart is too short for a fair sample, so counts are kept by day: of features in the bins of their
training, and of the log loss above the prior's, once a candle's horizon is over and its regime known. A
candle counts once for each pair, however often it is passed; the memory goes through JSON and belongs to
one bundle. Weak: labels overlap and pairs move together, so thousands of rows are a few dozen
independent ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.errors import StateError
from outrigger.regime.classes import REGIMES, UNLABELLED
from outrigger.regime.drift import WINDOW_MS, BinTable
from outrigger.regime.drift_state import DriftReading
from outrigger.regime.scoring import places_of
from outrigger.volatility.windows import Array

_DAY_MS: Final = 86_400_000
# Less than this says more about the days than about the model.
_LEAST_ROWS: Final = 500
_LEAST_DAYS: Final = 3
# A regime that a model called impossible must not weigh without bound.
_SMALLEST_PROBABILITY: Final = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class DayCounts:
    """One day, all pairs.

    Parameters
    ----------
    features : ndarray of int64, shape (n_features, n_bins), or None
        Rows by feature and bin, as `BinTable.count` gives them; None before the first.
    excess, judged : float, int
        Sum of log loss above the prior's, and of how many candles.
    """

    features: npt.NDArray[np.int64] | None = None
    excess: float = 0.0
    judged: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class DriftMemory:
    """The last days.

    Parameters
    ----------
    bundle : str
        SHA-256 of the bundle that scored; with another one the memory starts anew.
    days : mapping of int to DayCounts
        By day since 1970.
    counted_ms, judged_ms : mapping of str to int
        Newest close whose features, and whose regime, have been taken in, by pair.
    """

    bundle: str
    days: Mapping[int, DayCounts] = field(default_factory=dict)
    counted_ms: Mapping[str, int] = field(default_factory=dict)
    judged_ms: Mapping[str, int] = field(default_factory=dict)

    def fits(self, bins: BinTable) -> bool:
        """Whether counts are of these bins."""
        counted = (found.features for found in self.days.values())
        return all(counts is None or counts.shape == bins.shares.shape for counts in counted)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        days = {
            str(day): {
                "features": None if found.features is None else found.features.tolist(),
                "excess": found.excess,
                "judged": found.judged,
            }
            for day, found in self.days.items()
        }
        return {
            "bundle": self.bundle,
            "days": days,
            "counted_ms": dict(self.counted_ms),
            "judged_ms": dict(self.judged_ms),
        }

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> DriftMemory:
        """Read the JSON-able form.

        Raises
        ------
        StateError
            If it is not one.
        """
        try:
            days = {
                int(day): DayCounts(
                    None if found["features"] is None else _table_of(found["features"]),
                    float(found["excess"]),
                    int(found["judged"]),
                )
                for day, found in body["days"].items()
            }
            counted, judged = (
                {str(pair): int(ms) for pair, ms in body[name].items()}
                for name in ("counted_ms", "judged_ms")
            )
            return cls(str(body["bundle"]), days, counted, judged)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StateError(
                f"drift memory cannot be read ({error!r}): the watch has to start anew"
            ) from error


@dataclass(frozen=True, slots=True, eq=False)
class ScoredRows:
    """A pair's recent candles and what a model said of them.

    Parameters
    ----------
    pair : str
        The pair.
    closed_ms : ndarray of int64, shape (n_rows,)
        Closes, increasing.
    features : DataFrame of shape (n_rows, n_features)
        What the model was given.
    probabilities : ndarray of shape (n_rows, 5)
        What it said; NaN where nothing.
    labels : ndarray of int8, shape (n_rows,)
        What came; −1 while that is not known.
    """

    pair: str
    closed_ms: npt.NDArray[np.int64]
    features: pd.DataFrame
    probabilities: Array
    labels: npt.NDArray[np.int8]


def remember(memory: DriftMemory, rows: ScoredRows, bins: BinTable, prior: tuple[float, ...]) -> DriftMemory:
    """Take in what is new of a pair's candles, and forget what is older than the window.

    Parameters
    ----------
    memory : DriftMemory
        Left as it is.
    rows : ScoredRows
        Any number of candles, those already taken in among them.
    bins : BinTable
        The bundle's.
    prior : tuple of float
        Shares of the regimes in training.

    Returns
    -------
    DriftMemory
    """
    days = dict(memory.days)
    scored = np.isfinite(rows.probabilities).all(axis=1)
    fresh = scored & (rows.closed_ms > memory.counted_ms.get(rows.pair, 0))
    values = _arranged(rows.features, bins) if fresh.any() else np.empty((0, 0))
    for day, mine in _by_day(rows.closed_ms, fresh):
        before = days.get(day, DayCounts())
        counts = bins.count(values[mine])
        days[day] = replace(before, features=counts if before.features is None else before.features + counts)
    done = scored & (rows.labels != UNLABELLED)
    done &= rows.closed_ms > memory.judged_ms.get(rows.pair, 0)
    excess = excess_log_loss(rows.probabilities, rows.labels, prior)
    for day, mine in _by_day(rows.closed_ms, done):
        before = days.get(day, DayCounts())
        total = before.excess + float(excess[mine].sum())
        days[day] = replace(before, excess=total, judged=before.judged + len(mine))
    if not days:
        return memory
    oldest = max(days) - WINDOW_MS // _DAY_MS
    return replace(
        memory,
        days={day: found for day, found in days.items() if day > oldest},
        counted_ms=_newest(memory.counted_ms, rows, fresh),
        judged_ms=_newest(memory.judged_ms, rows, done),
    )


def reading(memory: DriftMemory, bins: BinTable, now_ms: int) -> DriftReading:
    """Say what the memory says.

    Parameters
    ----------
    memory : DriftMemory
        The last days.
    bins : BinTable
        The bundle's.
    now_ms : int
        The present, in milliseconds since 1970.

    Returns
    -------
    DriftReading
        None for what there is too little of.
    """
    oldest = (now_ms - WINDOW_MS) // _DAY_MS
    days = [found for day, found in memory.days.items() if day > oldest]
    judged = [found for found in days if found.judged]
    rows = sum(found.judged for found in judged)
    enough = rows >= _LEAST_ROWS and len(judged) >= _LEAST_DAYS
    excess = sum(found.excess for found in judged) / rows if enough else None
    return DriftReading(excess, _share(days, bins))


def excess_log_loss(probabilities: Array, labels: npt.NDArray[np.int8], prior: tuple[float, ...]) -> Array:
    """Log loss of each row above the prior's, in nats.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, 5)
        What a model said.
    labels : ndarray of int8, shape (n_rows,)
        What came; −1 for not known.
    prior : tuple of float
        Shares of the regimes in training.

    Returns
    -------
    ndarray of shape (n_rows,)
        ln prior − ln probability of what came; NaN where either is unknown.
    """
    known = labels != UNLABELLED
    came = np.where(known, labels, 0).astype(np.intp)
    said = probabilities.reshape(-1, len(REGIMES))[np.arange(len(came)), came]
    told = np.log(np.asarray(prior))[came] - np.log(np.maximum(said, _SMALLEST_PROBABILITY))
    return np.where(known, told, np.nan)


def _share(days: list[DayCounts], bins: BinTable) -> float | None:
    """Share of features above their limits."""
    counted = [found.features for found in days if found.features is not None]
    # Every row counts once for every feature, missing values too.
    if len(counted) < _LEAST_DAYS or sum(int(counts[:1].sum()) for counts in counted) < _LEAST_ROWS:
        return None
    return float(np.mean(bins.drifted(np.sum(counted, axis=0))))


def _table_of(counts: Any) -> npt.NDArray[np.int64]:
    table = np.asarray(counts, dtype=np.int64)
    if table.ndim != 2 or (table < 0).any():
        raise ValueError("counts of features are no table of numbers from 0 up")
    return table


def _arranged(features: pd.DataFrame, bins: BinTable) -> Array:
    """Values in the order of the bins; raises KeyError where one is not there."""
    there, _, absent = places_of(tuple(features.columns.tolist()), bins.names)
    if absent:
        raise KeyError(f"features {', '.join(absent)} are not there")
    return features.to_numpy(np.float64)[:, there]


def _by_day(
    closed_ms: npt.NDArray[np.int64], chosen: npt.NDArray[np.bool_]
) -> list[tuple[int, npt.NDArray[np.intp]]]:
    """Rows chosen, by the day they closed in."""
    rows = np.flatnonzero(chosen)
    day = closed_ms[rows] // _DAY_MS
    return [(int(one), rows[day == one]) for one in np.unique(day)]


def _newest(before: Mapping[str, int], rows: ScoredRows, chosen: npt.NDArray[np.bool_]) -> Mapping[str, int]:
    return {**before, rows.pair: int(rows.closed_ms[chosen].max())} if chosen.any() else before
