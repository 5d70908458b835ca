"""Puts a leg's entry into the frame of the pair that may carry it, before any trade exists.

Freqtrade asks for a leg only on candles whose frame says so, and in a backtest frames are made before the
first trade. So a candidate is marked, opposite to each primary's entry event, from that event on for as long
as a leg may still be opened; whether one is wanted is decided when Freqtrade asks for its stake. The pair's
own entries come first, and one candle holds one direction, because a candle with both enters neither.

Weak: where two primaries on opposite sides want legs at the same time, the later event has the candles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outrigger.hedge.tag import PREFIX
from outrigger.market.alignment import open_times_ms
from outrigger.market.timeframe import timeframe_ms
from outrigger.settings.hedge import HedgeSettings

MINUTE_MS = 60_000

Sides = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class EntryEvents:
    """When a primary may be entered: close times of the candles, and the sides."""

    closed_at_ms: NDArray[np.int64]
    side: Sides


def events_of(frame: pd.DataFrame, timeframe: str) -> EntryEvents:
    """Read a frame's own entries.

    Parameters
    ----------
    frame : DataFrame
        With `date`, `enter_long` and `enter_short`, not yet marked for legs.
    timeframe : str
        Length of a candle.

    Returns
    -------
    EntryEvents
        Of the candles that enter.
    """
    side = np.asarray(frame["enter_long"], dtype=np.int8) - np.asarray(frame["enter_short"], dtype=np.int8)
    rows = np.flatnonzero(side)
    closed = open_times_ms(frame["date"].iloc[rows], "entries") + timeframe_ms(timeframe)
    return EntryEvents(closed, side[rows])


class LegSignals:
    """Entry events of all primaries, and the marks that they leave on their candidates.

    Parameters
    ----------
    settings : HedgeSettings
        Who may carry whose leg, and for how long one may still be opened.
    timeframe : str
        The strategy's timeframe.
    """

    def __init__(self, settings: HedgeSettings, timeframe: str) -> None:
        self._settings, self._timeframe = settings, timeframe
        self._events: dict[str, EntryEvents] = {}
        self._frames: dict[str, pd.DataFrame] = {}

    def keep(self, primary: str, frame: pd.DataFrame, whitelist: Sequence[str]) -> None:
        """Keep the measures of a primary that is analysed after one of its candidates.

        Parameters
        ----------
        primary : str
            The pair.
        frame : DataFrame
            What its signals are made of, without its prices.
        whitelist : sequence of str
            Pairs in Freqtrade's order; one that names primaries first has nothing kept.
        """
        order = {pair: place for place, pair in enumerate(whitelist)}
        here = order.get(primary, -1)
        if any(order.get(leg, here) < here for leg in self._settings.legs_of(primary)):
            prices = ["open", "high", "low", "close", "volume"]
            self._frames[primary] = frame.drop(columns=prices, errors="ignore")

    def note(self, pair: str, frame: pd.DataFrame) -> None:
        """Take down a pair's own entries, if it may be a primary."""
        if self._settings.legs_of(pair):
            self._events[pair] = events_of(frame, self._timeframe)

    def foresee(self, pair: str, enter: Callable[[pd.DataFrame], None]) -> None:
        """Work out the entries of primaries that a backtest analyses after this candidate.

        Parameters
        ----------
        pair : str
            The candidate.
        enter : callable
            Marks the entries of a frame of measures.
        """
        for primary in self._settings.primaries_of(pair):
            if primary in self._frames:
                frame = self._frames[primary].copy(deep=False)
                enter(frame)
                self.note(primary, frame)

    def mark(self, frame: pd.DataFrame, pair: str, wanted: tuple[int, str] | None = None) -> None:
        """Mark a candidate's frame.

        Parameters
        ----------
        frame : DataFrame
            Analysed candles with the pair's own entries; gets the legs'.
        pair : str
            The candidate.
        wanted : tuple of int and str, optional
            Side of a leg that an open primary wants at the last candle, and the primary's pair: known only
            to a running bot.
        """
        primaries = self._settings.primaries_of(pair)
        if not primaries or frame.empty:
            return
        closed = open_times_ms(frame["date"], pair) + timeframe_ms(self._timeframe)
        side, owner = self._wanted(closed, primaries)
        if wanted is not None and side[-1] == 0:
            side[-1], owner[-1] = wanted[0], primaries.index(wanted[1])
        side[((frame["enter_long"] == 1) | (frame["enter_short"] == 1)).to_numpy()] = 0
        tags = np.array([leg_signal_tag(primary) for primary in primaries], dtype=object)
        frame["enter_long"] = np.where(side > 0, 1, frame["enter_long"])
        frame["enter_short"] = np.where(side < 0, 1, frame["enter_short"])
        frame["enter_tag"] = np.where(side != 0, tags[owner], frame["enter_tag"])

    def _wanted(self, closed: NDArray[np.int64], primaries: Sequence[str]) -> tuple[Sides, NDArray[np.intp]]:
        """Side of the leg that may be wanted at each close, and whose it is; the latest event counts."""
        side, owner = np.zeros(len(closed), dtype=np.int8), np.zeros(len(closed), dtype=np.intp)
        newest = np.full(len(closed), np.iinfo(np.int64).min)
        window = round(self._settings.entry_minutes * MINUTE_MS)
        for number, primary in enumerate(primaries):
            events = self._events.get(primary)
            if events is None or not events.side.size:
                continue
            last = events.closed_at_ms.searchsorted(closed, side="right") - 1
            at = events.closed_at_ms[last]
            later = (last >= 0) & (closed - at < window) & (at > newest)
            side[later], owner[later], newest[later] = -events.side[last[later]], number, at[later]
        return side, owner


def leg_signal_tag(primary: str) -> str:
    """Tag of a leg's signal: its primary's trade has no number yet."""
    return f"{PREFIX}{primary.partition('/')[0]}"
