"""Candles as a track: small markets of known noise for keeper, explanation and look-up tests."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pandas as pd

from outrigger.settings.stop import StopSettings
from outrigger.stops.policies import MarketColumns, sided_widths
from outrigger.stops.track import StopTrack, track_of
from tests.stops.trades import MINUTE

START = pd.Timestamp("2025-01-06", tz="UTC")
START_MS = START.value // 1_000_000
# Written out, so that the tests' hand calculations outlive a change of the defaults.
PLAIN = {
    "protect_sigma": 1.0,
    "protect_min": 0.01,
    "protect_max": 0.08,
    "activation": 0.015,
    "activation_sigma": 1.5,
    "trail_sigma": 0.75,
    "trail_min": 0.006,
    "trail_max": 0.06,
    "noise_floor": 0.004,
    "noise_candles": 3.0,
    "min_step": 0.0005,
    "chandelier_multiple": 3.0,
    "allow_loss_when_armed": False,
}


def dated(high, low, close, start=START, minutes=None) -> pd.DataFrame:
    """1m candles; `minutes` since the start leave gaps where they skip."""
    offsets = np.arange(len(close)) if minutes is None else np.asarray(minutes)
    date = start + pd.to_timedelta(offsets, unit="min")
    return pd.DataFrame({"date": date, "high": high, "low": low, "close": close})


def walk(n, seed=11, sigma=0.002, entry=100.0) -> pd.DataFrame:
    """Candles of a random walk: nothing is held constant, extremes reach beyond both ends."""
    rng = np.random.default_rng(seed)
    close = entry * np.exp(np.cumsum(rng.normal(0, sigma, n)))
    wick = 1 + np.abs(rng.normal(0, sigma / 2, (2, n)))
    opens = np.concatenate(([entry], close[:-1]))
    return dated(np.maximum(opens, close) * wick[0], np.minimum(opens, close) / wick[1], close)


def noise(n, seed=12, sigma=0.01) -> MarketColumns:
    """A forecast, candle ranges and an ATR that wander."""
    rng = np.random.default_rng(seed)
    forecast = sigma * np.exp(np.cumsum(rng.normal(0, 0.02, n)))
    return MarketColumns(forecast, 2 * forecast, forecast / 12, forecast / 3)


def steady(n, sigma, candle_range=0.001, atr=np.nan) -> MarketColumns:
    """A market whose noise does not change; a day's forecast is twice that of the trail's horizon."""
    return MarketColumns(*(np.full(n, float(value)) for value in (sigma, 2 * sigma, candle_range, atr)))


def track(frame: pd.DataFrame, settings: StopSettings, market: MarketColumns | None = None) -> StopTrack:
    known = noise(len(frame)) if market is None else market
    return track_of(frame, "1m", known, sided_widths(known, settings))


def without_older(kept: StopTrack, frame: pd.DataFrame, settings: StopSettings, first: int) -> StopTrack:
    """The same candles after the frame has rolled on: rows before `first` are gone."""
    market = MarketColumns(*(column[first:] for column in astuple(kept.market)))
    return track(frame.iloc[first:].reset_index(drop=True), settings, market)


def closes_at(row: int) -> int:
    """Close time of a candle of an unbroken track, in ms."""
    return START_MS + (row + 1) * MINUTE
