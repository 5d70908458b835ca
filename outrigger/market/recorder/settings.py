"""What the recorder may be told: how often, how long to wait, how much to hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from outrigger.errors import SettingsError
from outrigger.market.store.schema import Kind

DAY_MS = 86_400_000


def _usual_intervals() -> dict[Kind, float]:
    return {Kind.BOOK: 10.0, Kind.METRICS: 60.0, Kind.LIQUIDATIONS: 0.0}


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    """Pace and limits of a recording.

    Parameters
    ----------
    interval_s : mapping of Kind to float
        Seconds between readings of one pair; a feed that pushes (liquidations) has 0.
    timeout_s : float
        Seconds after which a reading is given up; a feed that pushes may stay silent for as long as it likes.
    flush_s : float
        Seconds between writes to the store: what a killed process loses at most.
    max_rows : int
        Rows held in memory while the store cannot be written; beyond that the oldest are dropped and counted.
    retry_first_s, retry_most_s : float
        Longest waits after the first failure and after many, seconds.
    retain_days : int, optional
        Days kept in the store; None keeps all.
    seed : int, optional
        Of the jitter; None differs from run to run.

    Raises
    ------
    SettingsError
        If a value cannot be used.
    """

    interval_s: Mapping[Kind, float] = field(default_factory=_usual_intervals)
    timeout_s: float = 10.0
    flush_s: float = 5.0
    max_rows: int = 50_000
    retry_first_s: float = 2.0
    retry_most_s: float = 300.0
    retain_days: int | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        positive = {
            name: getattr(self, name) for name in ("timeout_s", "flush_s", "max_rows", "retry_first_s")
        }
        positive |= {
            f"interval_s of {kind}": seconds
            for kind, seconds in self.interval_s.items()
            if kind is not Kind.LIQUIDATIONS
        }
        if self.retain_days is not None:
            positive["retain_days"] = self.retain_days
        for name, value in positive.items():
            if not value > 0:
                raise SettingsError(f"recorder: {name} is {value}; it has to be above 0")
        if self.retry_most_s < self.retry_first_s:
            raise SettingsError(
                f"recorder: retry_most_s is {self.retry_most_s}; it cannot be below retry_first_s, "
                f"{self.retry_first_s}"
            )
