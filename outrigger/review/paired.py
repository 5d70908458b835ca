"""Uncertainty of a comparison on the same entries: whole days are resampled, for all policies alike.

Trades of one day share a market, and so do pairs; days next to each other share trades, which last up to
three days. So blocks of consecutive days over all pairs are drawn (circular block bootstrap: Politis and
Romano 1992). Two policies are compared on the same draws, so that what the market did to both drops out.
Weak: a month has few such blocks, and its kind of market is the only one an interval knows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outrigger.stops.policies import Floats

BLOCK_DAYS = 3
DRAWS = 2000
# Every measure is a sum over trades divided by another one: (numerator, denominator) in `day_sums`.
MEASURES = {"premature": (0, 1), "capture": (2, 3), "mean_r": (4, 5)}


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure of one policy less the same measure of another.

    Parameters
    ----------
    mean : float
        On all trades.
    low, high : float
        95 % interval.
    """

    mean: float
    low: float
    high: float


def day_sums(trades: pd.DataFrame, days: pd.Index) -> Floats:
    """Sums over the trades entered on each day, from which all measures follow.

    Parameters
    ----------
    trades : DataFrame of shape (n_trades, ...)
        With `day`, `premature_24h`, `capture` (both NaN where not known) and `r`.
    days : Index
        All days, so that policies line up.

    Returns
    -------
    ndarray of shape (n_days, 6)
        Premature stop-outs, trades judged for them, captured shares, winners, R, trades.
    """
    sums = pd.DataFrame(
        {
            "premature": trades["premature_24h"].fillna(0.0),
            "judged": trades["premature_24h"].notna().astype(np.float64),
            "captured": trades["capture"].fillna(0.0),
            "winners": trades["capture"].notna().astype(np.float64),
            "r": trades["r"],
            "trades": 1.0,
        }
    )
    by_day = sums.groupby(trades["day"].to_numpy()).sum().reindex(days, fill_value=0.0)
    return by_day.to_numpy(dtype=np.float64)


def block_picks(days: int, block_days: int, draws: int, seed: int) -> NDArray[np.int64]:
    """Days of each resample in order: whole blocks of neighbours, one after the other.

    Parameters
    ----------
    days : int
        Days there are.
    block_days : int
        Consecutive days drawn together.
    draws : int
        Resamples.
    seed : int
        Same seed, same days.

    Returns
    -------
    ndarray of int64, shape (draws, n)
        Numbers of days; n is the whole blocks that cover the days.
    """
    length = min(block_days, days)
    blocks = -(-days // length)
    starts = np.random.default_rng(seed).integers(days, size=(draws, blocks, 1))
    return ((starts + np.arange(length)) % days).reshape(draws, -1)


def weights_of(picks: NDArray[np.int64], days: int) -> Floats:
    """How often each day is drawn in each resample.

    Parameters
    ----------
    picks : ndarray of int64, shape (draws, n)
        From `block_picks`.
    days : int
        Days there are.

    Returns
    -------
    ndarray of shape (draws, days)
        Counts; each row sums to n.
    """
    weights = np.zeros((len(picks), days))
    np.add.at(weights, (np.arange(len(picks))[:, None], picks), 1.0)
    return weights


def block_weights(days: int, block_days: int, draws: int, seed: int) -> Floats:
    """How often each day is drawn in each resample; parameters as for `block_picks`."""
    return weights_of(block_picks(days, block_days, draws, seed), days)


def measured(sums: Floats, measure: str) -> Floats:
    """Value of a measure from summed trades.

    Parameters
    ----------
    sums : ndarray of shape (..., 6)
        As from `day_sums`, summed over the days of interest.
    measure : str
        A key of `MEASURES`.

    Returns
    -------
    ndarray of shape (...)
        NaN where there is nothing to divide by.
    """
    over, under = MEASURES[measure]
    top, bottom = sums[..., over], sums[..., under]
    ratio: Floats = np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)
    return ratio


def standard_error(sums: Floats, weights: Floats, measure: str) -> float:
    """Standard deviation of a measure over the resamples."""
    values = measured(weights @ sums, measure)
    return float(np.nanstd(values)) if np.isfinite(values).any() else float("nan")


def difference(sums: Floats, reference: Floats, weights: Floats, measure: str) -> Difference:
    """Compare one policy with another on the same entries.

    Parameters
    ----------
    sums, reference : ndarray of shape (n_days, 6)
        Day sums of the policy and of the one it is compared with.
    weights : ndarray of shape (draws, n_days)
        From `block_weights`.
    measure : str
        A key of `MEASURES`.

    Returns
    -------
    Difference
        Policy less reference; NaN where a measure does not exist.
    """
    whole = measured(sums.sum(axis=0), measure) - measured(reference.sum(axis=0), measure)
    drawn = measured(weights @ sums, measure) - measured(weights @ reference, measure)
    known = drawn[np.isfinite(drawn)]
    low, high = np.quantile(known, (0.025, 0.975)) if known.size else (np.nan, np.nan)
    return Difference(float(whole), float(low), float(high))
