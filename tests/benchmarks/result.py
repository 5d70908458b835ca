"""What a benchmark found, in one shape for the table and the JSON file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """One row: a figure, what it should be at most, and what it was made of.

    Parameters
    ----------
    name : str
        Name of the row, as `--only` takes it.
    measures : str
        What the value is, in a few words.
    value : float
        The figure; smaller is better.
    unit : str
        "×" for a ratio, else the unit.
    target : float
        The largest value that meets the target.
    details : dict
        Everything that is needed to judge the value; plain JSON types.
    """

    name: str
    measures: str
    value: float
    unit: str
    target: float
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        return self.value <= self.target

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "met": self.met}
