"""How lively the market is at many scales, each against the unit of the labels.

A regime is mostly the ratio of the coming hours' noise to the noise of the last day, so the last minutes,
hours and days stand here as ratios to it, measured by ranges (precise), returns (what counts in the end) and
their difference, with the repository's own forecast beside them. Logarithms throughout, floored, so that a
market that stands still gives a number and not infinity. Symmetric: up and down do not matter here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from outrigger.regime.features.bars import Bars
from outrigger.regime.features.described import LENGTHS, described, named
from outrigger.regime.features.rolling import delayed
from outrigger.volatility.har import log_components
from outrigger.volatility.har_json import shipped_model
from outrigger.volatility.windows import Array

RANGE_BARS = (1, 3, 6, 12, 24, 48, 144, 288, 576, 1152, 1999)
RETURN_BARS = (3, 12, 48, 288, 1999)
TOP_BARS = (12, 48, 288, 1999)
WIDTH_BARS = (12, 48, 144, 288, 864, 1999)
FORECAST_BARS = (12, 48, 288)
_PATCHY_BARS = (48, 288)
# Mean range of a Gaussian walk of unit deviation.
MEAN_RANGE = float(np.sqrt(8.0 / np.pi))
_FLOOR = 0.01
_HOUR, _FOUR_HOURS, _DAY, _WEEK = 12, 48, 288, 1999

SPECS = (
    *(
        described(named("range", n), "log ratio", LENGTHS[n], "mean candle range, against a day's noise")
        for n in RANGE_BARS
    ),
    *(
        described(named("noise", n), "log ratio", LENGTHS[n], "root mean squared return, against a day's")
        for n in RETURN_BARS
    ),
    *(
        described(
            named("forecast", n),
            "log ratio",
            "1w",
            f"forecast noise of the next {LENGTHS[n]}, against a day's",
        )
        for n in FORECAST_BARS
    ),
    *(
        described(named("smooth", n), "log ratio", LENGTHS[n], "the noise came without jumps")
        for n in _PATCHY_BARS
    ),
    *(
        described(named("top", n), "log ratio", LENGTHS[n], "largest return in a day's noise")
        for n in TOP_BARS
    ),
    *(
        described(named("uneven", n), "log", LENGTHS[n], "quiet and wild candles took turns")
        for n in _PATCHY_BARS
    ),
    *(
        described(named("width", n), "log ratio", LENGTHS[n], "high to low, against what noise would cover")
        for n in WIDTH_BARS
    ),
    described("echo_1d", "-1 to 1", "1d", "returns repeat (negative: reverse) from candle to candle"),
    described("echo_1w", "-1 to 1", "1w", "returns repeat (negative: reverse) from candle to candle"),
    described("hourly_ratio_1d", "log ratio", "1d", "hours move more than their candles suggest: trends"),
    described("hourly_ratio_1w", "log ratio", "1w", "hours move more than their candles suggest: trends"),
    described("four_hour_ratio_1w", "log ratio", "1w", "four hours move more than their candles suggest"),
)


def log_ratio(numerator: Array, denominator: Array | float) -> Array:
    """Logarithm of a ratio of volatilities, floored; NaN stays NaN."""
    return np.asarray(np.log(np.maximum(numerator / denominator, _FLOOR)))


def ranges(bars: Bars, windows: Sequence[int] = RANGE_BARS) -> dict[str, Array]:
    """Mean candle range."""
    means = bars.means(bars.span / MEAN_RANGE, windows)
    return {named("range", n): log_ratio(x, bars.unit_then) for n, x in zip(windows, means, strict=True)}


def noises(bars: Bars, windows: Sequence[int] = RETURN_BARS) -> dict[str, Array]:
    """Root mean squared return."""
    means = bars.means(bars.returns**2, windows)
    return {
        named("noise", n): log_ratio(np.sqrt(x), bars.unit_then) for n, x in zip(windows, means, strict=True)
    }


def forecasts(bars: Bars, windows: Sequence[int] = FORECAST_BARS) -> dict[str, Array]:
    """HAR of the shipped coefficients, season of the hours ahead included."""
    model = shipped_model()
    design, level = (x[bars.wanted :] for x in log_components(bars.grid, model.shape, model.profile))
    slots = bars.grid.week_slots()[bars.wanted :]
    columns = {}
    for n in windows:
        ahead = 1.0 if model.profile is None else model.profile.ahead(n)[slots]
        forecast = np.exp((design @ model.at(n) + level) / 2.0) * np.sqrt(ahead)
        columns[named("forecast", n)] = log_ratio(forecast, bars.unit_then)
    return columns


def widths(bars: Bars, windows: Sequence[int] = WIDTH_BARS) -> dict[str, Array]:
    """Highest high to lowest low."""
    highs, lows = bars.extremes(windows)
    return {
        named("width", n): log_ratio(high - low, bars.unit_then * np.sqrt(n))
        for n, high, low in zip(windows, highs, lows, strict=True)
    }


def _texture(bars: Bars) -> dict[str, Array]:
    """Jumps, unevenness and persistence of returns."""
    returns, before = bars.returns, delayed(bars.returns, 1)
    squares = bars.means(returns**2, (_FOUR_HOURS, _DAY, _WEEK))
    noise = {n: np.where(x > 0, x, np.nan) for n, x in zip((_FOUR_HOURS, _DAY, _WEEK), squares, strict=True)}
    pairs = bars.means(np.abs(returns * before) * (np.pi / 2.0), _PATCHY_BARS)
    columns = {named("smooth", n): log_ratio(x, noise[n]) for n, x in zip(_PATCHY_BARS, pairs, strict=True)}
    spans = np.log(np.where(bars.span > 0, bars.span, np.nan))
    means, spreads = bars.means(spans, _PATCHY_BARS), bars.means(spans**2, _PATCHY_BARS)
    for n, mean, spread in zip(_PATCHY_BARS, means, spreads, strict=True):
        columns[named("uneven", n)] = np.sqrt(np.maximum(spread - mean**2, 0.0))
    for n, echo in zip((_DAY, _WEEK), bars.means(returns * before, (_DAY, _WEEK)), strict=True):
        columns[named("echo", n)] = echo / noise[n]
    # Sums of returns reach back further than their own window: the whole must stay inside a week.
    hours = (bars.log_close - delayed(bars.log_close, _HOUR)) ** 2
    day, week = bars.means(hours, (_DAY, _WEEK - _HOUR))
    columns["hourly_ratio_1d"] = log_ratio(day, _HOUR * noise[_DAY])
    columns["hourly_ratio_1w"] = log_ratio(week, _HOUR * noise[_WEEK])
    spells = (bars.log_close - delayed(bars.log_close, _FOUR_HOURS)) ** 2
    (week,) = bars.means(spells, (_WEEK - _FOUR_HOURS,))
    columns["four_hour_ratio_1w"] = log_ratio(week, _FOUR_HOURS * noise[_WEEK])
    return columns


def volatility_features(bars: Bars) -> dict[str, Array]:
    """Compute the columns of `SPECS`.

    Parameters
    ----------
    bars : Bars
        One pair's candles.

    Returns
    -------
    dict of str to ndarray of shape (n_wanted,)
        Each element is known at the close of its candle.
    """
    tops = bars.maxima(np.abs(bars.returns), TOP_BARS)
    columns = {named("top", n): log_ratio(x, bars.unit_then) for n, x in zip(TOP_BARS, tops, strict=True)}
    columns |= ranges(bars) | noises(bars) | forecasts(bars) | widths(bars)
    return columns | _texture(bars)
