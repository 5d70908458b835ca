"""Maintenance tiers of a pair, from the file that Freqtrade ships for Binance.

The file is read without importing Freqtrade, which takes seconds that a worker process has better use for.
Weak: other exchanges' tiers differ, and so do today's from the file's.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from outrigger.risk.liquidation import MaintenanceTier, maintenance_tiers


def tiers_of(pair: str) -> tuple[MaintenanceTier, ...]:
    """Tiers of one pair.

    Parameters
    ----------
    pair : str
        Such as `BTC/USDT:USDT`.

    Returns
    -------
    tuple of MaintenanceTier
        Empty where Freqtrade knows none: then nothing is liquidated.

    Raises
    ------
    DataError
        If the file's entry cannot be read.
    """
    rows = _shipped().get(pair)
    return maintenance_tiers(rows, pair) if rows else ()


@cache
def _shipped() -> dict[str, list[dict[str, Any]]]:
    found = find_spec("freqtrade")
    if found is None or found.origin is None:
        return {}
    path = Path(found.origin).parent / "exchange" / "binance_leverage_tiers.json"
    tiers: dict[str, list[dict[str, Any]]] = json.loads(path.read_text(encoding="utf-8"))
    return tiers
