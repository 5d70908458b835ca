"""The time of the week, as everybody's season and as the pair's own of the last days.

The clock enters as smooth waves: nothing jumps at midnight and few numbers are learned. It is New York's,
because the liveliest hours are Wall Street's and move against UTC twice a year; the shipped season, fitted
mostly in winter, is moved along. Beside it stands what the same hours of the days before did, which also
catches what no calendar knows: a listing, a war, a holiday. All of it speaks of the hours *after* the candle,
which is what a label covers.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from outrigger.regime.features.bars import Bars
from outrigger.regime.features.described import described, named
from outrigger.regime.features.volatility import log_ratio
from outrigger.volatility.grid import BARS_PER_DAY, BARS_PER_HOUR, BARS_PER_WEEK, MINUTES, CandleGrid
from outrigger.volatility.har_json import shipped_model
from outrigger.volatility.windows import Array

# Cycles a week: the week's own shape, then the day's.
HARMONICS = (1, 2, 3, 7, 14, 21, 28)
SEASON_BARS = (12, 48, 288)
_AHEAD = 48
_NEW_YORK = ZoneInfo("America/New_York")
_WINTER = timedelta(hours=-5)
_DAYS = 6

SPECS = (
    *(
        described(f"{wave}_{k}", "-1 to 1", "the clock", f"{wave}e of {k} cycles a week at the close")
        for k in HARMONICS
        for wave in ("sin", "cos")
    ),
    *(
        described(named("season", n), "log ratio", "the clock", "the coming hours are usually lively")
        for n in SEASON_BARS
    ),
    described("yesterday_ahead", "log ratio", "2d", "the hours ahead were lively yesterday"),
    described("days_ahead", "log ratio", "1w", "the hours ahead were lively on the last six days"),
    described(
        "livelier_than_usual", "log ratio", "1w", "the last four hours were lively for their time of day"
    ),
)


def summer_bars(grid: CandleGrid, wanted: int = 0) -> npt.NDArray[np.int64]:
    """Candles by which New York runs ahead of its winter time, 12 or 0, from a period on."""
    hours = np.arange(grid.first + wanted, grid.first + len(grid)) // BARS_PER_HOUR
    different, at = np.unique(hours, return_inverse=True)
    return np.array([_summer_bars(hour) for hour in different.tolist()], dtype=np.int64)[at]


@lru_cache(maxsize=16_384)
def _summer_bars(hour: int) -> int:
    """The same in one hour since 1970: clocks change on the hour."""
    ahead = datetime.fromtimestamp(hour * 3600, _NEW_YORK).utcoffset()
    assert ahead is not None
    return (ahead - _WINTER) // timedelta(minutes=MINUTES)


def wall_street_slots(grid: CandleGrid, wanted: int = 0) -> npt.NDArray[np.int64]:
    """Place of each candle in the week as New York's winter would have it in UTC, 0 to 2015."""
    return (grid.week_slots()[wanted:] + summer_bars(grid, wanted)) % BARS_PER_WEEK


def mean_of_present(values: Array) -> Array:
    """Mean over the first axis of what is there; NaN where nothing is."""
    present = np.isfinite(values)
    count = present.sum(axis=0)
    total = np.where(present, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def clock_features(bars: Bars) -> dict[str, Array]:
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
    slots = wall_street_slots(bars.grid, bars.wanted)
    angle = 2.0 * np.pi * (slots + 1) / BARS_PER_WEEK
    columns = {
        f"{name}_{k}": wave(k * angle) for k in HARMONICS for name, wave in (("sin", np.sin), ("cos", np.cos))
    }
    profile = shipped_model().profile
    for n in SEASON_BARS:
        ahead = np.ones(len(slots)) if profile is None else profile.ahead(n)[slots]
        columns[named("season", n)] = 0.5 * np.log(ahead)
    # The four hours that followed this time of day, against the day up to then.
    back = np.arange(1, _DAYS + 1) * BARS_PER_DAY
    hours = bars.means_ago(bars.span, _AHEAD, np.r_[back - _AHEAD, back[:-1], 0])
    day = bars.means_ago(bars.span, BARS_PER_DAY, back - BARS_PER_DAY)
    hours, day = (np.where(x > 0, x, np.nan) for x in (hours, day))
    days = hours[:_DAYS] / day
    columns["yesterday_ahead"] = log_ratio(days[0], 1.0)
    columns["days_ahead"] = log_ratio(mean_of_present(days), 1.0)
    columns["livelier_than_usual"] = log_ratio(hours[-1], mean_of_present(hours[_DAYS:-1]))
    return columns
