"""How stops did: premature ones, what they slipped, and how near liquidation any trade came.

A trade whose horizon is not over is not yet known and never counted as good; one whose candles are missing
cannot be judged. Both are counted beside the rate, and neither is part of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from math import isfinite, nan
from typing import Any

from outrigger.errors import DataError
from outrigger.review.hindsight import HOUR_MS, Extremes, premature_stop_rate, trend_capture
from outrigger.review.money import margin_left, stop_slippage
from outrigger.review.trade import Trade
from outrigger.review.trade_measures import wilson_interval
from outrigger.risk.liquidation import MaintenanceTier, liquidation_price, maintenance_tiers

Tiers = Mapping[str, tuple[MaintenanceTier, ...]]


@dataclass(frozen=True, slots=True)
class Premature:
    """Premature stop-outs within a horizon.

    Parameters
    ----------
    hours : float
        How long after the exit the market was watched.
    count, judged : int
        Premature ones, of how many trades.
    pending, blind : int
        Trades whose horizon is not over, and those whose candles are missing.
    """

    hours: float
    count: int
    judged: int
    pending: int
    blind: int

    @property
    def rate(self) -> float:
        """Share of the trades judged; NaN without any."""
        return self.count / self.judged if self.judged else nan

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the rate."""
        return wilson_interval(self.count, self.judged)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        low, high = self.interval
        counts = {name: getattr(self, name) for name in ("hours", "count", "judged", "pending", "blind")}
        return {**counts, "rate": self.rate, "low": low, "high": high}


@dataclass(frozen=True, slots=True)
class Margin:
    """The nearest that any trade came to liquidation.

    Parameters
    ----------
    left : float
        Margin left, as a fraction of the distance at entry; NaN where nothing is known.
    trade : Trade or None
        Which trade it was.
    known, unknown : int
        Trades whose liquidation price is known, and all others.
    """

    left: float
    trade: Trade | None
    known: int
    unknown: int


def premature(
    trades: Iterable[Trade], extremes: Mapping[str, Extremes], hours: float, known_ms: int
) -> Premature:
    """Count premature stop-outs; see `outrigger.review.hindsight` for what they are.

    Parameters
    ----------
    trades : iterable of Trade
        Closed primaries.
    extremes : mapping of str to Extremes
        Highs and lows by pair.
    hours : float
        Horizon after each exit.
    known_ms : int
        Until when the world is known.

    Returns
    -------
    Premature
    """
    whole, pending, blind = covered(trades, extremes, hours, known_ms)
    found = premature_stop_rate(whole, extremes, hours)
    return Premature(hours, found.count, found.judged, pending, blind + found.not_judged)


def capture(trades: Iterable[Trade], extremes: Mapping[str, Extremes], hours: float, known_ms: int) -> float:
    """Mean share of the best available move that winners kept; NaN without a winner that can be judged."""
    whole, _, _ = covered(trades, extremes, hours, known_ms)
    return trend_capture(whole, extremes, hours)


def covered(
    trades: Iterable[Trade], extremes: Mapping[str, Extremes], hours: float, known_ms: int
) -> tuple[list[Trade], int, int]:
    """Trades whose life and horizon candles cover without a hole, and how many are pending and blind."""
    whole, pending, blind = [], 0, 0
    for trade in trades:
        until = trade.closed_ms + round(hours * HOUR_MS)
        found = extremes.get(trade.pair)
        if found is not None and _without_hole(found, trade.opened_ms, until):
            whole.append(trade)
        elif until > known_ms:
            pending += 1
        else:
            blind += 1
    return whole, pending, blind


def _without_hole(found: Extremes, from_ms: int, until_ms: int) -> bool:
    length = found.length_ms
    first, last = from_ms // length * length, until_ms // length * length
    rows = found.opened_at_ms.searchsorted((first, last))
    return bool(found.covers(from_ms, until_ms) and rows[1] - rows[0] == (last - first) // length)


def slippages(trades: Iterable[Trade]) -> list[float]:
    """Slippage of each exit by a stop, as a fraction of price, positive for a worse fill."""
    return [slipped for trade in trades if isfinite(slipped := stop_slippage(trade))]


def smallest_margin(
    trades: Sequence[Trade], extremes: Mapping[str, Extremes], tiers: Tiers | None = None
) -> Margin:
    """Find the trade that came nearest to liquidation.

    Parameters
    ----------
    trades : sequence of Trade
        Of any kind.
    extremes : mapping of str to Extremes
        Highs and lows by pair; where they are missing, what Freqtrade saw has to do.
    tiers : mapping of str to tuple of MaintenanceTier, optional
        For trades whose liquidation price is not recorded, as in a backtest.

    Returns
    -------
    Margin
    """
    found = [(_margin(trade, extremes, tiers or {}), trade) for trade in trades]
    known = [(left, trade) for left, trade in found if isfinite(left)]
    left, nearest = min(known, key=lambda one: one[0], default=(nan, None))
    return Margin(left, nearest, len(known), len(found) - len(known))


def _margin(trade: Trade, extremes: Mapping[str, Extremes], tiers: Tiers) -> float:
    liquidation = trade.liquidation
    if liquidation is None and trade.pair in tiers and trade.leverage >= 1:
        liquidation = liquidation_price(
            trade.side, trade.open_rate, trade.notional, trade.leverage, tiers[trade.pair]
        )
    seen = [trade.open_rate, trade.close_rate, *([] if trade.worst is None else [trade.worst])]
    candles = extremes.get(trade.pair)
    if candles is not None and isfinite(move := candles.worst_move(trade, trade.opened_ms, trade.closed_ms)):
        seen.append(trade.open_rate * (1 + trade.side * move))
    worst = min(seen) if trade.side > 0 else max(seen)
    return nan if liquidation is None else margin_left(trade, liquidation, worst)


def shipped_tiers(pairs: Iterable[str]) -> Tiers:
    """Maintenance tiers that Freqtrade ships for Binance and uses itself in backtests, by pair."""
    # Not by way of freqtrade.exchange: to load that package takes seconds.
    text = resources.files("freqtrade").joinpath("exchange", "binance_leverage_tiers.json").read_text()
    shipped: dict[str, list[dict[str, Any]]] = json.loads(text)
    found = {}
    for pair in pairs:
        try:
            found[pair] = maintenance_tiers(shipped.get(pair, []), pair)
        except DataError:
            continue  # margins of this pair are counted as not known
    return found
