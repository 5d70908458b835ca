"""Entries of several kinds on one pair, as candles of the base chart at whose open they are made.

Every kind works on its own chart and fires at the close of a chart's candle; the trade is entered at the
open of the base candle that follows, as a bot would enter it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.market.alignment import open_times_ms
from outrigger.market.timeframe import timeframe_ms
from outrigger.settings.signals import SignalSettings
from outrigger.signals.donchian import donchian_signal, turns
from outrigger.signals.indicators import measure_charts, signals
from outrigger.signals.published import adx_sma, three_supertrends

Sides = npt.NDArray[np.int8]

DEFAULT = "confluence"
# Half a day, or two days, to sixteen days, each twice the one before; the paper's are five days to a year.
HOURLY, FOUR_HOURLY = (12, 24, 48, 96, 192, 384), (12, 24, 48, 96)


@dataclass(frozen=True, slots=True)
class ChartEntry:
    """A kind of entry that looks at one chart.

    Parameters
    ----------
    chart : str
        Its timeframe.
    fire : callable
        From the chart's candles to 1, -1 and 0 at each candle's close.
    """

    chart: str
    fire: Callable[[pd.DataFrame], Sides]


def _donchian(lookbacks: tuple[int, ...]) -> Callable[[pd.DataFrame], Sides]:
    return lambda candles: turns(donchian_signal(candles["close"].to_numpy(np.float64), lookbacks))


def _published(
    entries: Callable[[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]], Sides],
) -> Callable[[pd.DataFrame], Sides]:
    return lambda candles: entries(*(candles[name].to_numpy(np.float64) for name in ("high", "low", "close")))


KINDS: Mapping[str, ChartEntry] = {
    "donchian 1h": ChartEntry("1h", _donchian(HOURLY)),
    "donchian 4h": ChartEntry("4h", _donchian(FOUR_HOURLY)),
    "adx-sma 1h": ChartEntry("1h", _published(adx_sma)),
    "supertrend 1h": ChartEntry("1h", _published(three_supertrends)),
}


def charts_needed(settings: SignalSettings) -> tuple[str, ...]:
    """Charts that the kinds look at, beside the base."""
    own = (kind.chart for kind in KINDS.values())
    return tuple(dict.fromkeys((settings.middle_chart, settings.slow_chart, *own)))


def entry_rows(
    frames: Mapping[str, pd.DataFrame], base: str, pair: str, settings: SignalSettings
) -> dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Where each kind enters.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Closed candles by timeframe: the base, and those of `charts_needed`.
    base : str
        Base timeframe.
    pair : str
        Pair, for error messages.
    settings : SignalSettings
        Of the default entry.

    Returns
    -------
    dict of str to (rows, sides)
        By kind, the default one first: base candles at whose open it enters, and +1 or -1.

    Raises
    ------
    DataError
        If a chart is missing or malformed.
    """
    own = signals(measure_charts(frames, base, settings, pair), base, settings)["entry"]
    fired = own.to_numpy(dtype=np.int64)
    at = np.flatnonzero(fired)
    found = {DEFAULT: (at + 1, fired[at])}
    opened = open_times_ms(frames[base]["date"], f"{pair} {base}")
    for name, kind in KINDS.items():
        found[name] = _on_base(opened, frames[kind.chart], kind, pair)
    return found


def _on_base(
    opened: npt.NDArray[np.int64], candles: pd.DataFrame, kind: ChartEntry, pair: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Base candles that open when a chart's candle has fired and closed."""
    fired = kind.fire(candles).astype(np.int64)
    closed = open_times_ms(candles["date"], f"{pair} {kind.chart}") + timeframe_ms(kind.chart)
    at = np.flatnonzero(fired)
    rows = np.searchsorted(opened, closed[at])
    there = rows < opened.size
    there[there] = opened[rows[there]] == closed[at][there]
    return rows[there].astype(np.int64), fired[at][there]
