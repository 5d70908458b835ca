"""What a stop shows without any skill: the geometry of a driftless walk, and entries at random times.

A win rate is not an edge. On a driftless walk a stop at s with an activation a arms in s/(s+a) of trades
whatever the market does, and what is armed wins unless its trail w is wider than a. On real candles the same
stops are replayed from random times; draws take as many longs and shorts a pair and window as there are
entries. Weak: the geometry knows no horizon, and draws come from a pool of replayed random entries and take
neighbours for independent, so a p-value near a limit means little; intervals resample whole days of both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outrigger.stops.policies import Floats

DRAWS = 200
_GROUP = ("pair", "data", "window", "side")


def geometry_win_rate(protect: Floats, activation: Floats, trail: Floats) -> Floats:
    """Share of trades that a stop wins on a driftless walk.

    Parameters
    ----------
    protect, activation, trail : ndarray of shape (n_trades,)
        Widths at entry, as fractions of price; an activation of zero trails from the entry on.

    Returns
    -------
    ndarray of shape (n_trades,)
        s/(s+a) · exp(−max(w−a, 0)/w): the chance to arm, times the chance that the running maximum after
        arming, exponential with mean w (Glynn and Iglehart 1995), carries the trail past the entry. NaN for
        a stop that never arms.
    """
    arms = np.isfinite(activation) & np.isfinite(trail) & (trail > 0)
    a, w = np.where(arms, np.fmax(activation, 0.0), np.nan), np.where(arms, trail, np.nan)
    won: Floats = protect / (protect + a) * np.exp(-np.fmax(w - a, 0.0) / w)
    at_once: Floats = np.exp(-np.ones_like(protect))
    return np.where(arms & (activation <= 0), at_once, won)


@dataclass(frozen=True, slots=True)
class MatchedNull:
    """Results of random entries under the same stop.

    Parameters
    ----------
    draws : int
        How many.
    mean, low, high : float
        Mean result of the draws and the range of 95 % of them.
    p_value : float
        Share of draws, itself counted, that did at least as well as the entries.
    """

    draws: int
    mean: float
    low: float
    high: float
    p_value: float


def null_weights(entries: pd.DataFrame, pool: pd.DataFrame) -> Floats:
    """Weight of each random entry that gives every pair, window and side its share of the entries.

    Parameters
    ----------
    entries, pool : DataFrame
        With `pair`, `data`, `window` and `side`.

    Returns
    -------
    ndarray of shape (n_pool,)
        They sum to the number of entries whose group has random entries.
    """
    wanted = entries.groupby(list(_GROUP)).size()
    there = pool.groupby(list(_GROUP)).size()
    each = (wanted.reindex(there.index, fill_value=0) / there).rename("weight")
    joined = pool[list(_GROUP)].merge(each.reset_index(), on=list(_GROUP), how="left")
    return joined["weight"].to_numpy(dtype=np.float64)


def matched_null(
    entries: pd.DataFrame, pool: pd.DataFrame, column: str, seed: int, draws: int = DRAWS
) -> MatchedNull:
    """Draw random entries with the entries' side counts, many times.

    Parameters
    ----------
    entries, pool : DataFrame
        With `pair`, `data`, `window`, `side` and the result.
    column : str
        The result that is averaged.
    seed : int
        Same seed, same draws.
    draws : int
        At least 200.

    Returns
    -------
    MatchedNull
        NaN where there is no random entry to draw.
    """
    rng = np.random.default_rng(seed)
    sums, count = np.zeros(draws), 0
    pools = {key: rows.to_numpy() for key, rows in pool.groupby(list(_GROUP))[column]}
    for key, rows in entries.groupby(list(_GROUP))[column]:
        drawn_from = pools.get(key)
        if drawn_from is not None:
            sums += _sums(rng, drawn_from, len(rows), draws)
            count += len(rows)
    if not count:
        return MatchedNull(0, np.nan, np.nan, np.nan, np.nan)
    means, value = sums / count, float(entries[column].mean())
    low, high = np.quantile(means, (0.025, 0.975))
    p_value = (1 + int((means >= value).sum())) / (draws + 1)
    return MatchedNull(draws, float(means.mean()), float(low), float(high), p_value)


def _sums(rng: np.random.Generator, values: NDArray[np.float64], count: int, draws: int) -> Floats:
    """Sums of draws, each from a pool that is drawn again: its own luck must not pass for precision."""
    size = len(values)
    pools = rng.integers(size, size=(draws, size), dtype=np.int32)
    picked = rng.integers(size, size=(draws, count), dtype=np.int32)
    summed: Floats = values[np.take_along_axis(pools, picked, axis=1)].sum(axis=1)
    return summed
