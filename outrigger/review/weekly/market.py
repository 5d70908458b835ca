"""What the market did while an account traded: candles from a Freqtrade data directory, on one clock.

A pair whose candles are missing, damaged or end too early is noted, and everything that does not need
them goes on. Five-minute candles mark equity; extremes come from the base candles where there are any,
because a stop is judged by what happened between five-minute closes too. A missing candle stays missing:
marks carry the last close forward, hindsight refuses to judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.errors import DataError
from outrigger.market.alignment import open_times_ms
from outrigger.market.candles import candle_path, mend, read_candles
from outrigger.market.moment import from_ms
from outrigger.market.timeframe import timeframe_ms
from outrigger.review.hindsight import Extremes, extremes_of
from outrigger.review.trade_measures import Floats

CHART = "5m"
CHART_MS = 300_000
DAY_MS = 86_400_000
Times = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Market:
    """Candles around an account's life.

    Parameters
    ----------
    clock : ndarray of int64, shape (n_times,)
        Closes of five-minute candles over that life, in ms since the epoch.
    closes : mapping of str to ndarray of shape (n_times,)
        Last known close by pair; NaN before the first.
    there : mapping of str to ndarray of bool, shape (n_times,)
        Whether the candle that closed then exists.
    charts : mapping of str to DataFrame
        Five-minute candles by pair, all that there are.
    extremes : mapping of str to Extremes
        Highs and lows by pair.
    absent : mapping of str to str
        Pairs without candles, and why.
    notes : tuple of str
        Further gaps, in words.
    """

    clock: Times
    closes: Mapping[str, Floats] = field(default_factory=dict)
    there: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    charts: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    extremes: Mapping[str, Extremes] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def price(self, pair: str, at_ms: int) -> tuple[int, float] | None:
        """Last close of a pair by a moment: when, and how much; None where there is none."""
        closes, there = self.closes.get(pair), self.there.get(pair)
        if closes is None or there is None:
            return None
        rows = np.flatnonzero(there[: int(self.clock.searchsorted(at_ms, side="right"))])
        return (int(self.clock[rows[-1]]), float(closes[rows[-1]])) if rows.size else None

    def missing(self, pair: str, from_ms_: int, until_ms: int) -> int:
        """Five-minute candles that are missing between two moments; all of them for an absent pair."""
        first, last = (int(self.clock.searchsorted(at, side="right")) for at in (from_ms_, until_ms))
        there = self.there.get(pair)
        return max(last - first, 0) if there is None else int((~there[first:last]).sum())


def clock_over(start_ms: int, end_ms: int) -> Times:
    """Closes of five-minute candles from the one before the start to the one that covers the end."""
    first = start_ms // CHART_MS * CHART_MS
    last = -(-end_ms // CHART_MS) * CHART_MS
    return np.arange(first, last + 1, CHART_MS, dtype=np.int64)


def read_market(
    datadir: Path | None, pairs: Sequence[str], timeframe: str, start_ms: int, end_ms: int
) -> Market:
    """Read all there is of some pairs.

    Parameters
    ----------
    datadir : Path or None
        Freqtrade's data directory; None leaves every pair absent.
    pairs : sequence of str
        Pairs traded.
    timeframe : str
        Base candles; five-minute ones stand in where there are none.
    start_ms, end_ms : int
        The account's life.

    Returns
    -------
    Market
        With what could be read, and why the rest could not.
    """
    clock = clock_over(start_ms, end_ms)
    charts: dict[str, pd.DataFrame] = {}
    extremes: dict[str, Extremes] = {}
    absent: dict[str, str] = {}
    if datadir is None or not datadir.is_dir():
        where = "no data directory: name it with --datadir" if datadir is None else f"{datadir}: no directory"
        return Market(clock, absent=dict.fromkeys(pairs, f"no candles, {where}; {_download(pairs)}"))
    for pair in pairs:
        try:
            charts[pair] = mend(read_candles(datadir, pair, CHART))
            fine = timeframe_ms(timeframe) < CHART_MS and candle_path(datadir, pair, timeframe).is_file()
            base = mend(read_candles(datadir, pair, timeframe)) if fine else charts[pair]
            extremes[pair] = extremes_of(base, timeframe if fine else CHART)
        except DataError as error:
            absent[pair] = str(error)
            charts.pop(pair, None)
    laid = {pair: on_clock(chart, clock, pair) for pair, chart in charts.items()}
    closes = {pair: marks for pair, (marks, _) in laid.items()}
    there = {pair: known for pair, (_, known) in laid.items()}
    return Market(clock, closes, there, charts, extremes, absent, _notes(charts, extremes, end_ms))


def _download(pairs: Sequence[str]) -> str:
    return (
        "run `freqtrade download-data --trading-mode futures --timeframes 1m 5m 15m 4h --pairs "
        f"{' '.join(pairs)}`"
    )


def on_clock(chart: pd.DataFrame, clock: Times, pair: str) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Lay closes out on a clock.

    Parameters
    ----------
    chart : DataFrame
        Five-minute candles.
    clock : ndarray of int64, shape (n_times,)
        Close times.
    pair : str
        For error messages.

    Returns
    -------
    closes : ndarray of shape (n_times,)
        Carried forward from the last candle known; NaN before the first.
    there : ndarray of bool, shape (n_times,)
        Whether the candle that closed then exists and has a price.
    """
    prices = chart["close"].to_numpy(dtype=np.float64)
    known = np.isfinite(prices)
    closed, prices = (open_times_ms(chart["date"], f"{pair} {CHART}") + CHART_MS)[known], prices[known]
    if not closed.size:
        return np.full(len(clock), np.nan), np.zeros(len(clock), dtype=bool)
    last = closed.searchsorted(clock, side="right") - 1
    marks = np.where(last >= 0, prices[np.maximum(last, 0)], np.nan)
    return marks, (last >= 0) & (closed[np.maximum(last, 0)] == clock)


def _notes(
    charts: Mapping[str, pd.DataFrame], extremes: Mapping[str, Extremes], end_ms: int
) -> tuple[str, ...]:
    """Pairs whose candles end long before the account does."""
    last = {pair: int(found.opened_at_ms[-1]) + found.length_ms for pair, found in extremes.items()}
    late = [pair for pair in charts if last[pair] < end_ms - DAY_MS]
    if not late:
        return ()
    ends = min(last[pair] for pair in late)
    return (
        f"candles of {', '.join(late)} end at {from_ms(ends):%Y-%m-%d %H:%M} UTC: "
        "run `freqtrade download-data` to judge what came after",
    )
