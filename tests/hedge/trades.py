"""Trades that end in any five-minute candle, made by hand."""

from __future__ import annotations

import numpy as np

from outrigger.review.trade import Trade
from tests.hedge.samples import FIVE, START_MS

TIMES = START_MS + FIVE * np.arange(12)


def at(row):
    return START_MS + FIVE * row


def trade(pair, side, opened, closed, tag, **changed):
    values = {
        "open_rate": 100.0,
        "close_rate": 100.0,
        "notional": 1_000.0,
        "leverage": 5.0,
        "profit": 0.0,
        "fees": 0.0,
        "funding": 0.0,
        "stop": 90.0,
        "exit_reason": "stop_loss",
    }
    return Trade(pair, side, at(opened), at(closed), **values | changed, enter_tag=tag)
