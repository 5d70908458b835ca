"""From minute returns to candles: a finer path inside each minute, volume, ticks, and exact resampling.

Why: stops are hit by lows, and range estimators are wrong by a known amount only if the range inside a
candle is real. Each minute is a bridge of unequal steps that ends at the minute's return (so close returns
keep their correlations and the range its own noise). Assumes half of the opens differ from the previous
close by a tick, as between two sides of a spread. Weak: no bounce inside the minute, no outage candles.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outrigger.replay.synth.instruments import Instrument
from outrigger.replay.synth.randomness import Floats, generator, ornstein_uhlenbeck

STEPS: Final = 16
BRIDGE_SHARE: Final = 1.15
UNEVENNESS: Final = 0.6
TIMEFRAME_MINUTES: Final[dict[str, int]] = {"1m": 1, "5m": 5, "15m": 15, "1h": 60, "4h": 240}


def _extremes(rng: np.random.Generator, returns: Floats, volatility: Floats) -> tuple[Floats, Floats]:
    """Highest and lowest log price inside each minute, relative to its open."""
    shape = (returns.size, STEPS)
    weight = rng.standard_normal(shape)
    weight *= UNEVENNESS
    np.exp(weight, out=weight)
    weight /= weight.sum(axis=1, keepdims=True)
    path = rng.standard_normal(shape)
    path *= np.sqrt(weight)
    path *= (BRIDGE_SHARE * volatility)[:, None]
    weight *= (returns - path.sum(axis=1))[:, None]
    path += weight
    np.cumsum(path, axis=1, out=path)
    return path.max(axis=1), path.min(axis=1)


def _volume(
    rng: np.random.Generator, item: Instrument, log_range: Floats, activity: Floats, price: Floats
) -> Floats:
    """Traded base amount of each minute: follows activity and the candle's range, with its own noise."""
    level = activity - np.mean(activity)
    excess = np.log(np.maximum(log_range, 1e-7))
    excess -= excess.mean()
    noise = 0.35 * ornstein_uhlenbeck(rng, price.size, 30.0) + 0.42 * rng.standard_normal(price.size)
    turnover = item.minute_turnover * np.exp(0.55 * level + 0.62 * excess + noise)
    lots = np.maximum(np.round(turnover / price / item.lot), 1.0)
    return np.asarray(np.round(lots * item.lot, 8), dtype=np.float64)


def _to_ticks(values: Floats, tick: float) -> Floats:
    decimals = max(0, round(-math.log10(tick)))
    return np.asarray(np.round(np.round(values / tick) * tick, decimals), dtype=np.float64)


def minute_candles(
    seed: int, item: Instrument, minutes: NDArray[np.int64], returns: Floats, volatility: Floats
) -> pd.DataFrame:
    """Turn one pair's minute returns into one-minute candles.

    Parameters
    ----------
    seed : int
        The market's seed.
    item : Instrument
        Price, tick, lot and turnover.
    minutes : ndarray of int64, shape (n,)
        Minutes since 1970 UTC at each candle's open.
    returns, volatility : ndarray of shape (n,)
        Log return and its standard deviation, per minute.

    Returns
    -------
    DataFrame
        `date` (UTC, candle open), `open`, `high`, `low`, `close` in USDT, `volume` in base currency.
    """
    rng = generator(seed, item.base, "candles")
    top, bottom = _extremes(rng, returns, volatility)
    log_close = math.log(item.price) + np.cumsum(returns)
    start = np.concatenate(([item.price], np.exp(log_close[:-1])))
    close = _to_ticks(np.exp(log_close), item.tick)
    side = rng.choice(np.array([-1.0, 0.0, 0.0, 1.0]), size=returns.size)
    previous = np.concatenate(([item.price], close[:-1]))
    opening = _to_ticks(previous + side * item.tick, item.tick)
    high = np.maximum.reduce([_to_ticks(start * np.exp(top), item.tick), opening, close])
    low = np.minimum.reduce([_to_ticks(start * np.exp(bottom), item.tick), opening, close])
    volume = _volume(rng, item, np.log(high / low), np.log(volatility), close)
    dates = pd.DatetimeIndex(minutes.astype("datetime64[m]").astype("datetime64[ms]"), tz="UTC")
    return pd.DataFrame(
        {"date": dates, "open": opening, "high": high, "low": low, "close": close, "volume": volume}
    )


def resample(candles: pd.DataFrame, bars: int) -> pd.DataFrame:
    """Merge consecutive candles into longer ones.

    Parameters
    ----------
    candles : DataFrame
        Gapless candles, the first of them aligned to the longer timeframe.
    bars : int
        Candles to merge into one; an incomplete last group is left out.

    Returns
    -------
    DataFrame
        The same columns; first open, highest high, lowest low, last close, summed volume.
    """
    if bars == 1:
        return candles
    whole = len(candles) // bars
    part = candles.iloc[: whole * bars]

    def groups(name: str) -> Floats:
        return part[name].to_numpy(dtype=np.float64).reshape(whole, bars)

    return pd.DataFrame(
        {
            "date": part["date"].iloc[::bars].reset_index(drop=True),
            "open": groups("open")[:, 0],
            "high": groups("high").max(axis=1),
            "low": groups("low").min(axis=1),
            "close": groups("close")[:, -1],
            "volume": np.round(groups("volume").sum(axis=1), 8),
        }
    )
