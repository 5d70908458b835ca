"""Forecast of the variance over the coming hours from what the last minutes, hours, days and week did.

Corsi's heterogeneous autoregression in logarithms: traders with different horizons each leave their mark, so
the forecast is a weighted geometric mean of variances over windows of 15 minutes to a week. Everything is
relative to the week's own level, which makes one set of coefficients fit every pair, and shares of that level
are clipped, which keeps a single crash candle from taking over. The season is divided out before and put back
for the hours ahead. Windows are finite: nothing older than a week has any say. Weak at announcements that no
candle foretells, and for a pair whose level changed less than a day ago.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from outrigger.errors import DataError, SettingsError
from outrigger.volatility.grid import BARS_PER_DAY, BARS_PER_HOUR, BARS_PER_WEEK, CandleGrid
from outrigger.volatility.ranges import parkinson
from outrigger.volatility.seasonality import WeekProfile
from outrigger.volatility.windows import Array, trailing_means

WINDOWS = (3, 12, 48, 144, 288, 2016)
# A window's variance counts as at most 100 times (range: 10 times) above or below the week's.
_CLIP = float(np.log(100.0))


@dataclass(frozen=True, slots=True)
class HarShape:
    """What a HAR model averages, before anything is fitted.

    Parameters
    ----------
    source : {"range", "return"}
        Size of a candle's move: root of Parkinson's variance, or absolute close-to-close log return.
    power : float
        Sizes are averaged as size^power: 2 is the usual realised variance; 1 is the mean range, which a
        single extreme candle moves much less (Forsberg & Ghysels 2007).
    windows : tuple of int
        Window lengths in candles, ascending; the last is the level that the others are relative to.
    """

    source: Literal["range", "return"] = "range"
    power: float = 1.0
    windows: tuple[int, ...] = WINDOWS

    def __post_init__(self) -> None:
        ascending = all(a < b for a, b in zip(self.windows, self.windows[1:], strict=False))
        if (
            len(self.windows) < 2
            or not ascending
            or not 1 <= self.windows[0] <= self.windows[-1] <= BARS_PER_WEEK
        ):
            raise DataError(
                f"HAR windows {self.windows} must ascend, two or more, within 1 and {BARS_PER_WEEK}"
            )
        if not 0 < self.power <= 2:
            raise DataError(f"HAR power {self.power} must lie above 0 and at most 2")


@dataclass(frozen=True, slots=True)
class HarModel:
    """A fitted forecast.

    Parameters
    ----------
    shape : HarShape
        What is averaged.
    profile : WeekProfile or None
        Season to divide out and put back; None leaves it in.
    coefficients : mapping of int to tuple of float
        For each fitted horizon in candles: the constant, then one weight for each window but the longest.
    provenance : mapping of str to object
        Where the numbers come from: pairs, dates, version, command.
    """

    shape: HarShape
    profile: WeekProfile | None
    coefficients: Mapping[int, tuple[float, ...]]
    provenance: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wanted = len(self.shape.windows)
        if not self.coefficients or any(len(beta) != wanted for beta in self.coefficients.values()):
            raise DataError(f"HAR model: every horizon needs {wanted} coefficients; fit the model again")

    def at(self, bars: int) -> Array:
        """Give the coefficients for a horizon, interpolated between fitted ones on a logarithmic scale.

        Parameters
        ----------
        bars : int
            Horizon in candles.

        Returns
        -------
        ndarray of shape (n_windows,)

        Raises
        ------
        SettingsError
            The horizon is outside those fitted.
        """
        fitted = sorted(self.coefficients)
        if not fitted[0] <= bars <= fitted[-1]:
            raise SettingsError(
                f"a volatility horizon of {bars / BARS_PER_HOUR:g} h is outside the fitted "
                f"{fitted[0] / BARS_PER_HOUR:g} to {fitted[-1] / BARS_PER_HOUR:g} h; choose one inside"
            )
        table = np.array([self.coefficients[h] for h in fitted])
        scale = np.log(np.array(fitted, dtype=np.float64))
        return np.array([np.interp(np.log(bars), scale, column) for column in table.T])


def horizon_bars(hours: float) -> int:
    """Convert a horizon to candles.

    Parameters
    ----------
    hours : float
        Horizon in hours, a positive finite number.

    Returns
    -------
    int
        Number of five-minute candles, at least 1.

    Raises
    ------
    SettingsError
        The horizon is not positive and finite.
    """
    if not 0 < hours < np.inf:
        raise SettingsError(
            f"a volatility horizon of {hours} h is not positive and finite; use hours such as 4.0"
        )
    return max(round(hours * BARS_PER_HOUR), 1)


def _sizes(grid: CandleGrid, shape: HarShape, profile: WeekProfile | None) -> Array:
    """Deseasonalised size^power of each candle's move; NaN where it did not trade."""
    if shape.source == "range":
        variance = parkinson(grid.open, grid.high, grid.low, grid.close)
    else:
        variance = grid.log_returns() ** 2
    if profile is not None:
        variance = variance / profile.factors()[grid.week_slots()]
    half = shape.power / 2.0
    powered = variance if half == 1.0 else np.sqrt(variance) if half == 0.5 else variance**half
    return np.where(grid.traded, powered, np.nan)


def log_components(grid: CandleGrid, shape: HarShape, profile: WeekProfile | None) -> tuple[Array, Array]:
    """Compute the regressors of the forecast.

    Parameters
    ----------
    grid : CandleGrid
        One pair's candles.
    shape : HarShape
        What is averaged.
    profile : WeekProfile or None
        Season to divide out.

    Returns
    -------
    design : ndarray of shape (n_periods, n_windows)
        A column of ones, then the log variance of each window but the longest, relative to the longest.
    level : ndarray of shape (n_periods,)
        Log variance per candle over the longest window; NaN with less than a day of traded candles in it.

    Notes
    -----
    A window in which less than half of the candles traded takes over the next longer one's value.
    """
    sizes = _sizes(grid, shape, profile)
    means, counts = trailing_means(sizes, shape.windows)
    enough = counts[-1] >= min(BARS_PER_DAY, shape.windows[-1])
    longest = np.where(enough & (means[-1] > 0), means[-1], np.nan)
    design = np.ones((len(grid), len(shape.windows)))
    longer = longest
    for j in range(len(shape.windows) - 2, -1, -1):
        window = shape.windows[j]
        # At the start of the data every window is thin, and borrows in the same way as in an outage.
        longer = np.where(counts[j] >= window / 2, means[j], longer)
        with np.errstate(divide="ignore"):
            relative = np.log(longer / longest) * (2.0 / shape.power)
        design[:, j + 1] = np.clip(relative, -_CLIP, _CLIP)
    return design, np.log(longest) * (2.0 / shape.power)


def season_ahead(grid: CandleGrid, profile: WeekProfile | None, bars: int) -> Array:
    """Give the seasonal multiplier of the horizon that follows each candle.

    Parameters
    ----------
    grid : CandleGrid
        One pair's candles.
    profile : WeekProfile or None
        None means no season: ones.
    bars : int
        Horizon in candles.

    Returns
    -------
    ndarray of shape (n_periods,)
    """
    return np.ones(len(grid)) if profile is None else profile.ahead(bars)[grid.week_slots()]


def forecast_variance(model: HarModel, grid: CandleGrid, bars: int) -> Array:
    """Forecast the variance of the log return over the coming candles; see `forecast_variances`."""
    return forecast_variances(model, grid, [bars])[0]


def forecast_variances(model: HarModel, grid: CandleGrid, horizons: Sequence[int]) -> list[Array]:
    """Forecast the variance of the log return over the coming candles, for several horizons at once.

    Parameters
    ----------
    model : HarModel
        Fitted coefficients.
    grid : CandleGrid
        One pair's candles.
    horizons : sequence of int
        Candles ahead.

    Returns
    -------
    list of ndarray of shape (n_periods,)
        One array a horizon. Element i is known at the close of candle i; NaN with less than a day of traded
        candles in the week.

    Raises
    ------
    SettingsError
        A horizon is outside those fitted.

    Notes
    -----
    Corsi (2009), "A simple approximate long-memory model of realized volatility".
    """
    design, level = log_components(grid, model.shape, model.profile)
    return [
        np.exp(design @ model.at(bars) + level) * bars * season_ahead(grid, model.profile, bars)
        for bars in horizons
    ]
