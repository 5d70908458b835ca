"""What a reader of a feature column has to know about it.

A column without a unit, a window and an age limit cannot be judged, compared or trusted, so each feature
module describes its columns beside the code that computes them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One feature column.

    Parameters
    ----------
    name : str
        Column name.
    unit : str
        Unit of its numbers.
    window : str
        How far back it looks from the reading it is made from.
    source : str
        Table and columns it is computed from.
    age_limit_s : int
        Seconds after which a reading no longer counts and the column is NaN.
    meaning : str
        One line; what a large value says.
    """

    name: str
    unit: str
    window: str
    source: str
    age_limit_s: int
    meaning: str

    def to_dict(self) -> dict[str, str | int]:
        """JSON-able form."""
        return asdict(self)
