"""Where an isolated position is liquidated, from the exchange's maintenance tiers.

Liquidation comes when the margin plus the unrealised result no longer covers the maintenance margin,
`notional × rate - amount` of the tier that the position is worth *at the liquidation price*: that is
Binance's rule for USDⓈ-M perpetuals. Freqtrade 2026.9 instead looks the tier up by the stake, which
is the notional divided by the leverage, so for large positions it sees liquidation farther away than
the exchange does; in the first tier both agree.

Assumes isolated margin and no funding or fees taken from the margin; the exchange compares with the
mark price, which differs from the last price by some basis points.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from outrigger.errors import DataError


@dataclass(frozen=True, slots=True)
class MaintenanceTier:
    """One step of an exchange's maintenance margin schedule.

    Parameters
    ----------
    min_notional : float
        Position value from which on the tier holds, quote currency.
    rate : float
        Maintenance margin as a fraction of the position value.
    amount : float
        Taken off the maintenance margin, quote currency, so that it has no jumps between tiers.
    max_leverage : float
        Largest leverage the exchange grants in this tier.
    """

    min_notional: float
    rate: float
    amount: float
    max_leverage: float = inf


class _CheckedTiers(tuple[MaintenanceTier, ...]):
    """Tiers that were checked when they were read: an entry asks for distances dozens of times."""

    __slots__ = ()


def maintenance_tiers(rows: Sequence[Mapping[str, Any]], pair: str) -> tuple[MaintenanceTier, ...]:
    """Read the tiers of one pair as Freqtrade and ccxt write them.

    Parameters
    ----------
    rows : sequence of mapping
        With `minNotional`, `maintenanceMarginRate`, optionally `maxLeverage`, and the amount as
        `maintAmt` or `info.cum`; a missing amount counts as 0.
    pair : str
        Named in the error message.

    Returns
    -------
    tuple of MaintenanceTier
        Sorted by position value.

    Raises
    ------
    DataError
        If there is no tier, or one cannot be read.
    """
    try:
        tiers = tuple(
            MaintenanceTier(
                float(row["minNotional"] or 0.0),
                float(row["maintenanceMarginRate"]),
                float(row.get("maintAmt") or (row.get("info") or {}).get("cum") or 0.0),
                float(row.get("maxLeverage") or inf),
            )
            for row in rows
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f"leverage tiers of {pair} cannot be read ({error!r}): each needs minNotional and "
            "maintenanceMarginRate; refresh Freqtrade's leverage tiers"
        ) from error
    ordered = tuple(sorted(tiers, key=lambda tier: tier.min_notional))
    _check(ordered, f"of {pair}")
    return _CheckedTiers(ordered)


def tier_of(notional: float, tiers: Sequence[MaintenanceTier]) -> MaintenanceTier:
    """Tier that a position value falls into.

    Parameters
    ----------
    notional : float
        Position value, quote currency.
    tiers : sequence of MaintenanceTier
        Sorted by position value.

    Returns
    -------
    MaintenanceTier
        The last tier that begins at or below the value, or the first one.
    """
    return tiers[_index(notional, tiers)]


def liquidation_price(
    side: int, entry: float, notional: float, leverage: float, tiers: Sequence[MaintenanceTier]
) -> float:
    """Price at which the exchange liquidates an isolated position.

    Source: Binance, "How to Calculate Liquidation Price of USDⓈ-M Futures Contracts".

    Parameters
    ----------
    side : int
        +1 for a long, -1 for a short.
    entry : float
        Entry price.
    notional : float
        Position value at entry, quote currency; the margin is this divided by the leverage.
    leverage : float
        At least 1.
    tiers : sequence of MaintenanceTier
        Sorted by position value.

    Returns
    -------
    float
        0.0 where a long cannot be liquidated at any positive price; the entry where the margin does
        not even cover the maintenance margin at entry.

    Raises
    ------
    DataError
        If a number is out of its range.
    """
    _check_position(side, notional, leverage)
    if not (isfinite(entry) and entry > 0):
        raise DataError(f"entry price is {entry!r}: it has to be a positive number")
    _check(tiers, "passed in")
    return entry * _liquidation_ratio(side, notional, leverage, tiers)


def liquidation_distance(
    side: int, notional: float, leverage: float, tiers: Sequence[MaintenanceTier], buffer: float = 0.0
) -> float:
    """Adverse move from entry to liquidation.

    Parameters
    ----------
    side : int
        +1 for a long, -1 for a short.
    notional : float
        Position value at entry, quote currency.
    leverage : float
        At least 1.
    tiers : sequence of MaintenanceTier
        Sorted by position value.
    buffer : float
        Freqtrade's `liquidation_buffer`: the share of the distance by which it draws its own
        liquidation price towards the entry; 0.05 there unless configured.

    Returns
    -------
    float
        Fraction of the entry price.

    Raises
    ------
    DataError
        If a number is out of its range.
    """
    _check_position(side, notional, leverage)
    _check(tiers, "passed in")
    if not 0 <= buffer < 1:
        raise DataError(f"liquidation_buffer is {buffer!r}: it has to lie between 0 and 0.99")
    return side * (1 - _liquidation_ratio(side, notional, leverage, tiers)) * (1 - buffer)


def _index(notional: float, tiers: Sequence[MaintenanceTier]) -> int:
    return max(bisect_right(tiers, notional, key=lambda tier: tier.min_notional) - 1, 0)


def _liquidation_ratio(
    side: int, notional: float, leverage: float, tiers: Sequence[MaintenanceTier]
) -> float:
    """Liquidation price over entry price, by walking the tiers the way the price goes."""
    start = _index(notional, tiers)
    # A long is worth less as it loses and sinks through the tiers, a short is worth more and climbs.
    for index in range(start, -1, -1) if side > 0 else range(start, len(tiers)):
        tier = tiers[index]
        ratio = (side - 1 / leverage - tier.amount / notional) / (side - tier.rate)
        lower = tier.min_notional / notional if index > 0 else 0.0
        upper = tiers[index + 1].min_notional / notional if index + 1 < len(tiers) else inf
        if side > 0 and ratio >= lower:
            return min(ratio, upper, 1.0)
        if side < 0 and ratio < upper:
            return max(ratio, lower, 1.0)
    return 0.0


def _check_position(side: int, notional: float, leverage: float) -> None:
    if side not in (1, -1):
        raise DataError(f"side is {side!r}: pass 1 for a long or -1 for a short")
    if not (isfinite(notional) and notional > 0):
        raise DataError(f"notional is {notional!r}: it has to be a positive number")
    if not (isfinite(leverage) and leverage >= 1):
        raise DataError(f"leverage is {leverage!r}: it has to be at least 1")


def _check(tiers: Sequence[MaintenanceTier], where: str) -> None:
    if isinstance(tiers, _CheckedTiers):
        return
    if not tiers:
        raise DataError(f"no leverage tiers {where}: refresh Freqtrade's leverage tiers")
    floors = [tier.min_notional for tier in tiers]
    if floors != sorted(floors) or not all(0 <= tier.rate < 1 for tier in tiers):
        raise DataError(
            f"leverage tiers {where} have to rise in position value, with maintenance rates between 0 and 1"
        )
