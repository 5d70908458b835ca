"""Which candidate carries the leg: the free one that takes away the most for what it costs.

What a leg is worth is the standard deviation that it takes out of the primary over the time it is expected
to be held; its cost over the same time is taken off, both in quote currency. So a candidate wins by
correlation, not by being cheap, and where every leg costs more than it takes away there is none. Every
candidate that is passed over is named with its reason: a trader has to see why a primary stands alone.

Weak: one standard deviation is worth its own size here. A tail is worth more, and a runner is not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan, sqrt
from typing import Any

from outrigger.errors import DataError
from outrigger.hedge.cost import LegCost, leg_cost
from outrigger.hedge.measure import HedgeReading
from outrigger.hedge.moments import effectiveness
from outrigger.hedge.size import LegSize, hedge_ratio, leg_size
from outrigger.hedge.state import HedgeState
from outrigger.settings.hedge import HedgeSettings


@dataclass(frozen=True, slots=True)
class Primary:
    """The position to hedge.

    Parameters
    ----------
    pair : str
        Such as `BTC/USDT:USDT`.
    side : int
        +1 for a long, -1 for a short.
    notional : float
        What has been filled of it so far, at the present price, quote currency.
    funding_rate : float
        Last rate per eight hours; NaN where there is none.
    squeeze_probability : float or None
        Probability of a squeeze against it; None where there is no opinion.
    """

    pair: str
    side: int
    notional: float
    funding_rate: float = nan
    squeeze_probability: float | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pair that may carry the leg.

    Parameters
    ----------
    pair : str
        The pair.
    reading : HedgeReading or None
        How well it hedges now; None where it has no data.
    taken_by : str or None
        What holds the pair already, in words ("a primary of its own"); None where it is free.
    funding_rate : float
        Last rate per eight hours; NaN where there is none.
    min_notional : float
        Smallest position that the exchange takes, quote currency.
    """

    pair: str
    reading: HedgeReading | None
    taken_by: str | None = None
    funding_rate: float = nan
    min_notional: float = 0.0


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg that may be opened.

    Parameters
    ----------
    pair : str
        The candidate.
    side : int
        Opposite of the primary's.
    size : LegSize
        Notional and ratio.
    reading : HedgeReading
        What it rests on.
    effectiveness : float
        Share of the primary's variance that it should take away.
    cost : LegCost
        Over its expected life, quote currency.
    net : float
        Standard deviation taken away less cost, quote currency.
    """

    pair: str
    side: int
    size: LegSize
    reading: HedgeReading
    effectiveness: float
    cost: LegCost
    net: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, for the trade's record."""
        return {
            "pair": self.pair,
            "side": self.side,
            "notional": self.size.notional,
            "ratio": self.size.ratio,
            "capped": self.size.capped,
            "beta": self.reading.beta,
            "beta_error": self.reading.beta_error,
            "correlation": self.reading.correlation,
            "effectiveness": self.effectiveness,
            "cost": self.cost.to_dict(),
            "net": self.net,
        }


@dataclass(frozen=True, slots=True)
class LegChoice:
    """The leg, or none, and why the others were passed over.

    Parameters
    ----------
    leg : Leg or None
        None leaves the primary alone.
    refusals : tuple of str
        One sentence for each candidate that was refused.
    """

    leg: Leg | None
    refusals: tuple[str, ...]

    @property
    def reason(self) -> str:
        """One line for the log and the trade's record."""
        if self.leg is None:
            return "no leg: " + ("; ".join(self.refusals) or "no candidate is configured")
        leg = self.leg
        return (
            f"leg on {leg.pair}: {leg.size.notional:,.2f} at ratio {leg.size.ratio:.2f} and beta "
            f"{leg.reading.beta:.2f} (±{leg.reading.beta_error:.2f}), correlation "
            f"{leg.reading.correlation:.2f}, should take away {leg.effectiveness:.0%} of the variance for "
            f"{leg.cost.total:,.2f}"
        )


def choose_leg(
    primary: Primary, candidates: Sequence[Candidate], fee: float, settings: HedgeSettings
) -> LegChoice:
    """Choose the candidate that takes away the most, net of its cost.

    Parameters
    ----------
    primary : Primary
        The position to hedge.
    candidates : sequence of Candidate
        In order of preference where they measure alike.
    fee : float
        Of one order, fraction of notional.
    settings : HedgeSettings
        Floors, sizes and costs.

    Returns
    -------
    LegChoice
        With a reason for every candidate refused.

    Raises
    ------
    DataError
        If the primary's side or notional is not usable.
    """
    if primary.side not in (1, -1) or not (isfinite(primary.notional) and primary.notional > 0):
        raise DataError(
            f"{primary.pair}: side {primary.side!r} and notional {primary.notional!r} are no position to "
            "hedge: pass 1 or -1 and what has been filled"
        )
    ratio = hedge_ratio(primary.squeeze_probability, settings)
    best: Leg | None = None
    refusals: list[str] = []
    for candidate in candidates:
        refusal = _unfit(primary, candidate, settings)
        if refusal is None and candidate.reading is not None:
            leg = _leg(primary, candidate, candidate.reading, ratio, fee, settings)
            refusal = _not_worth(leg, candidate)
            if refusal is None and (best is None or leg.net > best.net):
                best = leg
        if refusal is not None:
            refusals.append(f"{candidate.pair} {refusal}")
    return LegChoice(best, tuple(refusals))


def _unfit(primary: Primary, candidate: Candidate, settings: HedgeSettings) -> str | None:
    """Why a candidate cannot carry a leg whatever its size; None where it can."""
    if candidate.pair == primary.pair:
        return "is the primary itself"
    if candidate.taken_by is not None:
        return f"is taken by {candidate.taken_by}"
    reading = candidate.reading
    if reading is None or reading.state == HedgeState.UNKNOWN:
        return "has too few candles to measure a correlation"
    if not isfinite(reading.correlation):
        return "has no correlation at present: candles are missing or its price stands still"
    if reading.correlation < settings.correlation_floor:
        return (
            f"has a correlation of {reading.correlation:.2f}, below the floor of "
            f"{settings.correlation_floor:.2f}"
        )
    if reading.state != HedgeState.EFFECTIVE:
        return f"is {reading.state.name.lower()} as a hedge"
    if not (isfinite(reading.beta) and reading.beta > 0):
        return f"has a beta of {reading.beta:.2f}: no opposite position hedges with it"
    return None


def _leg(
    primary: Primary,
    candidate: Candidate,
    reading: HedgeReading,
    ratio: float,
    fee: float,
    settings: HedgeSettings,
) -> Leg:
    size = leg_size(reading.beta, primary.notional, ratio, settings)
    in_use = size.notional / primary.notional
    effective = effectiveness(in_use, reading.correlation_hour, reading.volatility_ratio)
    rates = (candidate.funding_rate, primary.funding_rate)
    cost = leg_cost(-primary.side, size.notional, primary.notional, rates, fee, settings)
    noise = reading.deviation * sqrt(settings.expected_hours) * primary.notional
    # Below zero the leg adds risk; above one only rounding could take it.
    removed = noise * (1 - sqrt(max(1 - effective, 0.0)))
    return Leg(candidate.pair, -primary.side, size, reading, effective, cost, removed - cost.total)


def _not_worth(leg: Leg, candidate: Candidate) -> str | None:
    """Why a leg is too small or too dear; None where it is worth opening."""
    if leg.size.notional < candidate.min_notional:
        return (
            f"would take {leg.size.notional:,.2f}, below the exchange's minimum of "
            f"{candidate.min_notional:,.2f}"
        )
    if not leg.net > 0:
        return (
            f"would cost {leg.cost.total:,.2f}, {-leg.net:,.2f} more than the deviation that it takes away"
            if isfinite(leg.net)
            else "has no measured deviation to take away"
        )
    return None
