"""Candles laid out once for all pairs that look at them, and for as long as they are the newest.

At every candle a leader stands beside each pair, and a slower chart's newest candle stays what it is for many
fast ones. What was made last is kept for each pair and used again while its frame is the same: as long, with
the same newest candle. Kept by whoever asks for several pairs, for as long as it asks.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from outrigger.regime.features.bars import Bars
from outrigger.regime.features.cross import leader_columns
from outrigger.regime.features.slow_charts import chart_columns
from outrigger.volatility.windows import Array

# A newest candle is told from any other by these.
_TOLD_BY = ("date", "close", "volume")


class LaidOut:
    """The newest candles of some pairs, laid out."""

    def __init__(self) -> None:
        self._bars: dict[str, tuple[tuple[Any, ...], Bars]] = {}
        self._columns: dict[str, tuple[Bars, int, dict[str, Array]]] = {}
        self._slow: dict[tuple[str, str], tuple[tuple[Any, ...], int, dict[str, Array]]] = {}

    def bars(self, pair: str, frame: pd.DataFrame) -> Bars:
        """Lay a pair's 5m candles out, or give what was made of the same ones; see `Bars.from_frame`."""
        newest = _told(frame)
        if newest is None:
            return Bars.from_frame(frame)
        kept = self._bars.get(pair)
        if kept is None or kept[0] != newest:
            kept = self._bars[pair] = (newest, Bars.from_frame(frame))
        return kept[1]

    def leading(self, pair: str, leader: Bars, period: int) -> dict[str, Array]:
        """Columns of a leader from a period on, or those made of the same bars; see `leader_columns`."""
        kept = self._columns.get(pair)
        if kept is None or kept[0] is not leader or kept[1] != period:
            kept = self._columns[pair] = (leader, period, leader_columns(leader.since(period)))
        return kept[2]

    def slow_columns(self, pair: str, chart: str, frame: pd.DataFrame, wanted: int) -> dict[str, Array]:
        """Columns of a pair's slower chart, or those made of the same candles; see `chart_columns`."""
        newest = _told(frame)
        if newest is None:
            return chart_columns(frame, chart, wanted)
        kept = self._slow.get((pair, chart))
        if kept is None or kept[0] != newest or kept[1] != wanted:
            made = chart_columns(frame, chart, wanted)
            kept = self._slow[pair, chart] = (newest, wanted, made)
        return kept[2]


def _told(frame: pd.DataFrame) -> tuple[Any, ...] | None:
    """What tells a frame from a longer, later or mended one; None where nothing does."""
    if frame.empty:
        return None
    try:
        return (len(frame), *(frame[name].array[-1] for name in _TOLD_BY))
    except KeyError:
        return None
