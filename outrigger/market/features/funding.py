"""Funding columns: what the crowd pays to keep its side, against what it used to pay.

Raw levels drift over the years and differ between pairs, so beside the level stand its change, its
percentile in the pair's own 90 days and how long it has kept its sign. The rate is the one charged last, as
funding candles hold it: what will be charged next is an estimate and appears as such. A settled rate counts
from a minute after its event: exchanges need a moment to publish it, and a live bot must agree with a
backtest. Rates are per eight hours, whatever interval the pair is charged at (see `funding_interval`), and
stand until an hour after the charge that should have replaced them.
Weak: the percentile needs ten days of history before it speaks.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.market.alignment import open_times_ms
from outrigger.market.features.asof import Array, Readings, Times, carry, earlier, last_known, readings
from outrigger.market.features.funding_interval import (
    INTERVALS_H,
    USUAL_MS,
    charge_intervals_ms,
    per_eight_hours,
    schedule_intervals_ms,
)
from outrigger.market.features.norm import HOUR_MS, trailing_percentile
from outrigger.market.features.spec import FeatureSpec

PUBLISHED_AFTER_MS: Final = 60_000
MAX_AGE_S: Final = 9 * 3600
PREDICTED_MAX_AGE_S: Final = 900
_CELL_MS: Final = 8 * HOUR_MS
_SLACK_MS: Final = 60_000
_CELLS: Final = 270
_MINIMUM_CELLS: Final = 30
_RUN_CAP_H: Final = 720.0
# Readings further apart than this say nothing about the sign in between.
_RUN_GAP_MS: Final = 24 * HOUR_MS
FUNDING_COLUMNS: Final = ("funding_rate", "predicted_funding_rate", "next_funding_ms")

_RATE = "funding_rate of funding candles or of metrics"
FUNDING_FEATURES: Final = (
    FeatureSpec("funding_rate", "fraction per 8 h", "the last event", _RATE, MAX_AGE_S, "longs pay shorts"),
    FeatureSpec(
        "funding_change_8h", "fraction per 8 h", "8 h to 9 h before", _RATE, MAX_AGE_S, "longs pay more"
    ),
    FeatureSpec(
        "funding_percentile_90d",
        "0 to 1",
        "90 days of 8 h readings before, at least 30 of them",
        _RATE,
        MAX_AGE_S,
        "longs seldom paid as much",
    ),
    FeatureSpec(
        "funding_sign_run_h",
        "hours, signed",
        "up to 30 days",
        _RATE,
        MAX_AGE_S,
        "longs (negative: shorts) have paid that long at the last reading",
    ),
    FeatureSpec(
        "funding_expected_change",
        "fraction per 8 h",
        "the reading",
        "predicted_funding_rate and funding_rate of metrics",
        PREDICTED_MAX_AGE_S,
        "the next event will cost longs more than the last",
    ),
    FeatureSpec(
        "funding_next_h",
        "hours",
        "the schedule",
        "next_funding_ms of metrics or spacing of funding candles",
        MAX_AGE_S,
        "the next event is far off",
    ),
)
FUNDING_NAMES: Final = tuple(spec.name for spec in FUNDING_FEATURES)


def funding_rows(candles: pd.DataFrame, pair: str) -> pd.DataFrame:
    """Turn Freqtrade's funding candles into rows with the times at which they were known.

    Parameters
    ----------
    candles : DataFrame
        `date` of each funding event and `funding_rate`; rows without a rate are left out. Left as it is.
    pair : str
        Pair, for error messages.

    Returns
    -------
    DataFrame
        `time_ms`, `known_ms` and `FUNDING_COLUMNS`, rates per eight hours; the next event is as far away as
        the last one was.

    Raises
    ------
    DataError
        If a date is missing, repeated or goes back.
    """
    told = candles["funding_rate"].to_numpy(np.float64)
    paid = ~np.isnan(told)
    dates = candles["date"] if paid.all() else candles["date"][paid]
    times = open_times_ms(dates, f"{pair} funding")
    hours = np.round(np.diff(times) / HOUR_MS)
    # An event missing from the file is no longer interval: the next one is then unknown.
    interval = np.concatenate(([np.nan], np.where(np.isin(hours, INTERVALS_H), hours * HOUR_MS, np.nan)))
    return pd.DataFrame(
        {
            "time_ms": times,
            "known_ms": times + PUBLISHED_AFTER_MS,
            "funding_rate": per_eight_hours(told[paid], charge_intervals_ms(times)),
            "predicted_funding_rate": np.nan,
            "next_funding_ms": times + interval[: len(times)],
        }
    )


def metrics_funding(rows: pd.DataFrame) -> pd.DataFrame:
    """Rates of the metrics table per eight hours.

    Parameters
    ----------
    rows : DataFrame
        Rows of the metrics table, which hold rates as the exchange states them. Left as it is.

    Returns
    -------
    DataFrame
        The same rows; the interval is that between the charges announced so far.
    """
    intervals = schedule_intervals_ms(rows["next_funding_ms"].to_numpy(np.float64))
    if (intervals == USUAL_MS).all():
        return rows
    scaled = {
        name: per_eight_hours(rows[name].to_numpy(np.float64), intervals)
        for name in ("funding_rate", "predicted_funding_rate")
    }
    return rows.assign(**scaled)


def _sign_run_h(time_ms: Times, rate: Array) -> Array:
    """Hours since the first reading of the present sign, negative where shorts pay."""
    run = np.full(len(rate), np.nan)
    present = np.flatnonzero(np.isfinite(rate))
    if not present.size:
        return run
    times, sign = time_ms[present], np.sign(rate[present])
    breaks = (np.diff(sign) != 0) | (np.diff(times) > _RUN_GAP_MS)
    begins = np.concatenate(([True], breaks))
    start = np.maximum.accumulate(np.where(begins, np.arange(begins.size), 0))
    run[present] = sign * np.minimum((times - times[start]) / HOUR_MS, _RUN_CAP_H)
    return run


def _row_features(rows: Readings, since_ms: int) -> dict[str, Array]:
    """Features of each row; the slow one only of rows that are young enough at some moment."""
    rate = rows.values["funding_rate"]
    first = int(np.searchsorted(rows.time_ms, since_ms))
    cells = rows.known_ms // _CELL_MS
    return {
        "funding_rate": rate,
        "funding_change_8h": rate - earlier(rows.time_ms, rate, _CELL_MS, _SLACK_MS, HOUR_MS),
        "funding_percentile_90d": trailing_percentile(cells, rate, _CELLS, _MINIMUM_CELLS, first),
        "funding_sign_run_h": _sign_run_h(rows.time_ms, rate),
        "funding_expected_change": rows.values["predicted_funding_rate"] - rate,
        "funding_next_h": rows.values["next_funding_ms"],
    }


def _overdue(
    table: Readings, last: npt.NDArray[np.intp], clock_ms: Times, next_ms: Array
) -> npt.NDArray[np.bool_]:
    """Where the charge that should have replaced the last rate was due an hour ago."""
    told_ms = np.where(np.isfinite(table.values["funding_rate"]), table.time_ms, np.nan)
    read_ms = carry(told_ms, last, clock_ms, table.time_ms, MAX_AGE_S * 1000)
    return (clock_ms > next_ms + HOUR_MS) & (read_ms < next_ms)


def funding_features(rows: pd.DataFrame, clock_ms: Times) -> pd.DataFrame:
    """Funding columns at each moment of a clock, as a frame; see `funding_columns`."""
    return pd.DataFrame(funding_columns(rows, clock_ms))


def funding_columns(rows: pd.DataFrame, clock_ms: Times) -> dict[str, Array]:
    """Funding columns at each moment of a clock.

    Parameters
    ----------
    rows : DataFrame
        `funding_rows` of funding candles, or `metrics_funding`, from 90 days before the clock.
    clock_ms : ndarray of int64, shape (n_moments,)
        Closes of the base candles, milliseconds since 1970.

    Returns
    -------
    dict of str to ndarray of shape (n_moments,)
        The columns of `FUNDING_FEATURES`; moment i uses rows with `known_ms` <= clock_ms[i] alone.

    Raises
    ------
    DataError
        If a column is missing, rows are out of order or the clock is not in whole milliseconds.
    """
    table = readings(rows, FUNDING_COLUMNS, "funding")
    last = last_known(clock_ms, table.known_ms)
    features = _row_features(table, (int(clock_ms.min()) if clock_ms.size else 0) - MAX_AGE_S * 1000)
    columns = {
        spec.name: carry(features[spec.name], last, clock_ms, table.time_ms, spec.age_limit_s * 1000)
        for spec in FUNDING_FEATURES
    }
    overdue = _overdue(table, last, clock_ms, columns["funding_next_h"])
    columns |= {
        name: np.where(overdue, np.nan, column)
        for name, column in columns.items()
        if name != "funding_next_h"
    }
    left = (columns["funding_next_h"] - clock_ms) / HOUR_MS
    # A schedule that has passed without word of the event says nothing about the one after.
    columns["funding_next_h"] = np.where(left >= 0, left, np.nan)
    return columns
