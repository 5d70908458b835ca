"""What the hedge study found, as numbers, JSON and a table that fits a terminal."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from outrigger.json_values import plain

_FOOTNOTE = (
    "variance taken away, in % of the primary's own, out of sample; rho²: the most that a constant leg could "
    "take; β=1: a leg of the primary's size; tail: fall of the mean of the worst 5 % of hourly changes at "
    "ratio 1; ok: share of time above the correlation floor. Costs are of a leg at the configured ratio "
    "beside a long primary, in basis points of the primary's notional a day (resizing, funding of leg and "
    "primary; what is received is negative) and once for entry and exit."
)


@dataclass(frozen=True, slots=True)
class Held:
    """A leg held at one ratio.

    Parameters
    ----------
    ratio : float
        Share of beta; 1 for the unsized leg too.
    effectiveness_5m, effectiveness_1h : float
        Share of the variance of equity changes that it took away.
    tail_1h : float
        Share of the mean of the worst 5 % of hourly changes that it took away.
    """

    ratio: float
    effectiveness_5m: float
    effectiveness_1h: float
    tail_1h: float


@dataclass(frozen=True, slots=True)
class HoldingCost:
    """What it costs to hold a leg, in basis points of the primary's notional; received is negative.

    Parameters
    ----------
    rebalances_per_day : float
        How often the leg was resized.
    rebalancing_bp_day : float
        Fees and half spreads of that, a day.
    leg_funding_bp_day, primary_funding_bp_day : float
        Funding of a short leg and of the long primary, a day.
    round_trip_bp : float
        Fees and spread of entry and exit, once.
    """

    rebalances_per_day: float
    rebalancing_bp_day: float
    leg_funding_bp_day: float
    primary_funding_bp_day: float
    round_trip_bp: float


@dataclass(frozen=True, slots=True)
class PairHedge:
    """One primary with one candidate.

    Parameters
    ----------
    primary, candidate : str
        Pairs.
    days : float
        Time studied.
    accepted : float
        Share of it in which the correlation was at or above the floor.
    rho2_5m, rho2_1h : float
        Squared correlation of the moves over that time.
    beta : float
        Median beta in use.
    held : list of Held
        At each ratio.
    unsized : Held
        With a leg as large as the primary.
    cost : HoldingCost
        At the configured ratio.
    """

    primary: str
    candidate: str
    days: float
    accepted: float
    rho2_5m: float
    rho2_1h: float
    beta: float
    held: list[Held]
    unsized: Held
    cost: HoldingCost

    def at(self, ratio: float) -> Held:
        """What was found at one ratio."""
        return next(one for one in self.held if one.ratio == ratio)


@dataclass(frozen=True, slots=True)
class HedgeStudy:
    """A whole study.

    Parameters
    ----------
    data : str
        Name of the data directory.
    settings : dict
        Of the hedge.
    fee : float
        Of one order, fraction of notional.
    results : list of PairHedge
        One a primary and candidate.
    """

    data: str
    settings: dict[str, Any]
    fee: float
    results: list[PairHedge]

    def find(self, primary: str, candidate: str) -> PairHedge:
        """Result of one primary and candidate, by coin."""
        names = (f"{primary}/", f"{candidate}/")
        return next(
            one
            for one in self.results
            if one.primary.startswith(names[0]) and one.candidate.startswith(names[1])
        )

    def to_json(self) -> str:
        """The study as JSON text."""
        return json.dumps(plain(asdict(self)), indent=2, allow_nan=False)


def print_study(found: HedgeStudy, console: Console) -> None:
    """Print what was found and what it rests on.

    Parameters
    ----------
    found : HedgeStudy
        The study.
    console : Console
        Where to.
    """
    console.print(_effects(found))
    console.print(_costs(found))
    console.print(
        f"{found.data}: {found.results[0].days:.0f} days" if found.results else found.data, highlight=False
    )
    console.print(
        f"fee {1e4 * found.fee:g} bp, spread {1e4 * found.settings['spread']:g} bp", highlight=False
    )
    console.print(_FOOTNOTE, highlight=False)


def _effects(found: HedgeStudy) -> Table:
    table = Table(title=f"{found.data}: variance taken away, %", box=SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("primary/leg", no_wrap=True)
    for head in ("1, 5m", "1, 1h", "rho² 5m", "rho² 1h", ".5, 5m", ".5, 1h", "β=1 1h", "tail", "β", "ok"):
        table.add_column(head, justify="right", no_wrap=True)
    for one in found.results:
        full, half = one.at(1.0), one.at(0.5)
        shares = (
            *(full.effectiveness_5m, full.effectiveness_1h, one.rho2_5m, one.rho2_1h),
            *(half.effectiveness_5m, half.effectiveness_1h, one.unsized.effectiveness_1h, full.tail_1h),
        )
        table.add_row(
            _names(one), *(f"{100 * share:.1f}" for share in shares), f"{one.beta:.2f}", f"{one.accepted:.0%}"
        )
    return table


def _costs(found: HedgeStudy) -> Table:
    ratio = found.settings["ratio"]
    table = Table(title=f"cost at ratio {ratio:g}, bp", box=SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("primary/leg", no_wrap=True)
    for head in ("changes a day", "resizing", "leg funding", "its own", "in and out"):
        table.add_column(head, justify="right")
    for one in found.results:
        cost = one.cost
        daily = (
            cost.rebalances_per_day,
            cost.rebalancing_bp_day,
            cost.leg_funding_bp_day,
            cost.primary_funding_bp_day,
        )
        table.add_row(_names(one), *(f"{number:.2f}" for number in daily), f"{cost.round_trip_bp:.1f}")
    return table


def _names(one: PairHedge) -> str:
    return "/".join(re.split("/", pair)[0] for pair in (one.primary, one.candidate))
