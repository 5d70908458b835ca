"""What the 15m and the 4h chart add: weeks of level, season and trend that five-minute start-up candles lack.

Freqtrade loads the same number of candles of every chart, so the slower ones see three weeks and most of a
year. They say whether the last day is lively or quiet against the weeks before, what the hours ahead did on
the nineteen days before, and where the price stands in its momentum and its channels, measured as the
three-chart signals measure them. A chart that is absent or stale gives missing values.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from outrigger.errors import DataError
from outrigger.market.alignment import align
from outrigger.regime.features.bars import Bars
from outrigger.regime.features.clock import mean_of_present
from outrigger.regime.features.described import described
from outrigger.regime.features.rolling import means_ago, means_from
from outrigger.regime.features.volatility import MEAN_RANGE, log_ratio
from outrigger.signals.channel import channel_position
from outrigger.signals.momentum import normalised_momentum
from outrigger.volatility.ranges import usable
from outrigger.volatility.windows import Array

# For each chart, candles looked back: levels of volatility, then momentum and channel.
LEVELS = {
    "15m": {96: "1d", 672: "7d", 1344: "14d", 1999: "21d"},
    "4h": {6: "1d", 42: "7d", 180: "30d"},
}
TRENDS = {"15m": {96: "1d", 672: "7d", 1344: "14d"}, "4h": {12: "2d", 42: "7d", 180: "30d"}}
_BARS_PER_CANDLE = {"15m": 3, "4h": 48}
_QUARTERS_PER_DAY, _QUARTERS_AHEAD, _DAYS = 96, 16, 19

LEVEL_SPECS = (
    *(
        described(
            f"level_{chart}_{length}", "log ratio", length, "livelier than the last day", f"{chart} candles"
        )
        for chart, lengths in LEVELS.items()
        for length in lengths.values()
    ),
    described("weeks_ahead", "log ratio", "20d", "the hours ahead were lively on 19 days", "15m candles"),
    described("last_week_ahead", "log ratio", "7d", "the hours ahead were lively a week ago", "15m candles"),
    described(
        "two_weeks_ahead", "log ratio", "14d", "the hours ahead were lively two weeks ago", "15m candles"
    ),
)
TREND_SPECS = tuple(
    described(f"{name}_{chart}_{length}", unit, length, meaning, f"{chart} candles")
    for chart, lengths in TRENDS.items()
    for length in lengths.values()
    for name, unit, meaning in (
        ("momentum", "deviations", "rose, in units of the noise it was made in"),
        ("channel", "-1 to 1", "close at the top of its channels"),
    )
)
_LEVEL_NAMES = tuple(spec.name for spec in LEVEL_SPECS)
_TREND_NAMES = tuple(spec.name for spec in TREND_SPECS)


def _checked(frame: pd.DataFrame, chart: str, pair: str) -> pd.DataFrame:
    absent = [name for name in ("date", "open", "high", "low", "close") if name not in frame.columns]
    if absent:
        raise DataError(f"{pair} {chart}: column(s) {', '.join(absent)} missing; pass Freqtrade's candles")
    return frame


def _season_ahead(sizes: Array, wanted: int) -> dict[str, Array]:
    """What the coming four hours' clock did on the days before, against the day up to then."""
    back = np.arange(1, _DAYS + 1) * _QUARTERS_PER_DAY
    ahead = means_ago(sizes, _QUARTERS_AHEAD, back - _QUARTERS_AHEAD, wanted)
    days = ahead / means_ago(sizes, _QUARTERS_PER_DAY, back - _QUARTERS_PER_DAY, wanted)
    return {
        "weeks_ahead": log_ratio(mean_of_present(days), 1.0),
        "last_week_ahead": log_ratio(days[6], 1.0),
        "two_weeks_ahead": log_ratio(days[13], 1.0),
    }


def _of_newest(measure: Callable[[Array, int], Array], close: Array, bars: int, wanted: int) -> Array:
    """Measure the last closes of a chart, from `wanted` on."""
    begin = max(wanted - bars, 0)
    return measure(close[begin:], bars)[wanted - begin :]


def chart_columns(frame: pd.DataFrame, chart: str, wanted: int) -> dict[str, Array]:
    """Columns of one chart from a candle on; levels are deviations of a five-minute candle as yet."""
    prices = [frame[name].to_numpy(dtype=np.float64) for name in ("open", "high", "low", "close")]
    sound = usable(*prices)
    _, high, low, close = (np.where(sound, price, np.nan) for price in prices)
    sizes = np.where(high > low, np.log(high / low), np.nan) / MEAN_RANGE
    levels = means_from(sizes, list(LEVELS[chart]), wanted)
    scale = np.sqrt(_BARS_PER_CANDLE[chart])
    columns = {
        f"level_{chart}_{name}": x / scale for name, x in zip(LEVELS[chart].values(), levels, strict=True)
    }
    if chart == "15m":
        columns |= _season_ahead(sizes, wanted)
    # A candle without a price repeats the last one known: a gap is no move.
    held: Array = close if sound.all() else np.asarray(pd.Series(close).ffill().bfill(), dtype=np.float64)
    # The channel of logarithms, so that it is the same upside down.
    for bars, name in TRENDS[chart].items():
        columns[f"momentum_{chart}_{name}"] = _of_newest(normalised_momentum, held, bars, wanted)
        columns[f"channel_{chart}_{name}"] = _of_newest(channel_position, np.log(held), bars, wanted)
    return columns


def slow_features(
    bars: Bars,
    dates: pd.Series,
    frames: dict[str, pd.DataFrame],
    pair: str,
    columns_of: Callable[[str, str, pd.DataFrame, int], dict[str, Array]],
) -> dict[str, Array]:
    """Compute the columns of `LEVEL_SPECS` and `TREND_SPECS` at each five-minute close.

    Parameters
    ----------
    bars : Bars
        The pair's 5m candles.
    dates : Series of datetime, shape (n_rows,)
        Opens of the newest 5m candles of the frame that `bars` was made of: the rows that are wanted.
    frames : dict of str to DataFrame
        The pair's candles by chart, `15m` and `4h`; an absent chart's columns are NaN.
    pair : str
        The pair.
    columns_of : callable
        `LaidOut.slow_columns`: `chart_columns` of a pair, a chart, its candles and the first one wanted.

    Returns
    -------
    dict of str to ndarray of shape (n_rows,)
        A row each date.

    Raises
    ------
    DataError
        A chart lacks a column or its dates do not increase.
    """
    found = dict.fromkeys((*_LEVEL_NAMES, *_TREND_NAMES), np.full(len(dates), np.nan))
    for chart in LEVELS:
        frame = frames.get(chart)
        if frame is None or frame.empty or not len(dates):
            continue
        # The newest candle of the base clock sees one of the chart's last two, or none; each of the chart's
        # candles before is seen as many times as it is longer.
        length = _BARS_PER_CANDLE[chart]
        asked = (len(bars) - bars.wanted + length - 2) // length + 2
        wanted = max(len(frame) - asked, 0)
        own = columns_of(pair, chart, _checked(frame, chart, pair), wanted)
        table = np.column_stack(list(own.values()))
        aligned = align(dates, "5m", frame["date"].iloc[wanted:], chart, table, pair=pair)
        found |= dict(zip(own, aligned.T, strict=True))
    unit = bars.unit[bars.grid.rows[-len(dates) :]] if len(dates) else np.empty(0)
    of_levels = [name for name in _LEVEL_NAMES if name.startswith("level")]
    return found | {name: log_ratio(found[name], unit) for name in of_levels}
