"""Measures two things side by side, turn by turn, so that a busy or throttled machine slows both alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Paired(Generic[T]):
    """Outcomes of the same number of turns of both sides, in the order in which they ran."""

    ours: list[T]
    floor: list[T]

    def ratio(self, read: Callable[[T], float]) -> float:
        """Median over the turns of our figure over the floor's."""
        return median(self.ratios(read))

    def ratios(self, read: Callable[[T], float]) -> list[float]:
        return [read(a) / read(b) for a, b in zip(self.ours, self.floor, strict=True)]

    def medians(self, read: Callable[[T], float]) -> tuple[float, float]:
        return median(map(read, self.ours)), median(map(read, self.floor))

    def summary(self, read: Callable[[T], float], digits: int = 3) -> dict[str, Any]:
        """The figure of both sides and their ratio with its range, for a row's details."""
        ours, floor = self.medians(read)
        ratios = self.ratios(read)
        return {
            "ours": round(ours, digits),
            "floor": round(floor, digits),
            "ratio": round(self.ratio(read), digits),
            "ratio_range": [round(min(ratios), digits), round(max(ratios), digits)],
        }


def side_by_side(ours: Callable[[], T], floor: Callable[[], T], turns: int) -> Paired[T]:
    """Run both sides in turn: A B A B.

    Parameters
    ----------
    ours, floor : callable
        One turn of each side; what they return is kept.
    turns : int
        Turns of each.

    Returns
    -------
    Paired
        The outcomes.
    """
    outcomes: Paired[T] = Paired([], [])
    for _ in range(turns):
        outcomes.ours.append(ours())
        outcomes.floor.append(floor())
    return outcomes


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call, in seconds."""
    begun = perf_counter()
    work()
    return perf_counter() - begun


def percentiles(values: Sequence[float], *shares: float) -> list[float]:
    """Order statistics of a sample: the smallest value that this share of the sample does not exceed."""
    ordered = sorted(values)
    return [ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))] for share in shares]
