"""How much is traded, and how far the price goes for it.

Volume is compared with the pair's own week and with its own hours of the days before; the distance that a
unit of volume moves the price (Amihud's illiquidity) tells a thin market from a busy one. Symmetric.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from outrigger.regime.features.bars import Bars
from outrigger.regime.features.clock import mean_of_present
from outrigger.regime.features.described import LENGTHS, described, named
from outrigger.regime.features.volatility import log_ratio
from outrigger.volatility.grid import BARS_PER_DAY
from outrigger.volatility.windows import Array

VOLUME_BARS = (3, 12, 48, 144, 288)
_THIN_BARS = (48, 288)
_HOUR, _WEEK = 12, 1999

SPECS = (
    *(
        described(named("volume", n), "log ratio", LENGTHS[n], "more is traded than in the week")
        for n in VOLUME_BARS
    ),
    described("busier_than_usual", "log ratio", "1w", "the last hour was busy for its time of day"),
    *(
        described(
            named("thin", n), "log ratio", LENGTHS[n], "volume moves the price further than in the week"
        )
        for n in _THIN_BARS
    ),
)


def volumes(bars: Bars, windows: Sequence[int] = VOLUME_BARS) -> dict[str, Array]:
    """How much was traded."""
    *means, week = bars.means(bars.volume, (*windows, _WEEK))
    return {named("volume", n): log_ratio(x, week) for n, x in zip(windows, means, strict=True)}


def activity_features(bars: Bars) -> dict[str, Array]:
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
    columns = volumes(bars)
    hour, *before = bars.means_ago(bars.volume, _HOUR, np.arange(7) * BARS_PER_DAY)
    columns["busier_than_usual"] = log_ratio(hour, mean_of_present(np.stack(before)))
    *thin, week = bars.means(bars.span / bars.volume, (*_THIN_BARS, _WEEK))
    for n, x in zip(_THIN_BARS, thin, strict=True):
        columns[named("thin", n)] = log_ratio(x, np.where(week > 0, week, np.nan))
    return columns
