"""The nine figures of a study, each with a 95 % interval from resampled blocks of days.

Trades of one day share a market, and so do pairs, so whole days are drawn, three in a row, for entries and
random entries alike (`outrigger.review.paired`). Liquidations are rare, so their interval is Wilson's, which
says something even where none was seen. The drawdown is that of an account that risks one per cent of its
start every day, spread over the day's entries and booked on that day: a way to compare policies, smoother
than an account that trades one position at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outrigger.review.paired import BLOCK_DAYS, block_picks, weights_of
from outrigger.review.trade_measures import wilson_interval
from outrigger.stops.policies import Floats
from outrigger.study.nulls import null_weights

KEYS = (
    "premature_stop_rate",
    "trend_capture",
    "liquidations",
    "win_rate",
    "expectancy_bp",
    "expectancy_minus_null_bp",
    "cvar95",
    "max_drawdown",
    "trades",
)
RESAMPLES = 1000
TAIL = 0.05
DAILY_RISK = 0.01
# The worst trades that a resample's tail is looked for in; a resample may leave out the worst days.
_WORST = 0.3


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its uncertainty.

    Parameters
    ----------
    value : float
        On all trades.
    low, high : float
        95 % interval; NaN where there is none.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Resamples:
    """Days drawn again, the same for every policy.

    Parameters
    ----------
    days : ndarray of int64, shape (n_days,)
        All days with entries, increasing.
    picks : ndarray of int64, shape (n_resamples, n)
        Numbers of the days drawn, in order.
    weights : ndarray of shape (n_resamples, n_days)
        How often each was drawn.
    """

    days: NDArray[np.int64]
    picks: NDArray[np.int64]
    weights: Floats


def resamples(days: NDArray[np.int64], draws: int = RESAMPLES) -> Resamples:
    """Draw blocks of days.

    Parameters
    ----------
    days : ndarray of int64
        Days of trades, repeated and in any order.
    draws : int
        Resamples.

    Returns
    -------
    Resamples
        The same for the same days.
    """
    known = np.unique(days)
    picks = block_picks(len(known), BLOCK_DAYS, draws, seed=0)
    return Resamples(known, picks, weights_of(picks, len(known)))


def figures(entries: pd.DataFrame, pool: pd.DataFrame, drawn: Resamples) -> dict[str, Figure]:
    """Measure one policy.

    Parameters
    ----------
    entries : DataFrame of shape (n_trades, ...)
        Its trades, with `day`, `r`, `account_r`, `bp` and what `outrigger.study.work` keeps; at least one.
    pool : DataFrame of shape (n_pool, ...)
        Its trades from random entries.
    drawn : Resamples
        Of the days of both.

    Returns
    -------
    dict of str to Figure
        By the names in `KEYS`.
    """
    count, ones = len(entries), np.ones(len(entries))
    premature, capture = entries["premature_24h"].to_numpy(), entries["capture"].to_numpy()
    day = np.searchsorted(drawn.days, entries["day"].to_numpy())
    sized = entries["account_r"].to_numpy()
    liquidated = int(entries["liquidated"].sum())
    rare = wilson_interval(liquidated, count)
    return {
        "premature_stop_rate": _mean(premature, day, drawn),
        "trend_capture": _mean(capture, day, drawn),
        "liquidations": Figure(liquidated, rare[0] * count, rare[1] * count),
        "win_rate": _mean((entries["net"].to_numpy() > 0).astype(np.float64), day, drawn),
        "expectancy_bp": _mean(entries["bp"].to_numpy(), day, drawn),
        "expectancy_minus_null_bp": _less_null(entries, pool, day, drawn),
        "cvar95": cvar(sized, day, drawn),
        "max_drawdown": drawdown(_sums(sized, day, drawn), _sums(ones, day, drawn), drawn),
        "trades": Figure(count, count, count),
    }


def _sums(values: Floats, day: NDArray[np.int64], drawn: Resamples) -> Floats:
    summed: Floats = np.bincount(day, weights=values, minlength=len(drawn.days)).astype(np.float64)
    return summed


def _interval(value: float, resampled: Floats) -> Figure:
    known = resampled[np.isfinite(resampled)]
    if not known.size:
        return Figure(value, np.nan, np.nan)
    low, high = np.quantile(known, (0.025, 0.975))
    return Figure(value, float(low), float(high))


def _ratio(over: Floats, under: Floats) -> Floats:
    ratio: Floats = np.divide(over, under, out=np.full(len(over), np.nan), where=under > 0)
    return ratio


def mean_figure(values: Floats, days: NDArray[np.int64], drawn: Resamples) -> Figure:
    """Mean over trades, with its interval.

    Parameters
    ----------
    values : ndarray of shape (n_trades,)
        NaN does not count.
    days : ndarray of int64, shape (n_trades,)
        Day of each trade.
    drawn : Resamples
        Of these days.

    Returns
    -------
    Figure
        In the unit of the values.
    """
    return _mean(values, np.searchsorted(drawn.days, days), drawn)


def _mean(values: Floats, day: NDArray[np.int64], drawn: Resamples) -> Figure:
    """Mean over trades; NaN does not count."""
    known = np.isfinite(values)
    if not known.any():
        return Figure(np.nan, np.nan, np.nan)
    sums, counts = _sums(np.where(known, values, 0.0), day, drawn), _sums(known.astype(float), day, drawn)
    return _interval(float(values[known].mean()), _ratio(drawn.weights @ sums, drawn.weights @ counts))


def _less_null(entries: pd.DataFrame, pool: pd.DataFrame, day: NDArray[np.int64], drawn: Resamples) -> Figure:
    """Mean result less that of random entries, on the same resampled days."""
    if pool.empty:
        return Figure(np.nan, np.nan, np.nan)
    weight, of_pool = null_weights(entries, pool), np.searchsorted(drawn.days, pool["day"].to_numpy())
    ours, theirs = entries["bp"].to_numpy(), pool["bp"].to_numpy()
    if not weight.sum() > 0:
        return Figure(np.nan, np.nan, np.nan)
    value = float(ours.mean() - (weight * theirs).sum() / weight.sum())
    mean = _ratio(
        drawn.weights @ _sums(ours, day, drawn), drawn.weights @ _sums(np.ones(len(day)), day, drawn)
    )
    null = _ratio(
        drawn.weights @ _sums(weight * theirs, of_pool, drawn), drawn.weights @ _sums(weight, of_pool, drawn)
    )
    return _interval(value, mean - null)


def tail_mean(results: Floats) -> float:
    """Mean of the worst 5 % of results, at least one; NaN without results."""
    if not len(results):
        return float("nan")
    return float(np.sort(results)[: max(1, round(TAIL * len(results)))].mean())


def cvar(results: Floats, day: NDArray[np.int64], drawn: Resamples) -> Figure:
    """Mean of the worst 5 % of trades, a loss being negative.

    Parameters
    ----------
    results : ndarray of shape (n_trades,)
        In any unit.
    day : ndarray of int64, shape (n_trades,)
        Number of each trade's day among the days drawn from.
    drawn : Resamples
        The days.

    Returns
    -------
    Figure
        In the unit of the results.
    """
    total = drawn.weights @ _sums(np.ones(len(day)), day, drawn)
    worst = np.argsort(results, kind="stable")
    found = _tails(results, day, drawn.weights, total, worst[: max(1, round(_WORST * len(worst)))])
    missing = np.isnan(found)
    if missing.any():
        found[missing] = _tails(results, day, drawn.weights[missing], total[missing], worst)
    return _interval(tail_mean(results), found)


def _tails(
    results: Floats, day: NDArray[np.int64], weights: Floats, total: Floats, worst: NDArray[np.int64]
) -> Floats:
    """Weighted mean of the worst 5 % in each resample; NaN where the worst given do not make that many."""
    found = np.empty(len(weights))
    values, days = results[worst], day[worst]
    for number, (weight, count) in enumerate(zip(weights, total, strict=True)):
        wanted = TAIL * count
        heavy = np.cumsum(weight[days])
        if count == 0 or heavy[-1] < wanted:
            found[number] = np.nan
            continue
        last = int(np.searchsorted(heavy, wanted, side="left"))
        part = weight[days[: last + 1]].copy()
        part[-1] -= heavy[last] - wanted
        found[number] = part @ values[: last + 1] / wanted
    return found


def drawdown(sums: Floats, counts: Floats, drawn: Resamples) -> Figure:
    """Deepest fall of an account that risks one per cent of its start a day.

    Parameters
    ----------
    sums, counts : ndarray of shape (n_days,)
        Results in R of the trades entered on each day, and their number.
    drawn : Resamples
        The days; resamples put whole blocks one after the other.

    Returns
    -------
    Figure
        Fraction of the starting account.
    """
    daily = DAILY_RISK * np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    whole, resampled = _deepest(daily[None]), _deepest(daily[drawn.picks])
    return _interval(float(whole[0]), resampled)


def _deepest(changes: Floats) -> Floats:
    equity = np.cumsum(changes, axis=1)
    falls: Floats = np.fmax(np.maximum.accumulate(equity, axis=1), 0.0) - equity
    deepest: Floats = falls.max(axis=1)
    return deepest


def equity_path(entries: pd.DataFrame, days: Sequence[int]) -> Floats:
    """Account that the drawdown is that of, after each day, as a change of the starting account."""
    daily = entries.groupby("day")["account_r"].mean().reindex(list(days), fill_value=0.0)
    path: Floats = np.cumsum(DAILY_RISK * daily.to_numpy(dtype=np.float64))
    return path
