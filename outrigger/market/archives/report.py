"""What became of every archive file of an import or a download."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from outrigger.market.archives.defect import Defect

STORED: Final = "stored"
PRESENT: Final = "already_present"
MISSING: Final = "missing"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file.

    Parameters
    ----------
    source : str
        Its name.
    pair, kind : str
        What it is about; empty where its name does not tell.
    outcome : str
        `stored`, `already_present`, `missing`, `skipped`, or the name of a `Refusal`.
    rows : int
        Rows stored.
    defects : tuple of Defect
        What was wrong with its values.
    message : str
        Why, where it was not stored.
    """

    source: str
    pair: str
    kind: str
    outcome: str
    rows: int = 0
    defects: tuple[Defect, ...] = ()
    message: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "source": self.source,
            "pair": self.pair,
            "kind": self.kind,
            "outcome": self.outcome,
            "rows": self.rows,
            "defects": [defect.to_dict() for defect in self.defects],
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """All files, in the order of their names.

    Parameters
    ----------
    deliveries : tuple of Delivery
        One a file.
    """

    deliveries: tuple[Delivery, ...]

    @property
    def rows(self) -> int:
        """Rows stored."""
        return sum(delivery.rows for delivery in self.deliveries)

    @property
    def outcomes(self) -> dict[str, int]:
        """Files by outcome."""
        return dict(sorted(Counter(delivery.outcome for delivery in self.deliveries).items()))

    @property
    def defects(self) -> dict[str, int]:
        """Readings with a defect, by its name."""
        total: Counter[str] = Counter()
        for delivery in self.deliveries:
            for defect in delivery.defects:
                total[defect.name] += defect.count
        return dict(sorted(total.items()))

    @property
    def refused(self) -> tuple[Delivery, ...]:
        """Files that could not be used at all."""
        fine = (STORED, PRESENT, MISSING, "skipped")
        return tuple(delivery for delivery in self.deliveries if delivery.outcome not in fine)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "rows": self.rows,
            "outcomes": self.outcomes,
            "defects": self.defects,
            "files": [delivery.to_dict() for delivery in self.deliveries],
        }
