"""How large a leg is, and when it is worth an order to change it.

Notional = ratio × beta × the primary's notional. A probable squeeze against the primary raises the ratio,
within bounds. A leg that has grown far beyond its target (a primary closed in part) adds risk instead of
taking it away, so it is cut without waiting for the next time that it may be changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from outrigger.hedge.state import HedgeState
from outrigger.settings.hedge import HedgeSettings

MINUTE_MS = 60_000
# A leg this many bands above its target is cut at once.
_TOO_LARGE_BANDS = 2.0


@dataclass(frozen=True, slots=True)
class LegSize:
    """A leg's notional and where it comes from.

    Parameters
    ----------
    notional : float
        Quote currency.
    ratio : float
        Share of beta in use, raised by the regime where it was.
    capped : bool
        Whether `max_leg` bound.
    """

    notional: float
    ratio: float
    capped: bool


def hedge_ratio(squeeze_probability: float | None, settings: HedgeSettings) -> float:
    """Share of the primary's beta that a leg should take on now.

    Parameters
    ----------
    squeeze_probability : float or None
        Probability of a squeeze against the primary's side; None, or NaN, leaves the ratio as configured.
    settings : HedgeSettings
        Ratio, gain and bound.

    Returns
    -------
    float
        Between `ratio` and `max_ratio`.
    """
    if squeeze_probability is None or not isfinite(squeeze_probability):
        return settings.ratio
    raised = settings.ratio + settings.squeeze_gain * max(squeeze_probability, 0.0)
    return min(raised, settings.max_ratio)


def leg_size(beta: float, primary_notional: float, ratio: float, settings: HedgeSettings) -> LegSize:
    """Size a leg.

    Parameters
    ----------
    beta : float
        Notional of the candidate per notional of the primary, positive.
    primary_notional : float
        Present position value, quote currency.
    ratio : float
        From `hedge_ratio`.
    settings : HedgeSettings
        Largest leg.

    Returns
    -------
    LegSize
        Quote currency.
    """
    wanted, largest = ratio * beta * primary_notional, settings.max_leg * primary_notional
    return LegSize(min(wanted, largest), ratio, wanted > largest)


def rebalance(
    leg_notional: float,
    target: float,
    state: HedgeState,
    since_ms: int,
    now_ms: int,
    settings: HedgeSettings,
) -> float:
    """Change of a leg's notional that is worth an order.

    Parameters
    ----------
    leg_notional : float
        Present position value, quote currency.
    target : float
        What it should be, from `leg_size`; NaN changes nothing.
    state : HedgeState
        Only an effective hedge is added to.
    since_ms : int
        Time of the last change, the entry included.
    now_ms : int
        Present time.
    settings : HedgeSettings
        Band and least time between changes.

    Returns
    -------
    float
        Quote currency to add, negative to take off; 0 inside the band and before the time.
    """
    if not (isfinite(target) and target >= 0 and leg_notional > 0):
        return 0.0
    off = leg_notional - target
    if abs(off) <= settings.band * target or (off < 0 and state != HedgeState.EFFECTIVE):
        return 0.0
    due = now_ms - since_ms >= settings.rebalance_minutes * MINUTE_MS
    much_too_large = off > _TOO_LARGE_BANDS * settings.band * target
    return -off if due or much_too_large else 0.0
