"""Fit of the HAR forecast to history, all pairs together.

The realised variance is the sum of squared five-minute returns over the horizon. Its largest values are
winsorised relative to the week's level: one afternoon like 2025-02-03 would otherwise outvote a month.
Overlapping horizons make neighbouring rows nearly copies, which costs nothing here because no standard
error is read off the fit; forecasts are judged out of sample by `compare`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from outrigger.errors import DataError
from outrigger.volatility.grid import BARS_PER_WEEK, CandleGrid
from outrigger.volatility.har import HarModel, HarShape, log_components, season_ahead
from outrigger.volatility.qlike import fit_log_linear
from outrigger.volatility.seasonality import WeekProfile
from outrigger.volatility.windows import Array, following_sum

# Realised variance counts up to this multiple of what the week's level and the season alone would give.
_CAP = 20.0


def realised_variance(grid: CandleGrid, bars: int) -> Array:
    """Sum the squared five-minute log returns of the coming candles.

    Parameters
    ----------
    grid : CandleGrid
        One pair's candles.
    bars : int
        Horizon in candles.

    Returns
    -------
    ndarray of shape (n_periods,)
        What came after candle i; NaN where a candle of the horizon is missing or still to come.
    """
    return following_sum(grid.log_returns() ** 2, bars)


def fit(
    grids: Sequence[CandleGrid],
    *,
    horizons: Sequence[int] = (48,),
    shape: HarShape | None = None,
    profile: WeekProfile | None = None,
    provenance: Mapping[str, object] | None = None,
) -> HarModel:
    """Fit one set of coefficients to several pairs.

    Parameters
    ----------
    grids : sequence of CandleGrid
        One a pair, cut at the end of the training window.
    horizons : sequence of int
        Horizons in candles, each fitted by itself.
    shape : HarShape, optional
        What is averaged; None takes the mean range over six windows from 15 minutes to a week.
    profile : WeekProfile, optional
        Season, fitted before on the same training window.
    provenance : mapping of str to object, optional
        Kept with the model.

    Returns
    -------
    HarModel

    Raises
    ------
    DataError
        Less than a week and a horizon of candles in every pair.
    """
    shape = shape or HarShape()
    prepared = [(grid, *log_components(grid, shape, profile)) for grid in grids]
    coefficients: dict[int, tuple[float, ...]] = {}
    for bars in horizons:
        designs, targets, offsets = [], [], []
        for grid, design, level in prepared:
            offset = level + np.log(bars * season_ahead(grid, profile, bars))
            target = realised_variance(grid, bars)
            known = np.isfinite(offset) & (target > 0) & (np.arange(len(grid)) >= BARS_PER_WEEK - 1)
            designs.append(design[known])
            targets.append(np.minimum(target[known], _CAP * np.exp(offset[known])))
            offsets.append(offset[known])
        if sum(len(target) for target in targets) == 0:
            raise DataError("no pair has a week of 5m candles and a horizon after it; download more history")
        beta = fit_log_linear(np.concatenate(designs), np.concatenate(targets), np.concatenate(offsets))
        coefficients[bars] = tuple(float(b) for b in beta)
    return HarModel(shape, profile, coefficients, dict(provenance or {}))
