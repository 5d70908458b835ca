"""Freqtrade trades, an exchange's tiers and a keeper with one known pair."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from freqtrade.persistence import LocalTrade, Trade

from outrigger.settings.stop import StopSettings
from outrigger.stops.keeper import StopKeeper
from outrigger.stops.policies import MarketColumns, sided_widths
from outrigger.stops.track import StopTrack, track_of

PAIR = "BTC/USDT:USDT"
ENTRY = 40_000.0
MINUTE = 60_000
HOUR = 60 * MINUTE
START = pd.Timestamp("2025-05-05", tz="UTC")
START_MS = START.value // 1_000_000
# A constant trail of 3 %: stops that can be worked out in the head.
TRAIL = StopSettings(policy="trailing", trailing_width=0.03)
# Protective 2 %, armed at 2 %, trail 1 %: with a forecast of 1 %.
VOLATILITY = StopSettings(
    protect_sigma=2.0, activation=0.02, activation_sigma=2.0, trail_sigma=1.0, noise_candles=0.0
)
TIERS = [
    {"minNotional": 0.0, "maxNotional": 50_000.0, "maintenanceMarginRate": 0.004, "maxLeverage": 125.0},
    {"minNotional": 50_000.0, "maxNotional": 1e9, "maintenanceMarginRate": 0.01, "maxLeverage": 50.0},
]


def ms(minutes: float) -> int:
    """A moment, in minutes after the first candle's open."""
    return START_MS + round(minutes * MINUTE)


def moment(minutes: float) -> datetime:
    return datetime.fromtimestamp(ms(minutes) / 1000, tz=UTC)


def track(closes: list[float], settings: StopSettings = TRAIL, sigma: float = 0.01) -> StopTrack:
    """Candles that close where they trade."""
    prices = np.asarray(closes, dtype=float)
    date = pd.date_range(START, periods=len(prices), freq="1min", unit="ms")
    frame = pd.DataFrame({"date": date, "high": prices, "low": prices, "close": prices})
    known = np.full(len(prices), sigma)
    market = MarketColumns(known, known, np.zeros(len(prices)), np.full(len(prices), np.nan))
    return track_of(frame, "1m", market, sided_widths(market, settings))


def keeper(closes: list[float], settings: StopSettings = TRAIL, sigma: float = 0.01) -> StopKeeper:
    kept = StopKeeper(settings.min_step)
    kept.set_track(PAIR, track(closes, settings, sigma))
    return kept


def trade(kind: type[LocalTrade] = LocalTrade, **changed: Any) -> Any:
    """A filled trade of Freqtrade's own class, opened two minutes after the first candle's open."""
    rate = changed.get("open_rate", ENTRY)
    known: dict[str, Any] = {
        "pair": PAIR,
        "exchange": "binance",
        "open_rate": rate,
        "amount": 0.1,
        "stake_amount": rate * 0.1 / 5,
        "open_date": moment(2),
        "fee_open": 0.0005,
        "fee_close": 0.0005,
        "leverage": 5.0,
        "is_short": False,
        "is_open": True,
        "stop_loss": 0.0,
    }
    made = kind(**{**known, **changed})
    if kind is LocalTrade and "id" not in changed:
        made.id = 1
    return made


def stored_trade(**changed: Any) -> Trade:
    """A trade in the database that the test has opened."""
    made = trade(Trade, **changed)
    Trade.session.add(made)
    Trade.commit()
    return made


def exchange(tiers: Any = None, buffer: float = 0.05) -> Any:
    """What the desk reads of Freqtrade's exchange."""
    return SimpleNamespace(
        _leverage_tiers={PAIR: TIERS} if tiers is None else tiers, liquidation_buffer=buffer
    )


def wallets(equity: float) -> Any:
    """An account as Freqtrade tells it, nothing of which is tied up."""
    return SimpleNamespace(
        get_total_stake_amount=lambda: equity, get_free=lambda _: equity, get_all_positions=dict
    )
