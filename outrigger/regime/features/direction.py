"""Which way the price went, how, and where that left it: the columns that change sign in a mirror.

Turn the chart upside down and every column here becomes its negative, exactly for logs of prices. The
classifier relies on that to learn from each path twice, once as it was and once mirrored, and a test holds
every column to it.
"""

from __future__ import annotations

import numpy as np

from outrigger.regime.features.bars import Bars
from outrigger.regime.features.described import LENGTHS, described, named
from outrigger.regime.features.rolling import delayed, trailing_maxima, trailing_minima
from outrigger.volatility.windows import Array, trailing_means

MOVE_BARS = (1, 3, 6, 12, 24, 48, 96, 144, 288, 576, 1152, 1999)
SIDE_BARS = (3, 12, 48, 288, 1999)
PLACE_BARS = (12, 48, 144, 288, 864, 1999)
FLOW_BARS = (12, 48, 288, 1999)
WICK_BARS = (3, 12, 48)
_SKEW_BARS = (288, 1999)
# Beyond this many units of noise a distance says "far".
_BOUND = 6.0
_ROOM_BARS = 48

SPECS = (
    *(described(named("move", n), "deviations", LENGTHS[n], "rose, in units of noise") for n in MOVE_BARS),
    *(described(named("side", n), "-1 to 1", LENGTHS[n], "the noise was made going up") for n in SIDE_BARS),
    *(
        described(named("place", n), "-1 to 1", LENGTHS[n], "close at the top of the range")
        for n in PLACE_BARS
    ),
    *(
        described(
            named("room", n),
            "deviations",
            LENGTHS[n],
            "far above the range's low, near its high, in units of noise",
        )
        for n in PLACE_BARS
    ),
    *(described(named("flow", n), "-1 to 1", LENGTHS[n], "volume came in rising candles") for n in FLOW_BARS),
    *(
        described(named("wick", n), "-1 to 1", LENGTHS[n], "candles close near their highs")
        for n in WICK_BARS
    ),
    *(described(named("skew", n), "bounded", LENGTHS[n], "large moves were upward") for n in _SKEW_BARS),
)


def bounded(x: Array, bound: float = _BOUND) -> Array:
    """Keep a number of deviations from running away; NaN stays NaN."""
    return np.asarray(np.clip(x, -bound, bound))


def _places(bars: Bars) -> dict[str, Array]:
    """Where the close stands in its ranges."""
    log_close = np.log(bars.grid.close)
    highs = trailing_maxima(np.log(bars.grid.high), PLACE_BARS)
    lows = trailing_minima(np.log(bars.grid.low), PLACE_BARS)
    columns = {}
    for n, high, low in zip(PLACE_BARS, highs, lows, strict=True):
        # From both ends alike, so that a mirrored chart gives the very same numbers.
        lean, width = (log_close - low) - (high - log_close), high - low
        columns[named("place", n)] = np.where(width > 0, lean / np.where(width > 0, width, 1.0), 0.0 * lean)
        columns[named("room", n)] = bounded(lean / (bars.unit * np.sqrt(_ROOM_BARS)))
    return columns


def direction_features(bars: Bars) -> dict[str, Array]:
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
    returns, log_close = bars.returns, np.log(bars.grid.close)
    columns = {
        named("move", n): bounded((log_close - delayed(log_close, n)) / (bars.unit * np.sqrt(n)))
        for n in MOVE_BARS
    }
    sign = np.sign(returns)
    signed, _ = trailing_means(sign * returns**2, SIDE_BARS)
    squares, _ = trailing_means(returns**2, SIDE_BARS)
    noise = {n: np.where(x > 0, x, np.nan) for n, x in zip(SIDE_BARS, squares, strict=True)}
    for n, x in zip(SIDE_BARS, signed, strict=True):
        columns[named("side", n)] = x / noise[n]
    columns |= _places(bars)
    bought, _ = trailing_means(sign * bars.volume, FLOW_BARS)
    traded, _ = trailing_means(bars.volume, FLOW_BARS)
    for n, x, y in zip(FLOW_BARS, bought, traded, strict=True):
        columns[named("flow", n)] = x / y
    grid = bars.grid
    with np.errstate(divide="ignore", invalid="ignore"):
        lean = np.log(grid.open * grid.close / (grid.high * grid.low)) / np.where(
            bars.span > 0, bars.span, np.nan
        )
    wicks, _ = trailing_means(lean, WICK_BARS)
    for n, x in zip(WICK_BARS, wicks, strict=True):
        columns[named("wick", n)] = x
    cubes, _ = trailing_means(returns**3, _SKEW_BARS)
    for n, x in zip(_SKEW_BARS, cubes, strict=True):
        columns[named("skew", n)] = bounded(x / noise[n] ** 1.5)
    return columns
