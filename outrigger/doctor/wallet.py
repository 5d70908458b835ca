"""The money a configuration trades with, as far as it says so itself."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any


def wallet(config: Mapping[str, Any], balance: float | None = None) -> float | None:
    """Equity that sizes are worked out from.

    Parameters
    ----------
    config : mapping
        Freqtrade's configuration.
    balance : float or None
        Stake currency that the exchange holds; it wins over a dry run's wallet.

    Returns
    -------
    float or None
        Stake currency: `available_capital`, else the tradable part of the balance or, in a dry run, of
        `dry_run_wallet`; None where only the exchange knows.
    """
    capital = _positive(config.get("available_capital"))
    if capital is not None or (balance is None and config.get("dry_run") is False):
        return capital
    held = config.get("dry_run_wallet", 1000) if balance is None else balance
    if isinstance(held, Mapping):
        held = held.get(config.get("stake_currency", ""))
    whole, share = _positive(held), _positive(config.get("tradable_balance_ratio", 0.99))
    return whole * share if whole is not None and share is not None else None


def _positive(value: Any) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value > 0
    return float(value) if usable else None
