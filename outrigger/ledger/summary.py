"""What stop exits cost beyond their price: percentiles by exchange, hour and regime, against an assumption.

Dry runs and money are never mixed: a simulated fill knows the book, not the queue. Percentiles count every
order alike; the mean is weighted by what was traded, because that is what was paid. A p95 of a few orders is
their worst one: heed the counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from outrigger.ledger.entry import ExitKind, LedgerEntry

BAND_HOURS = 8
UNKNOWN = "not known"
GROUPS: dict[str, Callable[[LedgerEntry], str]] = {
    "exchange": lambda entry: entry.exchange,
    "kept by": lambda entry: str(entry.kept_by),
    "hour (UTC)": lambda entry: band(entry.hour),
    "regime": lambda entry: entry.regime or UNKNOWN,
}


def band(hour: int) -> str:
    """The band between two funding events that an hour lies in: `08-16`."""
    first = hour // BAND_HOURS * BAND_HOURS
    return f"{first:02d}-{first + BAND_HOURS:02d}"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a group of stop exits cost beyond their price.

    Parameters
    ----------
    group, name : str
        What they have in common.
    orders : int
        How many they are.
    bp_p50, bp_p95 : float
        Slippage, basis points of the stop; positive is worse.
    bp_mean : float
        The same, weighted by notional.
    impact_p50 : float or None
        Median part of it between decision and fill; None where no decision is known.
    beyond : float
        Share of orders that slipped more than assumed.
    ms_p50, ms_p95 : float or None
        From decision to fill; None where no decision is known.
    """

    group: str
    name: str
    orders: int
    bp_p50: float
    bp_p95: float
    bp_mean: float
    impact_p50: float | None
    beyond: float
    ms_p50: float | None
    ms_p95: float | None


@dataclass(frozen=True, slots=True)
class LedgerSummary:
    """What a ledger says.

    Parameters
    ----------
    dry : bool
        Whether of dry runs.
    assumed_bp : float
        What the backtest allowed for, basis points.
    costs : tuple of Cost
        All stop exits first, then by group.
    others : dict of str to int
        Orders that left for another reason, by reason.
    """

    dry: bool
    assumed_bp: float
    costs: tuple[Cost, ...]
    others: dict[str, int]

    @property
    def verdict(self) -> str:
        """What was paid against what was assumed, in words."""
        if not self.costs:
            return "no stop exit in the ledger yet"
        mean = self.costs[0].bp_mean
        told = f"stops cost {mean:.1f} bp on average, {self.assumed_bp:g} bp were assumed"
        return f"{told}: backtests are too kind" if mean > self.assumed_bp else f"{told}: that holds"

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {**asdict(self), "costs": [asdict(cost) for cost in self.costs], "verdict": self.verdict}


def summarise(entries: Iterable[LedgerEntry], assumed_bp: float, *, dry: bool) -> LedgerSummary:
    """Work out what stop exits cost.

    Parameters
    ----------
    entries : iterable of LedgerEntry
        The ledger.
    assumed_bp : float
        What the backtest allowed for, basis points.
    dry : bool
        Whether dry runs are asked about, or money.

    Returns
    -------
    LedgerSummary
        Without costs where no stop exit is among them.
    """
    asked = [entry for entry in entries if entry.dry is dry]
    stops = [entry for entry in asked if entry.kind is ExitKind.STOP and entry.stop is not None]
    costs = [_cost("all", "stops", stops, assumed_bp)] if stops else []
    for group, name_of in GROUPS.items():
        for name in sorted({name_of(entry) for entry in stops}):
            members = [entry for entry in stops if name_of(entry) == name]
            costs.append(_cost(group, name, members, assumed_bp))
    others = Counter(entry.reason for entry in asked if entry.kind is not ExitKind.STOP)
    return LedgerSummary(dry, assumed_bp, tuple(costs), dict(sorted(others.items())))


def _cost(group: str, name: str, entries: Sequence[LedgerEntry], assumed_bp: float) -> Cost:
    slipped = np.array([entry.slippage_bp for entry in entries], dtype=np.float64)
    notional = np.array([entry.amount * entry.price for entry in entries])
    impact = [entry.impact_bp for entry in entries if entry.impact_bp is not None]
    delays = [float(entry.delay_ms) for entry in entries if entry.delay_ms is not None]
    return Cost(
        group,
        name,
        len(entries),
        float(np.quantile(slipped, 0.5)),
        float(np.quantile(slipped, 0.95)),
        float(np.average(slipped, weights=notional)),
        _quantile(impact, 0.5),
        float((slipped > assumed_bp).mean()),
        _quantile(delays, 0.5),
        _quantile(delays, 0.95),
    )


def _quantile(values: Sequence[float], share: float) -> float | None:
    return float(np.quantile(values, share)) if values else None
