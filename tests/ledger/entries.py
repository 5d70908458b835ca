"""Exits with everything filled in."""

from __future__ import annotations

from typing import Any

from outrigger.ledger.entry import ExitKind, Keeper, LedgerEntry
from tests.bot.trading import PAIR, ms


def exit_order(number: int = 1, **changed: Any) -> LedgerEntry:
    """A long stopped at 40,000, decided at 39,990, filled at 39,980 half a second later: 5 bp worse."""
    known: dict[str, Any] = {
        "trade_id": number,
        "order_id": f"order-{number}",
        "pair": PAIR,
        "exchange": "binance",
        "side": 1,
        "leg": False,
        "reason": "trailing_stop_loss",
        "kind": ExitKind.STOP,
        "kept_by": Keeper.SOFTWARE,
        "stop": 40_000.0,
        "quoted": 39_990.0,
        "decided_ms": ms(10),
        "ordered_ms": ms(10) + 100,
        "filled_ms": ms(10) + 500,
        "price": 39_980.0,
        "amount": 0.1,
        "left": 0.0,
        "regime": "calm",
        "dry": True,
    }
    return LedgerEntry(**{**known, **changed})
