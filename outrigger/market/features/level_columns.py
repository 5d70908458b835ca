"""Feature columns of the estimated liquidation levels, one row a candle.

What a stop or a model can use of a whole grid of levels: how far the nearest cluster of each side is and how
big, and how much would be forced out within a few per cent. Longs and shorts hold equal amounts, but the
crowd, which is leveraged, leans to one side and hedged accounts take the other; where the long/short ratio of
accounts is known, levels of the two sides are weighted by it, 2r / (1 + r) and 2 / (1 + r). The batch and the
live path share one function, so they cannot differ. Weak: all of it rests on the estimate's assumptions.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outrigger.errors import DataError
from outrigger.market.alignment import open_times_ms
from outrigger.market.features.asof import Times, carry, last_known, readings
from outrigger.market.features.liquidation_levels import Candle, Floats, LevelModel, LiquidationLevels
from outrigger.market.features.spec import FeatureSpec
from outrigger.market.timeframe import timeframe_ms

# Distances from the close within which forced notional is added up, fractions of price.
WITHIN: Final = (0.01, 0.02, 0.03, 0.05)
SIDES: Final = ("long", "short")
# A cluster is a run of bins each this many times the mean bin within CLUSTER_REACH (log price).
CLUSTER_FACTOR: Final = 1.5
CLUSTER_REACH: Final = 0.12
METRICS_AGE_MS: Final = 1_800_000
_ROWS_AT_ONCE = 2048


def within_name(side: str, within: float) -> str:
    """Name of the column of notional forced out within a distance: `liquidation_long_2`, in per cent."""
    return f"liquidation_{side}_{within * 100:g}"


def _spec(name: str, unit: str, meaning: str) -> FeatureSpec:
    source = "candles; metrics: open_interest_base, open_interest_quote, account_ratio"
    return FeatureSpec(name, unit, "all candles, decaying", source, METRICS_AGE_MS // 1000, meaning)


SPECS: Final = (
    *(
        spec
        for side in SIDES
        for spec in (
            _spec(f"liquidation_{side}_distance", "fraction of price", f"nearest cluster of {side}s' levels"),
            _spec(f"liquidation_{side}_size", "quote", f"notional in that cluster of {side}s; 0 without one"),
            *(
                _spec(within_name(side, x), "quote", f"{side}s forced out by a move of {x:.0%}")
                for x in WITHIN
            ),
            _spec(
                f"liquidation_{side}_forced", "quote", f"{side}s that this candle is thought to have forced"
            ),
        )
    ),
    _spec("liquidation_anchored", "1 or 0", "1 with open interest, 0 where volume alone was known"),
    _spec("liquidation_placed", "fraction", "part of the open interest whose entry was seen; NaN without"),
)
COLUMNS: Final = tuple(spec.name for spec in SPECS)


def level_columns(
    candles: pd.DataFrame,
    timeframe: str,
    metrics: pd.DataFrame | None = None,
    model: LevelModel | None = None,
    *,
    metrics_age_ms: int = METRICS_AGE_MS,
) -> pd.DataFrame:
    """Estimate liquidation levels along candles and say what matters of them at each close.

    Parameters
    ----------
    candles : DataFrame of shape (n_candles, ...)
        `date` (opens), `high, low, close, volume`; meant for 5m, other lengths work.
    timeframe : str
        Length of a candle.
    metrics : DataFrame, optional
        Rows of the store's METRICS table, ordered by `known_ms`; None for volume alone.
    model : LevelModel, optional
        Assumptions.
    metrics_age_ms : int, optional
        Age from which a reading of open interest or of the ratio no longer counts.

    Returns
    -------
    DataFrame of shape (n_candles, n_columns)
        Float columns of `COLUMNS`, with the candles' index; NaN while warming up and where a candle's prices
        are unusable. Row i uses candles up to i and metrics known at its close.

    Raises
    ------
    DataError
        If columns are missing or dates do not increase.
    """
    closed = close_times(candles, timeframe)
    interest, ratio = positions_at(closed, candles["close"].to_numpy(np.float64), metrics, metrics_age_ms)
    state = LiquidationLevels(model, timeframe_ms(timeframe))
    values = levels_along(state, candles_of(candles, closed, interest), ratio)
    return pd.DataFrame(values, columns=list(COLUMNS), index=candles.index)


def levels_along(state: LiquidationLevels, candles: list[Candle], account_ratio: Floats) -> Floats:
    """Move levels along closed candles and give a row for each.

    Parameters
    ----------
    state : LiquidationLevels
        Moved on by the candles.
    candles : list of Candle
        In order, each once.
    account_ratio : ndarray of shape (n_candles,)
        Accounts that are long over accounts that are short; NaN if unknown.

    Returns
    -------
    ndarray of shape (n_candles, n_columns)
        In the order of `COLUMNS`.

    Raises
    ------
    DataError
        If a candle is not later than the one before.
    """
    parts = [
        _some_rows(state, candles[at : at + _ROWS_AT_ONCE], account_ratio[at : at + _ROWS_AT_ONCE])
        for at in range(0, len(candles), _ROWS_AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.empty((0, len(COLUMNS)))


def level_row(state: LiquidationLevels, candle: Candle, account_ratio: float = float("nan")) -> Floats:
    """Take in one closed candle, live, and give its row.

    Parameters
    ----------
    state : LiquidationLevels
        Moved on by the candle.
    candle : Candle
        The candle that has just closed.
    account_ratio : float, optional
        Accounts that are long over accounts that are short; NaN if unknown.

    Returns
    -------
    ndarray of shape (n_columns,)
        In the order of `COLUMNS`, equal to the row of `level_columns`.

    Raises
    ------
    DataError
        If the candle is not later than the one before.
    """
    return np.asarray(_some_rows(state, [candle], np.array([account_ratio]))[0])


def close_times(candles: pd.DataFrame, timeframe: str) -> Times:
    """Closes of candles in milliseconds since 1970, after checking the columns that levels need."""
    missing = [name for name in ("date", "high", "low", "close", "volume") if name not in candles.columns]
    if missing:
        raise DataError(f"candles for liquidation levels lack {', '.join(missing)}: pass whole candles")
    return open_times_ms(candles["date"], f"{timeframe} candles") + timeframe_ms(timeframe)


def candles_of(candles: pd.DataFrame, closed_ms: Times, interest: Floats) -> list[Candle]:
    """Rows of a candle frame with the open interest known at each close."""
    columns = [candles[name].tolist() for name in ("high", "low", "close", "volume")]
    return [Candle(*row) for row in zip(closed_ms.tolist(), *columns, interest.tolist(), strict=True)]


def positions_at(
    closed_ms: Times, closes: Floats, metrics: pd.DataFrame | None, age_ms: int = METRICS_AGE_MS
) -> tuple[Floats, Floats]:
    """Open interest in base currency and long/short ratio of accounts, as known at each close.

    Parameters
    ----------
    closed_ms : ndarray of int64, shape (n_candles,)
        Closes, increasing.
    closes : ndarray of shape (n_candles,)
        Closing prices; they convert open interest given in quote currency only.
    metrics : DataFrame or None
        Rows of the METRICS table.
    age_ms : int, optional
        Age from which a reading no longer counts.

    Returns
    -------
    tuple of two ndarrays of shape (n_candles,)
        NaN where nothing is known.

    Raises
    ------
    DataError
        If rows lack a column or are out of order.
    """
    if metrics is None or metrics.empty or not len(closed_ms):
        return np.full(len(closed_ms), np.nan), np.full(len(closed_ms), np.nan)
    names = ("open_interest_base", "open_interest_quote", "account_ratio")
    read = readings(metrics, names, "metrics")
    # The price of the reading, not of now: else every move of the price would look like new positions.
    before = np.searchsorted(closed_ms, read.time_ms, side="right") - 1
    price = np.where(before >= 0, closes[before], np.nan)
    base, quote = read.values[names[0]], read.values[names[1]]
    interest = np.where(np.isfinite(base), base, quote / price)
    at = last_known(closed_ms, read.known_ms)
    return (
        carry(interest, at, closed_ms, read.time_ms, age_ms),
        carry(read.values[names[2]], at, closed_ms, read.time_ms, age_ms),
    )


def crowd_weights(account_ratio: Floats) -> Floats:
    """Weights of longs' and shorts' levels, shape (n, 2): 1 where the ratio is unknown."""
    ratio = np.where(np.isfinite(account_ratio) & (account_ratio > 0), account_ratio, 1.0)
    longs: Floats = 2 * ratio / (1 + ratio)
    return np.stack((longs, 2 - longs), axis=1)


def _some_rows(state: LiquidationLevels, candles: list[Candle], account_ratio: Floats) -> Floats:
    """Move the state along some candles and summarise it after each."""
    bins, step = state.model.bins, state.model.step
    near = min(round(CLUSTER_REACH / step), bins)
    levels = np.empty((len(candles), 2, near + 1))
    forced = np.empty((len(candles), 2))
    # Price of the middle bin, whether usable, whether anchored, placed share.
    facts = np.empty((len(candles), 4))
    for row, candle in enumerate(candles):
        forced[row] = state.update(candle)
        levels[row, 0] = state.amounts[0, bins - near : bins + 1][::-1]
        levels[row, 1] = state.amounts[1, bins : bins + near + 1]
        usable = state.ready and state.closed_ms == candle.closed_ms
        facts[row] = (state.centre_price, usable, state.anchored, state.placed)
    weights = crowd_weights(account_ratio)
    closes = np.array([candle.close for candle in candles])
    columns: list[Any] = []
    for side, sign in enumerate((-1.0, 1.0)):
        prices = facts[:, :1] * np.exp(sign * step * np.arange(near + 1))
        notional = levels[:, side] * prices * weights[:, side, None]
        distance = sign * (prices / closes[:, None] - 1)
        columns += [*_cluster(notional, distance), *_within(notional, step, sign)]
        columns.append(forced[:, side] * weights[:, side])
    rows = np.column_stack((*columns, facts[:, 2], facts[:, 3]))
    rows[facts[:, 1] == 0] = np.nan
    return rows


def _cluster(notional: Floats, distance: Floats) -> tuple[Floats, Floats]:
    """Distance of the nearest cluster's near edge, and what it holds."""
    heavy = notional > CLUSTER_FACTOR * notional.mean(axis=1, keepdims=True)
    begin = heavy.argmax(axis=1)
    started = np.maximum.accumulate(heavy, axis=1)
    inside: NDArray[np.bool_] = started & ~np.maximum.accumulate(started & ~heavy, axis=1)
    edge = np.take_along_axis(distance, begin[:, None], axis=1)[:, 0]
    return np.where(heavy.any(axis=1), edge, np.nan), np.where(inside, notional, 0.0).sum(axis=1)


def _within(notional: Floats, step: float, sign: float) -> list[Floats]:
    """Sums up to each distance of `WITHIN`, to the nearest bin below it."""
    sums = notional.cumsum(axis=1)
    return [sums[:, min(int(abs(np.log1p(sign * x)) / step), sums.shape[1] - 1)] for x in WITHIN]
