"""A comparison of both engines, printed and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from outrigger.market.moment import from_ms
from outrigger.rehearsal.parity import Matched, Parity, Why
from outrigger.rehearsal.stop_orders import StopOrders
from outrigger.review.trade import Trade


@dataclass(frozen=True, slots=True)
class Ran:
    """What the live engine did beside trading.

    Parameters
    ----------
    spent : sequence of (bool, float)
        Of each loop: whether it was the first of its minute, and its processor time in seconds.
    stops : StopOrders
        Stop orders placed on the exchange.
    broken : sequence of str
        Invariants that did not hold.
    """

    spent: Sequence[tuple[bool, float]]
    stops: StopOrders
    broken: Sequence[str]


def to_dict(found: Parity, ran: Ran) -> dict[str, Any]:
    """Give a comparison as JSON types.

    Parameters
    ----------
    found : Parity
        The comparison.
    ran : Ran
        What the live engine did beside trading.

    Returns
    -------
    dict
        `trades`, `both`, `matched_share`, `stops_within_a_tick`, `exits_within_a_candle`, `why` (counts),
        `loop_ms` (median and 95th percentile of loops with and without a new candle), `stop_orders`, `broken`
        (invariants), `differences`.
    """
    return {
        "trades": len(found.trades),
        "both": len(found.both),
        "matched_share": found.matched_share,
        "stops_within_a_tick": found.stops_within_a_tick,
        "exits_within_a_candle": found.exits_within_a_candle,
        "why": {why.value: count for why, count in Counter(one.why for one in found.trades).items()},
        "loop_ms": {
            name: _milliseconds([seconds for first, seconds in ran.spent if first is wanted])
            for name, wanted in (("new_candle", True), ("otherwise", False))
        },
        "stop_orders": {**asdict(ran.stops), "replaced_per_hour": ran.stops.replaced_per_hour},
        "broken": list(ran.broken),
        "differences": [_difference(one) for one in found.trades if one.why is not Why.SAME],
    }


def print_parity(found: Parity, ran: Ran, console: Console) -> None:
    """Print a comparison: what agreed, and every difference with what explains it.

    Parameters
    ----------
    found : Parity
        The comparison.
    ran : Ran
        What the live engine did beside trading.
    console : Console
        Where to.
    """
    told = to_dict(found, ran)
    console.print(
        f"{told['both']} of {told['trades']} trades in both ({found.matched_share:.1%}); "
        f"stops within one tick {found.stops_within_a_tick:.1%}; "
        f"exits within one candle {found.exits_within_a_candle:.1%}"
    )
    for name, loop in told["loop_ms"].items():
        spread = f"median {loop['median']:.0f} ms, 95 % {loop['p95']:.0f} ms of CPU"
        console.print(f"loop, {name.replace('_', ' ')}: {spread}")
    if ran.stops.placed:
        console.print(
            f"{ran.stops.placed} stop orders on the exchange for {ran.stops.trades} trades, "
            f"{ran.stops.replaced_per_hour:.1f} replaced an hour of an open position"
        )
    console.print("invariants broken: " + ("; ".join(ran.broken) or "none"))
    table = Table(title="every difference")
    for heading in ("pair", "side", "backtest", "live", "entry bp", "exit later by", "why"):
        table.add_column(heading)
    for one in told["differences"]:
        apart = "" if one["exit_candles"] is None else str(one["exit_candles"])
        price = "" if np.isnan(one["entry_bp"]) else f"{one['entry_bp']:+.1f}"
        table.add_row(one["pair"], one["side"], one["backtest"], one["live"], price, apart, one["why"])
    console.print(table)


def _milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    known = np.array(seconds) * 1e3
    middle, high = np.percentile(known, (50, 95)) if known.size else (float("nan"), float("nan"))
    return {"median": float(middle), "p95": float(high)}


def _difference(one: Matched) -> dict[str, Any]:
    trade = one.backtest or one.live
    assert trade is not None
    return {
        "pair": trade.pair,
        "side": "long" if trade.side > 0 else "short",
        "backtest": _told(one.backtest),
        "live": _told(one.live),
        "entry_bp": one.entry_bp,
        "stop_ticks": one.stop_ticks,
        "exit_candles": one.exit_candles,
        "why": one.why.value,
    }


def _told(trade: Trade | None) -> str:
    if trade is None:
        return ""
    opened, closed = (from_ms(at) for at in (trade.opened_ms, trade.closed_ms))
    end = "open" if trade.is_open else f"{closed:%d %H:%M} {trade.exit_reason} at {trade.close_rate:g}"
    return f"{opened:%m-%d %H:%M} to {end}"
