"""How lively the market is at many scales, each against the unit of the labels.

A regime is mostly the ratio of the coming hours' noise to the noise of the last day, so the last minutes,
hours and days stand here as ratios to it, measured by ranges (precise), returns (what counts in the end) and
their difference, with the repository's own forecast beside them. Logarithms throughout, floored, so that a
market that stands still gives a number and not infinity. Symmetric: up and down do not matter here.
"""

from __future__ import annotations

import numpy as np

from outrigger.regime.features.bars import Bars
from outrigger.regime.features.described import LENGTHS, described, named
from outrigger.regime.features.rolling import delayed, trailing_maxima, trailing_minima
from outrigger.volatility.har import log_components
from outrigger.volatility.har_json import shipped_model
from outrigger.volatility.windows import Array, trailing_means

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


def _forecasts(bars: Bars) -> dict[str, Array]:
    """HAR of the shipped coefficients, season of the hours ahead included."""
    model = shipped_model()
    design, level = log_components(bars.grid, model.shape, model.profile)
    slots = bars.grid.week_slots()
    ahead = {n: 1.0 if model.profile is None else model.profile.ahead(n)[slots] for n in FORECAST_BARS}
    return {
        named("forecast", n): log_ratio(
            np.exp((design @ model.at(n) + level) / 2) * np.sqrt(ahead[n]), bars.unit
        )
        for n in FORECAST_BARS
    }


def _texture(bars: Bars, noise: dict[int, Array]) -> dict[str, Array]:
    """Jumps, unevenness and persistence of returns."""
    returns = bars.returns
    pairs, _ = trailing_means(np.abs(returns) * np.abs(delayed(returns, 1)) * (np.pi / 2.0), _PATCHY_BARS)
    columns = {named("smooth", n): log_ratio(x, noise[n]) for n, x in zip(_PATCHY_BARS, pairs, strict=True)}
    spans = np.log(np.where(bars.span > 0, bars.span, np.nan))
    means, _ = trailing_means(spans, _PATCHY_BARS)
    squares, _ = trailing_means(spans**2, _PATCHY_BARS)
    for n, mean, square in zip(_PATCHY_BARS, means, squares, strict=True):
        columns[named("uneven", n)] = np.sqrt(np.maximum(square - mean**2, 0.0))
    echoes, _ = trailing_means(returns * delayed(returns, 1), (_DAY, _WEEK))
    for n, echo in zip((_DAY, _WEEK), echoes, strict=True):
        columns[named("echo", n)] = echo / noise[n]
    log_close = np.log(bars.grid.close)
    # Sums of returns reach back further than their own window: the whole must stay inside a week.
    hourly, _ = trailing_means((log_close - delayed(log_close, _HOUR)) ** 2, (_DAY, _WEEK - _HOUR))
    columns["hourly_ratio_1d"] = log_ratio(hourly[0], _HOUR * noise[_DAY])
    columns["hourly_ratio_1w"] = log_ratio(hourly[1], _HOUR * noise[_WEEK])
    (four,), _ = trailing_means((log_close - delayed(log_close, _FOUR_HOURS)) ** 2, (_WEEK - _FOUR_HOURS,))
    columns["four_hour_ratio_1w"] = log_ratio(four, _FOUR_HOURS * noise[_WEEK])
    return columns


def volatility_features(bars: Bars) -> dict[str, Array]:
    """Compute the columns of `SPECS`.

    Parameters
    ----------
    bars : Bars
        One pair's candles.

    Returns
    -------
    dict of str to ndarray of shape (n_periods,)
        Element i is known at the close of candle i.
    """
    ranges, _ = trailing_means(bars.span / MEAN_RANGE, RANGE_BARS)
    columns = {named("range", n): log_ratio(x, bars.unit) for n, x in zip(RANGE_BARS, ranges, strict=True)}
    squares, _ = trailing_means(bars.returns**2, RETURN_BARS)
    noise = {n: np.where(x > 0, x, np.nan) for n, x in zip(RETURN_BARS, squares, strict=True)}
    for n, x in zip(RETURN_BARS, squares, strict=True):
        columns[named("noise", n)] = log_ratio(np.sqrt(x), bars.unit)
    columns |= _forecasts(bars)
    tops = trailing_maxima(np.abs(bars.returns), TOP_BARS)
    for n, x in zip(TOP_BARS, tops, strict=True):
        columns[named("top", n)] = log_ratio(x, bars.unit)
    highs = trailing_maxima(np.log(bars.grid.high), WIDTH_BARS)
    lows = trailing_minima(np.log(bars.grid.low), WIDTH_BARS)
    for n, high, low in zip(WIDTH_BARS, highs, lows, strict=True):
        columns[named("width", n)] = log_ratio(high - low, bars.unit * np.sqrt(n))
    return columns | _texture(bars, noise)
