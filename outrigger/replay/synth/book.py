"""Rows of order book depth and of market metrics, in the layout of Binance's daily archives.

Why: readers, stores and features must be exercised on the very files they will meet. Depth uses the newer
archive layout (`-5.00` … `-0.20`, `0.20` … `5.00`, cumulative base amount and notional). A row stamped T
holds what was known from minutes closed by T, nothing later. Assumes the crowd leans on its own side of the
book slightly. Weak: no frozen or misaligned snapshots are planted; ratios are a monotone gauge of crowding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from outrigger.replay.synth.instruments import Instrument
from outrigger.replay.synth.randomness import Floats, generator, ornstein_uhlenbeck

BANDS: Final = (0.2, 1.0, 2.0, 3.0, 4.0, 5.0)
# Share of the ±1 % depth that stands inside each band: concave, most of it close to the mid.
PROFILE: Final = (0.30, 1.0, 1.75, 2.40, 2.90, 3.30)
SNAPSHOT_SECOND: Final = 7
METRICS_MINUTES: Final = 5


@dataclass(frozen=True, slots=True)
class BookState:
    """What the book and metrics rows of a pair are made from, one value a minute.

    Parameters
    ----------
    minutes : ndarray of int64, shape (n,)
        Minutes since 1970 UTC at each candle's open.
    close : ndarray of shape (n,)
        Close of each minute, USDT.
    returns : ndarray of shape (n,)
        Log return of each minute.
    crowding, log_depth, log_open_interest : ndarray of shape (n,)
        Positioning at the end of each minute.
    """

    minutes: NDArray[np.int64]
    close: Floats
    returns: Floats
    crowding: Floats
    log_depth: Floats
    log_open_interest: Floats


def _stamps(minutes: NDArray[np.int64], second: int) -> NDArray[np.str_]:
    seconds: NDArray[np.datetime64] = (minutes * 60 + second).astype("datetime64[s]")
    return np.char.replace(np.datetime_as_string(seconds), "T", " ")


def _bands(profile: Floats, side: Floats, price: Floats, sign: int) -> tuple[Floats, Floats]:
    """Cumulative base amounts and notionals of one side, shape (snapshots, bands)."""
    inside = profile * side[:, None]
    steps = np.diff(inside, axis=1, prepend=0.0)
    middle = np.array([(low + high) / 200.0 for low, high in zip((0.0, *BANDS[:-1]), BANDS, strict=True)])
    amount = np.cumsum(steps / (price[:, None] * (1.0 + sign * middle)), axis=1)
    return amount, inside


def book_depth(seed: int, item: Instrument, state: BookState, every_minutes: int) -> pa.Table:
    """Snapshots of cumulative depth.

    Parameters
    ----------
    seed : int
        The market's seed.
    item : Instrument
        Typical depth, price and lot.
    state : BookState
        The pair's states.
    every_minutes : int
        Minutes between snapshots; must divide a day.

    Returns
    -------
    pyarrow.Table
        `timestamp`, `percentage`, `depth` (base), `notional` (USDT); twelve rows a snapshot.
    """
    rng = generator(seed, item.base, "book")
    lean = 0.16 * ornstein_uhlenbeck(rng, state.minutes.size, 90.0) + 0.03 * state.crowding
    # The first snapshot has no closed minute behind it and shows the first minute's own state.
    last_closed = np.maximum(np.arange(0, state.minutes.size, every_minutes) - 1, 0)
    count = last_closed.size
    price = state.close[last_closed]
    level = item.depth * np.exp(state.log_depth[last_closed])
    jitter = np.exp(0.05 * rng.standard_normal((count, 2)))
    shape = np.asarray(PROFILE) * np.exp(0.04 * rng.standard_normal((count, len(BANDS))))
    shape = np.maximum.accumulate(shape, axis=1)
    bid_amount, bid = _bands(shape, level * np.exp(lean[last_closed]) * jitter[:, 0], price, -1)
    ask_amount, ask = _bands(shape, level * np.exp(-lean[last_closed]) * jitter[:, 1], price, 1)
    labels = [f"{-band:.2f}" for band in reversed(BANDS)] + [f"{band:.2f}" for band in BANDS]
    stamps = _stamps(state.minutes[::every_minutes], SNAPSHOT_SECOND)
    amounts = np.concatenate((bid_amount[:, ::-1], ask_amount), axis=1).ravel()
    notionals = np.concatenate((bid[:, ::-1], ask), axis=1).ravel()
    return pa.table(
        {
            "timestamp": np.repeat(stamps, len(labels)),
            "percentage": labels * count,
            "depth": np.round(np.round(amounts / item.lot) * item.lot, 3),
            "notional": np.round(notionals).astype(np.int64),
        }
    )


def metrics(seed: int, item: Instrument, state: BookState) -> pa.Table:
    """Open interest and long/short ratios every five minutes.

    Parameters
    ----------
    seed : int
        The market's seed.
    item : Instrument
        Typical open interest and first price.
    state : BookState
        The pair's states.

    Returns
    -------
    pyarrow.Table
        The columns of Binance's daily `metrics` archive.
    """
    rng = generator(seed, item.base, "metrics")
    length = state.minutes.size
    last_closed = np.maximum(np.arange(0, length, METRICS_MINUTES) - 1, 0)
    count = last_closed.size
    contracts = np.round(item.open_interest / item.price * np.exp(state.log_open_interest[last_closed]), 3)
    crowd = state.crowding[last_closed]

    def ratio(mean: float, gain: float, half_life: float) -> Floats:
        noise = 0.06 * ornstein_uhlenbeck(rng, count, half_life / METRICS_MINUTES)
        return np.asarray(np.round(np.exp(mean + gain * crowd + noise), 8), dtype=np.float64)

    totals = np.concatenate(([0.0], np.cumsum(state.returns)))
    ends = np.arange(0, length, METRICS_MINUTES)
    usual = item.daily_volatility * math.sqrt(METRICS_MINUTES / 1440.0)
    flow = totals[ends] - totals[np.maximum(ends - METRICS_MINUTES, 0)]
    taker = np.exp(0.35 * np.tanh(flow / usual) + 0.12 * rng.standard_normal(count))
    return pa.table(
        {
            "create_time": _stamps(state.minutes[::METRICS_MINUTES], 0),
            "symbol": [item.symbol] * count,
            "sum_open_interest": contracts,
            "sum_open_interest_value": np.round(contracts * state.close[last_closed]).astype(np.int64),
            "count_toptrader_long_short_ratio": ratio(0.25, 0.18, 720.0),
            "sum_toptrader_long_short_ratio": ratio(0.5, 0.06, 1440.0),
            "count_long_short_ratio": ratio(0.1, 0.25, 720.0),
            "sum_taker_long_short_vol_ratio": np.round(taker, 6),
        }
    )
