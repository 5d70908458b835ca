"""An order book whose depth is that of a recorded snapshot.

Archives keep cumulative depth in bands around the mid, not orders. Each band's amount is spread over price
levels inside it, evenly, and what an even spread would get wrong of the band's value is laid on its first
or last level. So read back in bands, quote amounts are the archive's to the value of a lot, and base amounts
to a lot where the market stands still; since the book follows the market, they are otherwise off by as much
as the price has moved since the snapshot. The best prices enclose the last price by a tick.

Weak: where orders stand inside a band, and what a band that was not recorded holds, is made up; beyond
the last recorded band there is nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from outrigger.market.store.schema import BANDS, band_name
from outrigger.replay.contracts import Rules
from outrigger.replay.depth import Book

# Fewer than the thousand that can be asked for: a client then knows that nothing lies beyond.
LEVELS_A_BAND: Final = 160
_SIGNS: Final = {"bid": -1, "ask": 1}


def recorded_book(price: float, rules: Rules, row: Mapping[str, float], moved: float = 1.0) -> Book:
    """Build a book from a snapshot's bands.

    Parameters
    ----------
    price : float
        Last price, quote currency; best bid and best ask enclose it.
    rules : Rules
        Tick and lot of the contract.
    row : mapping of str to float
        Cumulative depth columns of the book table; NaN where not recorded.
    moved : float, optional
        The price now over the price at the snapshot: orders are taken to have moved with it.

    Returns
    -------
    Book
        At most `LEVELS_A_BAND` levels a band and side.
    """
    best = int((Decimal(repr(price)) / rules.tick).to_integral_value(ROUND_FLOOR))
    sides = {
        side: _side(side, best if side == "bid" else best + 1, best + 0.5, rules, _amounts(side, row, moved))
        for side in _SIGNS
    }
    return Book(sides["bid"], sides["ask"])


def _amounts(side: str, row: Mapping[str, float], moved: float) -> list[tuple[float, float, float]]:
    """Each band with its base and quote amount, at the price of now."""
    return [
        (band, row[band_name(side, band, "base")] / moved, row[band_name(side, band, "quote")])
        for band in BANDS
    ]


def _side(
    side: str, best: int, mid: float, rules: Rules, amounts: list[tuple[float, float, float]]
) -> list[tuple[Decimal, Decimal]]:
    """Levels of one side, best first; `best` and `mid` are counted in ticks."""
    sign, tick, lot = _SIGNS[side], float(rules.tick), float(rules.lot)
    nearest, lots_before, quote_before = best, 0, 0.0
    levels: list[tuple[int, int]] = []
    for band, base, quote in amounts:
        # The last tick inside the band; a level exactly on its edge is inside.
        farthest = sign * math.floor(sign * mid * (1 + sign * band) + 1e-6)
        if not (base > 0 and quote > 0) or sign * (farthest - nearest) < 0:
            continue
        ticks = _ticks(nearest, farthest)
        lots, value = round(base / lot) - lots_before, (quote - quote_before) / (tick * lot)
        spread = _spread(ticks, lots, value)
        levels += zip(ticks.tolist(), spread.tolist(), strict=True)
        nearest = farthest + sign
        lots_before += int(spread.sum())
        quote_before += float(ticks @ spread) * tick * lot
    # The best price has to be there, whatever the band holds.
    first = (best, max(1, levels[0][1])) if levels else (best, 1)
    kept = [first, *((at, lots) for at, lots in levels[1:] if lots > 0)]
    return [(at * rules.tick, lots * rules.lot) for at, lots in kept]


def _ticks(nearest: int, farthest: int) -> NDArray[np.int64]:
    """Whole ticks from one to the other, evenly spaced, both included."""
    count = min(LEVELS_A_BAND, abs(farthest - nearest) + 1)
    return np.round(np.linspace(nearest, farthest, count)).astype(np.int64)


def _spread(ticks: NDArray[np.int64], lots: int, value: float) -> NDArray[np.int64]:
    """Distribute an amount over levels so that it is worth a value.

    Parameters
    ----------
    ticks : ndarray of int64, shape (n,)
        Prices in ticks, nearest first.
    lots : int
        Amount in lots.
    value : float
        Worth in ticks times lots; kept where no distribution of the amount is worth it.

    Returns
    -------
    ndarray of int64, shape (n,)
        Lots at each level.
    """
    if value <= 0:
        return np.zeros(len(ticks), dtype=np.int64)
    low, high = sorted((float(ticks[0]), float(ticks[-1])))
    mean = min(max(value / lots, low), high) if lots > 0 else low
    if lots <= 0 or not low <= value / lots <= high:
        lots = round(value / mean)
    even = float(ticks.mean())
    end = ticks[-1] if (mean - even) * (ticks[-1] - even) >= 0 else ticks[0]
    share = 0.0 if end == even else (mean - even) / (end - even)
    weights = np.full(len(ticks), (1 - share) / len(ticks))
    weights[-1 if end == ticks[-1] else 0] += share
    # Rounding the running total keeps the sum exact and every level within a lot.
    return np.diff(np.round(np.cumsum(weights) * lots), prepend=0.0).astype(np.int64)
