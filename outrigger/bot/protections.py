"""Freqtrade's own protections, which look at closed trades; Outrigger's breaker looks at open equity.

In a backtest Freqtrade applies them only with `--enable-protections`.
"""

from __future__ import annotations

from typing import Any

PROTECTIONS: list[dict[str, Any]] = [
    # A pair that has just been stopped is noisy: no entry for an hour.
    {"method": "CooldownPeriod", "stop_duration": 60},
    # Many stops in a day: the signals do not fit this market.
    {
        "method": "StoplossGuard",
        "lookback_period": 1440,
        "trade_limit": 6,
        "stop_duration": 240,
        "only_per_pair": False,
    },
    {
        "method": "MaxDrawdown",
        "lookback_period": 2880,
        "trade_limit": 12,
        "stop_duration": 720,
        "max_allowed_drawdown": 0.06,
    },
]
