"""Premium, funding rate and mark price: how the crowd's lean shows up in what it pays.

Why: funding is the classic gauge of crowding, and liquidations are judged on the mark, not on the last trade.
Assumes Binance's published rule: rate = average premium + clamp(interest − average premium, ±0.05 %) with
0.01 % interest per 8 h, settled at 00, 08 and 16 UTC; and a premium convex in crowding, so that most
readings sit below the 0.01 % plateau and few far above. Mark = index × (1 + half-hour average premium).
Weak: one interval and one cap for all pairs; the average is plain, not weighted towards the settlement.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import lfilter

from outrigger.replay.synth.candles import resample
from outrigger.replay.synth.instruments import Instrument
from outrigger.replay.synth.randomness import Floats, generator, ornstein_uhlenbeck

INTERVAL_MINUTES: Final = 480
INTEREST: Final = 1e-4
CLAMP: Final = 5e-4
FUNDING_CAP: Final = 3e-3
NEUTRAL_PREMIUM: Final = -4.55e-4
MARK_MINUTES: Final = 30.0


def premium(seed: int, item: Instrument, crowding: Floats, dislocation: Floats) -> Floats:
    """Price of the contract over its index, minus one.

    Parameters
    ----------
    seed : int
        The market's seed.
    item : Instrument
        Shift and gain of the pair.
    crowding : ndarray of shape (n,)
        Lean of the crowd, standard deviations.
    dislocation : ndarray of shape (n,)
        What cascades add, a fraction of price.

    Returns
    -------
    ndarray of shape (n,)
        A fraction of price.
    """
    rng = generator(seed, item.base, "premium")
    lean = item.funding_gain * crowding
    euphoria = 1.6e-3 * (1.0 - np.exp(-np.maximum(lean - 1.1, 0.0)))
    despair = -1.2e-4 * np.maximum(-lean - 1.0, 0.0) ** 1.5
    noise = 4e-5 * ornstein_uhlenbeck(rng, crowding.size, 120.0)
    noise += 6e-5 * ornstein_uhlenbeck(rng, crowding.size, 5.0)
    return NEUTRAL_PREMIUM + item.funding_shift + 4.5e-5 * lean + euphoria + despair + noise + dislocation


def funding_rate(average_premium: Floats) -> Floats:
    """Funding rate of an interval from its average premium (Binance's published formula).

    Parameters
    ----------
    average_premium : ndarray
        Mean premium of the eight hours before the settlement, a fraction of price.

    Returns
    -------
    ndarray
        Paid by longs to shorts where positive, a fraction of notional, rounded to 1e-8 and capped.
    """
    rate = average_premium + np.clip(INTEREST - average_premium, -CLAMP, CLAMP)
    return np.asarray(np.round(np.clip(rate, -FUNDING_CAP, FUNDING_CAP), 8), dtype=np.float64)


def funding_events(minutes: NDArray[np.int64], premiums: Floats) -> pd.DataFrame:
    """Rows of a funding file: one per settlement, at its time, from the eight hours before it.

    Parameters
    ----------
    minutes : ndarray of int64, shape (n,)
        Minutes since 1970 UTC, starting at a settlement.
    premiums : ndarray of shape (n,)
        Premium of each minute.

    Returns
    -------
    DataFrame
        `date` (UTC), `funding_rate`. The first row, with nothing before it, repeats the interest plateau.
    """
    intervals = -(-minutes.size // INTERVAL_MINUTES)
    averages = premiums[: (intervals - 1) * INTERVAL_MINUTES].reshape(-1, INTERVAL_MINUTES).mean(axis=1)
    rates = np.concatenate(([INTEREST], funding_rate(averages)))
    dates = minutes[::INTERVAL_MINUTES].astype("datetime64[m]").astype("datetime64[ms]")
    return pd.DataFrame({"date": pd.DatetimeIndex(dates, tz="UTC"), "funding_rate": rates})


def mark_candles(candles: pd.DataFrame, premiums: Floats) -> pd.DataFrame:
    """Hourly mark price candles of a contract.

    Parameters
    ----------
    candles : DataFrame
        One-minute candles of the contract, starting on the hour.
    premiums : ndarray of shape (n,)
        Premium of each minute.

    Returns
    -------
    DataFrame
        Candles with zero volume, as the exchange publishes them.
    """
    phi = 0.5 ** (1.0 / MARK_MINUTES)
    settled, _ = lfilter([1.0 - phi], [1.0, -phi], premiums, zi=np.array([phi * premiums[0]]))
    ratio = (1.0 + settled) / (1.0 + premiums)
    marked = candles.assign(volume=0.0)
    opening = np.concatenate((ratio[:1], ratio[:-1]))
    for name, factor in (("open", opening), ("high", ratio), ("low", ratio), ("close", ratio)):
        marked[name] = np.round(candles[name].to_numpy(dtype=np.float64) * factor, 8)
    marked["high"] = marked[["open", "high", "close"]].max(axis=1)
    marked["low"] = marked[["open", "low", "close"]].min(axis=1)
    return resample(marked, 60)
