"""Something that may differ between longs and shorts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sided(Generic[T]):
    """One thing for each side.

    Parameters
    ----------
    long, short : object
        What holds for a long and for a short; the same object where the side makes no difference.
    """

    long: T
    short: T

    def of(self, side: int) -> T:
        """What holds for a side: +1 for a long, -1 for a short."""
        return self.long if side > 0 else self.short


def alike(thing: T) -> Sided[T]:
    """Say the same for both sides."""
    return Sided(thing, thing)
