"""One pair's five-minute candles as the arrays that features are made of.

Everything is laid out on an unbroken clock and measured against one unit: the exponentially weighted standard
deviation of five-minute returns with a half-life of a day, the unit of the labels, cut off after a week so
that nothing older than Freqtrade's start-up candles has a say. Missing candles are missing observations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.signal import lfilter

from outrigger.regime.features.rolling import delayed, maxima_from, means_ago, means_from
from outrigger.volatility.ewma import decay_from_half_life
from outrigger.volatility.grid import BARS_PER_DAY, CandleGrid
from outrigger.volatility.windows import Array

# Candles of a chart that a feature may look back on, its own included: Freqtrade's start-up candles.
WINDOW = 2016
_DECAY = decay_from_half_life(BARS_PER_DAY)
# Returns in the unit: the same week as the longest columns.
_LONGEST = 1999


def _faded(x: Array) -> Array:
    """Sum of the last `_LONGEST` values with fading weights; the tail is taken off again, not forgotten."""
    running: Array = lfilter([1.0], [1.0, -_DECAY], x)
    running[_LONGEST:] -= _DECAY**_LONGEST * running[:-_LONGEST].copy()
    return running


def unit_deviation(returns: Array) -> Array:
    """Expected standard deviation of the next candle's return, from a week of returns.

    Parameters
    ----------
    returns : ndarray of shape (n_periods,)
        Log returns; NaN is missing.

    Returns
    -------
    ndarray of shape (n_periods,)
        NaN with less than a day of returns among them, and where nothing moved.
    """
    present = np.isfinite(returns)
    squares = _faded(np.where(present, returns, 0.0) ** 2)
    weights = _faded(present.astype(np.float64))
    # A day of returns, faded: half of all the weight there can be.
    enough = weights >= 0.5 * (1.0 - _DECAY**_LONGEST) / (1.0 - _DECAY)
    variance = squares / np.maximum(weights, 1.0)
    # Below this is what rounding leaves behind when a week of standing still has pushed the last move out.
    return np.sqrt(np.where(enough & (variance > 1e-16), variance, np.nan))


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Candles on the clock, with what most features share.

    Parameters
    ----------
    grid : CandleGrid
        Prices.
    volume : ndarray of shape (n_periods,)
        Volume; NaN where the candle is missing or had none.
    returns : ndarray of shape (n_periods,)
        Log returns from close to close.
    span : ndarray of shape (n_periods,)
        Log of high over low; NaN where the candle did not trade.
    unit : ndarray of shape (n_periods,)
        Expected standard deviation of one candle's return, known at its close.
    log_close, log_high, log_low : ndarray of shape (n_periods,)
        Logarithms of prices.
    wanted : int
        First period whose columns are wanted; columns begin there.
    """

    grid: CandleGrid
    volume: Array
    returns: Array
    span: Array
    unit: Array
    log_close: Array
    log_high: Array
    log_low: Array
    wanted: int = 0

    @classmethod
    def from_frame(cls, candles: pd.DataFrame) -> Self:
        """Lay a frame of 5m candles out on the clock.

        Parameters
        ----------
        candles : DataFrame of shape (n_rows, >= 6)
            Columns date (UTC, candle open, ascending), open, high, low, close, volume.

        Returns
        -------
        Bars

        Raises
        ------
        DataError
            The frame is not one of ascending 5m candles.
        """
        grid = CandleGrid.from_frame(candles)
        volume = np.full(len(grid), np.nan)
        volume[grid.rows] = candles["volume"].to_numpy(dtype=np.float64)
        volume[~grid.traded] = np.nan
        returns = grid.log_returns()
        span = np.log(np.where(grid.traded, grid.high, np.nan) / grid.low)
        close, high, low = (np.log(prices) for prices in (grid.close, grid.high, grid.low))
        return cls(grid, volume, returns, span, unit_deviation(returns), close, high, low)

    def since(self, period: int) -> Bars:
        """Want only the columns from a period on, counted since 1970 as in `CandleGrid`."""
        return replace(self, wanted=min(max(period - self.grid.first, 0), len(self)))

    @property
    def unit_then(self) -> Array:
        """The unit of the wanted periods."""
        return self.unit[self.wanted :]

    def ago(self, x: Array, bars: int) -> Array:
        """Values on this clock some candles before each wanted period; NaN before the data."""
        return delayed(x, bars, self.wanted)

    def moved(self, bars: int) -> Array:
        """Log return over some candles up to each wanted period."""
        return self.ago(self.log_close, 0) - self.ago(self.log_close, bars)

    def means(self, x: Array, windows: Sequence[int]) -> list[Array]:
        """Trailing means of values on this clock at the wanted periods; see `means_from`."""
        return means_from(x, windows, self.wanted)

    def means_ago(self, x: Array, window: int, ago: npt.NDArray[np.intp]) -> Array:
        """Trailing means some candles before each wanted period, shape (n_ago, n_wanted)."""
        return means_ago(x, window, ago, self.wanted)

    def maxima(self, x: Array, windows: Sequence[int]) -> list[Array]:
        """Trailing maxima of values on this clock at the wanted periods; see `maxima_from`."""
        return maxima_from(x, windows, self.wanted)

    def extremes(self, windows: Sequence[int]) -> tuple[list[Array], list[Array]]:
        """Logs of the highest high and of the lowest low of the last n candles."""
        return self.maxima(self.log_high, windows), [-x for x in self.maxima(-self.log_low, windows)]

    def __len__(self) -> int:
        return len(self.grid)
