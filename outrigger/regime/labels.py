"""Regimes as what the price did next, in units of the noise it made before.

A label looks one horizon ahead, so it is for training and judging only. The unit, sigma, is the exponentially
weighted standard deviation of five-minute log returns, deliberately plain: whoever forecasts volatility
better than that sees regimes coming. U and D are the logs of the highest high and the lowest low of the
horizon over the close. Thresholds are strict, and what fits no other class is `trending`. Weak: neighbouring
labels share almost all of their future, so rows are far fewer observations than they look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.errors import DataError, SettingsError
from outrigger.regime.classes import (
    CALM,
    LONG_SQUEEZE,
    REGIMES,
    SHORT_SQUEEZE,
    TRENDING,
    UNLABELLED,
    WHIPSAW,
)
from outrigger.volatility.ewma import decay_from_half_life, ewma_variance
from outrigger.volatility.grid import BARS_PER_WEEK, CandleGrid
from outrigger.volatility.windows import Array

Labels = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class LabelRules:
    """Where one regime ends and the next begins.

    Parameters
    ----------
    horizon_bars : int
        Five-minute candles looked ahead.
    half_life_bars : int
        Candles after which a return's weight in sigma has halved; no label before that many returns.
    calm : float
        Both U and −D stay below this many sigma.
    whipsaw : float
        Both U and −D exceed this many sigma.
    squeeze : float
        The move against the squeezed side exceeds this many sigma, ...
    long_squeeze_room, short_squeeze_room : float
        ... while the other side never got this many sigma.

    Raises
    ------
    SettingsError
        A number is out of range, or classes would overlap.
    """

    horizon_bars: int = 48
    half_life_bars: int = 288
    calm: float = 0.6
    whipsaw: float = 0.8
    squeeze: float = 1.5
    long_squeeze_room: float = 0.7
    short_squeeze_room: float = 0.7

    def __post_init__(self) -> None:
        if not 1 <= self.horizon_bars <= BARS_PER_WEEK or not 1 <= self.half_life_bars <= BARS_PER_WEEK:
            raise SettingsError(
                f"label rules: horizon_bars {self.horizon_bars} and half_life_bars {self.half_life_bars} "
                f"must lie between 1 and {BARS_PER_WEEK} five-minute candles"
            )
        rooms = (self.long_squeeze_room, self.short_squeeze_room)
        if not 0 < self.calm <= self.whipsaw < np.inf or not self.calm <= self.squeeze < np.inf:
            raise SettingsError(
                f"label rules: calm {self.calm} must be positive and at most whipsaw {self.whipsaw} and "
                f"squeeze {self.squeeze}, or a path would have two regimes"
            )
        if not all(0 < room <= self.whipsaw for room in rooms):
            raise SettingsError(
                f"label rules: the squeezes' room {rooms} must be positive and at most whipsaw "
                f"{self.whipsaw}, or a path would have two regimes"
            )


REFERENCE_RULES = LabelRules()


def horizon_sigma(grid: CandleGrid, rules: LabelRules = REFERENCE_RULES) -> Array:
    """Give the unit of the labels: expected standard deviation of the log return over the horizon.

    Parameters
    ----------
    grid : CandleGrid
        One pair's candles.
    rules : LabelRules
        Horizon and half-life.

    Returns
    -------
    ndarray of shape (n_periods,)
        Known at the close of candle i; NaN before a half-life of returns and where nothing moved.
    """
    squared = grid.log_returns() ** 2
    decay = decay_from_half_life(rules.half_life_bars)
    seen = np.cumsum(np.isfinite(squared))
    # Weights that sum to one from the first return on, so that it does not weigh on the whole first day.
    variance = ewma_variance(squared, decay=decay, initial=0.0) / np.maximum(1.0 - decay**seen, 1e-12)
    told = (seen >= rules.half_life_bars) & (variance > 0)
    return np.asarray(np.sqrt(np.where(told, variance, np.nan) * rules.horizon_bars))


def excursions(grid: CandleGrid, bars: int) -> tuple[Array, Array]:
    """Measure how far the price went each way in the candles that follow.

    Parameters
    ----------
    grid : CandleGrid
        One pair's candles.
    bars : int
        Candles looked ahead.

    Returns
    -------
    up, down : ndarray of shape (n_periods,)
        Log of the highest high and of the lowest low of candles i + 1 … i + bars over the close of i; NaN
        where one of these candles is missing or not yet there.
    """
    up, down = np.full(len(grid), np.nan), np.full(len(grid), np.nan)
    if len(grid) > bars:
        # Not the nan-aware extremes: one missing candle leaves the path unknown.
        highest = np.lib.stride_tricks.sliding_window_view(grid.high[1:], bars).max(axis=1)
        lowest = np.lib.stride_tricks.sliding_window_view(grid.low[1:], bars).min(axis=1)
        up[:-bars] = np.log(highest / grid.close[:-bars])
        down[:-bars] = np.log(lowest / grid.close[:-bars])
    return up, down


def regime_labels(candles5m: pd.DataFrame, rules: LabelRules = REFERENCE_RULES) -> Labels:
    """Name the regime that followed each candle.

    Parameters
    ----------
    candles5m : DataFrame of shape (n_rows, >= 6)
        One pair's 5m candles: date (UTC, candle open, ascending), open, high, low, close, volume.
    rules : LabelRules
        Horizon and thresholds.

    Returns
    -------
    ndarray of int8, shape (n_rows,)
        Index into `REGIMES`; −1 within one horizon of the end, before a half-life of returns, and where
        a candle of the path is missing or unusable.

    Raises
    ------
    DataError
        The frame is not one of ascending 5m candles.
    """
    grid = CandleGrid.from_frame(candles5m)
    sigma = horizon_sigma(grid, rules)
    up, down = (x / sigma for x in excursions(grid, rules.horizon_bars))
    labels = np.full(len(grid), TRENDING, dtype=np.int8)
    labels[(up < rules.calm) & (down > -rules.calm)] = CALM
    labels[(up > rules.whipsaw) & (down < -rules.whipsaw)] = WHIPSAW
    labels[(down < -rules.squeeze) & (up < rules.long_squeeze_room)] = LONG_SQUEEZE
    labels[(up > rules.squeeze) & (down > -rules.short_squeeze_room)] = SHORT_SQUEEZE
    labels[~(np.isfinite(up) & np.isfinite(down))] = UNLABELLED
    named: Labels = labels[grid.rows]
    return named


def label_shares(candles: Mapping[str, pd.DataFrame], rules: LabelRules = REFERENCE_RULES) -> pd.DataFrame:
    """Count how often each regime came, per pair and year.

    Parameters
    ----------
    candles : mapping of str to DataFrame
        5m candles by pair.
    rules : LabelRules
        Horizon and thresholds.

    Returns
    -------
    DataFrame of shape (n_pair_years, 6)
        Index `pair`, `year`; columns `rows` and the share of each regime among labelled rows. The last
        line of a pair, `all`, is over all of its years.

    Raises
    ------
    DataError
        No pair is given, or a frame is not one of ascending 5m candles.
    """
    if not candles:
        raise DataError("label shares: no pair given; pass at least one pair's 5m candles")
    lines: dict[tuple[str, str], list[float]] = {}
    for pair, frame in candles.items():
        labels = regime_labels(frame, rules)
        years = frame["date"].dt.year.to_numpy()
        told = labels >= 0
        for year in [*np.unique(years[told]).tolist(), None]:
            chosen = labels[told & (years == year)] if year is not None else labels[told]
            counts = np.bincount(chosen, minlength=len(REGIMES))
            shares = counts / max(int(counts.sum()), 1)
            lines[pair, "all" if year is None else str(year)] = [int(counts.sum()), *shares.tolist()]
    index = pd.MultiIndex.from_tuples(lines, names=["pair", "year"])
    return pd.DataFrame(list(lines.values()), index=index, columns=["rows", *REGIMES])
