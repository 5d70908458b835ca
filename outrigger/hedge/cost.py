"""What a leg costs, stated before it is paid.

Fees and half the spread both ways, and the funding of the time it is expected to be held. Funding is that
of the last event carried forward, which is the usual forecast and a poor one in a crowded market; a rate
that is not known counts as none. Rebalancing is left out: it depends on a path nobody knows. The primary's
own funding is stated beside it, because it is paid with a leg or without one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite

from outrigger.settings.hedge import HedgeSettings

FUNDING_HOURS = 8.0


@dataclass(frozen=True, slots=True)
class LegCost:
    """Cost of a leg over its expected life, in quote currency; what is received is negative.

    Parameters
    ----------
    fees, spread, funding : float
        Of the leg: two orders, and its funding events.
    primary_funding : float
        Of the primary over the same time; not caused by the leg and not in the total.
    """

    fees: float
    spread: float
    funding: float
    primary_funding: float

    @property
    def total(self) -> float:
        """All that the leg itself costs."""
        return self.fees + self.spread + self.funding

    def to_dict(self) -> dict[str, float]:
        """JSON-able form."""
        return {**asdict(self), "total": self.total}


def leg_cost(
    leg_side: int,
    leg_notional: float,
    primary_notional: float,
    funding_rates: tuple[float, float],
    fee: float,
    settings: HedgeSettings,
) -> LegCost:
    """Estimate what a leg will cost.

    Parameters
    ----------
    leg_side : int
        +1 if the leg is long, -1 if it is short; the primary is on the other side.
    leg_notional, primary_notional : float
        Position values, quote currency.
    funding_rates : tuple of float
        Last rate of the leg's pair and of the primary's, per eight hours, as a fraction of notional; NaN
        where there is none.
    fee : float
        Of one order, fraction of notional.
    settings : HedgeSettings
        Spread and expected time.

    Returns
    -------
    LegCost
        In quote currency.
    """
    events = settings.expected_hours / FUNDING_HOURS
    leg_rate, primary_rate = (rate if isfinite(rate) else 0.0 for rate in funding_rates)
    return LegCost(
        2 * fee * leg_notional,
        settings.spread * leg_notional,
        leg_side * leg_rate * events * leg_notional,
        -leg_side * primary_rate * events * primary_notional,
    )
