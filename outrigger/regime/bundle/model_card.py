"""What a bundle's card says of one of its models, and how parts of a card are read from JSON.

Readers are strict and raise what Python raises; the card as a whole turns that into one refusal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from outrigger.market.moment import from_ms, to_ms
from outrigger.regime.bundle.baselines import Baselines
from outrigger.regime.classes import REGIMES

# Rows of features kept in a card, and the probabilities that a loaded model has to give for them again.
Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model of a bundle.

    Parameters
    ----------
    file, sha256, size_bytes : str, str, int
        Its file.
    trained_from_ms, trained_until_ms : int
        Close of the first candle it was fitted on; last moment that any of its labels saw.
    rows : int
        Labelled candles it was fitted on.
    label_shares : tuple of float
        Shares of the regimes among them.
    baselines : Baselines
        What it has to beat.
    checked : tuple of tuple of float
        Its probabilities for the card's check rows.
    scores : mapping
        Measures on the candles it scores: after its gap, up to where the next model takes over. Empty for the
        newest model, which nothing came after.
    """

    file: str
    sha256: str
    size_bytes: int
    trained_from_ms: int
    trained_until_ms: int
    rows: int
    label_shares: tuple[float, ...]
    baselines: Baselines
    checked: Rows
    scores: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "trained_from": from_ms(self.trained_from_ms).isoformat(),
            "trained_until": from_ms(self.trained_until_ms).isoformat(),
            "rows": self.rows,
            "label_shares": dict(zip(REGIMES, self.label_shares, strict=True)),
            "scores_after": dict(self.scores),
            "baselines": self.baselines.to_dict(),
            "checked": [list(row) for row in self.checked],
        }

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> ModelCard:
        """Read the JSON-able form; raises KeyError, TypeError or ValueError where it is not one."""
        return cls(
            file=text_of(body["file"]),
            sha256=text_of(body["sha256"]),
            size_bytes=int(body["size_bytes"]),
            trained_from_ms=moment_of(body["trained_from"]),
            trained_until_ms=moment_of(body["trained_until"]),
            rows=int(body["rows"]),
            label_shares=tuple(float(body["label_shares"][name]) for name in REGIMES),
            baselines=Baselines.from_dict(body["baselines"]),
            checked=rows_of(body["checked"], len(REGIMES)),
            scores=dict(body["scores_after"]),
        )


def text_of(value: Any) -> str:
    """Read text that is not empty; raises TypeError."""
    if not isinstance(value, str) or not value:
        raise TypeError(f"{value!r} is not text")
    return value


def words_of(values: Any) -> tuple[str, ...]:
    """Read a list of names; raises TypeError."""
    if not isinstance(values, list):
        raise TypeError(f"{values!r} is not a list of names")
    return tuple(text_of(value) for value in values)


def moment_of(value: Any) -> int:
    """Read a time with its zone as milliseconds since 1970; raises TypeError or ValueError."""
    read = datetime.fromisoformat(text_of(value))
    if read.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return to_ms(read)


def rows_of(rows: Any, width: int) -> Rows:
    """Read rows of numbers, null for missing; raises TypeError or ValueError."""
    found = tuple(tuple(math.nan if value is None else float(value) for value in row) for row in rows)
    if any(len(row) != width for row in found):
        raise ValueError(f"a row has not {width} numbers")
    return found
