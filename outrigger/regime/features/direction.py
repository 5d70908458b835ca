"""Which way the price went, how, and where that left it: the columns that change sign in a mirror.

Turn the chart upside down and every column here becomes its negative, exactly for logs of prices. The
classifier relies on that to learn from each path twice, once as it was and once mirrored, and a test holds
every column to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from outrigger.regime.features.bars import Bars
from outrigger.regime.features.described import LENGTHS, described, named
from outrigger.volatility.windows import Array

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


def moves(bars: Bars, windows: Sequence[int] = MOVE_BARS) -> dict[str, Array]:
    """How far the price went."""
    return {named("move", n): bounded(bars.moved(n) / (bars.unit_then * np.sqrt(n))) for n in windows}


def sides(bars: Bars, windows: Sequence[int] = SIDE_BARS) -> dict[str, Array]:
    """Which side made the noise: upside less downside semivariance, over their sum."""
    signed = bars.means(np.sign(bars.returns) * bars.returns**2, windows)
    squares = bars.means(bars.returns**2, windows)
    return {
        named("side", n): x / np.where(noise > 0, noise, np.nan)
        for n, x, noise in zip(windows, signed, squares, strict=True)
    }


def places(bars: Bars, windows: Sequence[int] = PLACE_BARS) -> dict[str, Array]:
    """Where the close stands in its ranges."""
    highs, lows = bars.extremes(windows)
    close, columns = bars.ago(bars.log_close, 0), {}
    for n, high, low in zip(windows, highs, lows, strict=True):
        # From both ends alike, so that a mirrored chart gives the very same numbers.
        lean, width = (close - low) - (high - close), high - low
        columns[named("place", n)] = np.where(width > 0, lean / np.where(width > 0, width, 1.0), 0.0 * lean)
        columns[named("room", n)] = bounded(lean / (bars.unit_then * np.sqrt(_ROOM_BARS)))
    return columns


def flows(bars: Bars, windows: Sequence[int] = FLOW_BARS) -> dict[str, Array]:
    """Which candles the volume came in."""
    bought = bars.means(np.sign(bars.returns) * bars.volume, windows)
    traded = bars.means(bars.volume, windows)
    return {named("flow", n): x / y for n, x, y in zip(windows, bought, traded, strict=True)}


def direction_features(bars: Bars) -> dict[str, Array]:
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
    columns = moves(bars) | sides(bars) | places(bars) | flows(bars)
    log_open = np.log(bars.grid.open)
    lean = (log_open - bars.log_low) - (bars.log_high - bars.log_close)
    wicks = bars.means(lean / np.where(bars.span > 0, bars.span, np.nan), WICK_BARS)
    columns |= {named("wick", n): x for n, x in zip(WICK_BARS, wicks, strict=True)}
    cubes, squares = (bars.means(bars.returns**power, _SKEW_BARS) for power in (3, 2))
    for n, cube, square in zip(_SKEW_BARS, cubes, squares, strict=True):
        columns[named("skew", n)] = bounded(cube / np.where(square > 0, square, np.nan) ** 1.5)
    return columns
