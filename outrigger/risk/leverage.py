"""The largest leverage that keeps the protective stop well inside liquidation.

Leverage changes the margin that a position ties up and the price at which the exchange takes it away;
it does not change the position's size, which comes from risk. So the question here is only how far
beyond the stop liquidation has to lie. A stop is an order and can be jumped: with
`liquidation_fraction` 0.5 the price may overshoot it by its whole distance again before liquidation.

Whole numbers, because Binance floors leverage when it is set. On the first entry of a pair the size
is not known yet: pass the largest notional it may get, since a smaller one is never nearer liquidation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import floor, inf, isfinite
from typing import Any

from outrigger.errors import DataError
from outrigger.risk.liquidation import MaintenanceTier, liquidation_distance, tier_of
from outrigger.settings.risk import RiskSettings


@dataclass(frozen=True, slots=True)
class LeverageChoice:
    """Leverage of a trade and why it is not larger.

    Parameters
    ----------
    leverage : int
        Whole number, at least 1.
    liquidation_distance : float
        Adverse move from entry to liquidation, buffer included, fraction of price.
    stop_inside : bool
        Whether the protective stop lies within the set share of that distance; False only where even
        a leverage of 1 is too much, and then the trade is better not opened.
    reason : str
        What bound the leverage, in plain words.
    """

    leverage: int
    liquidation_distance: float
    stop_inside: bool
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)


def choose_leverage(
    side: int,
    notional: float,
    protective_distance: float,
    tiers: Sequence[MaintenanceTier],
    settings: RiskSettings,
    *,
    exchange_max: float = inf,
    buffer: float = 0.05,
) -> LeverageChoice:
    """Pick the largest whole leverage under every limit.

    Parameters
    ----------
    side : int
        +1 for a long, -1 for a short.
    notional : float
        Position value, quote currency.
    protective_distance : float
        Distance of the protective stop, fraction of price.
    tiers : sequence of MaintenanceTier
        The pair's tiers, sorted by position value.
    settings : RiskSettings
        `max_leverage` and `liquidation_fraction`.
    exchange_max : float
        Largest leverage that the exchange grants, beside what the tiers say.
    buffer : float
        Freqtrade's `liquidation_buffer`.

    Returns
    -------
    LeverageChoice
        1 with `stop_inside` False where no leverage satisfies.

    Raises
    ------
    DataError
        If a number is out of its range.
    """
    if not (isfinite(protective_distance) and 0 < protective_distance < 1):
        raise DataError(f"protective distance is {protective_distance!r}: it has to lie between 0 and 1")
    nearest = protective_distance / settings.liquidation_fraction
    cap, reason = _cap(notional, tiers, settings, exchange_max)
    for leverage in range(cap, 0, -1):
        distance = liquidation_distance(side, notional, leverage, tiers, buffer)
        if distance >= nearest:
            return LeverageChoice(leverage, distance, True, reason)
        reason = (
            f"a stop {protective_distance:.2%} away needs liquidation at least {nearest:.2%} away, at "
            f"{leverage}x it is {distance:.2%}"
        )
    return LeverageChoice(1, distance, False, reason)


def _cap(
    notional: float, tiers: Sequence[MaintenanceTier], settings: RiskSettings, exchange_max: float
) -> tuple[int, str]:
    """Largest leverage before liquidation is looked at, at least 1, and who set it."""
    if not tiers:
        raise DataError("no leverage tiers passed in: refresh Freqtrade's leverage tiers")
    if not exchange_max >= 1:
        raise DataError(f"the exchange's largest leverage is {exchange_max!r}: it has to be at least 1")
    granted = min(exchange_max, tier_of(notional, tiers).max_leverage)
    if granted < settings.max_leverage:
        return max(floor(granted), 1), f"the exchange grants {granted:g}x for {notional:,.0f} of notional"
    return settings.max_leverage, f"max_leverage is {settings.max_leverage}x"
