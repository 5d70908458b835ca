"""Candles laid out once for all pairs that look at them: at every candle a leader stands beside each pair.

Laying a week of candles out and working out a leader's columns is a third of what a live row costs, and the
same for all pairs. What was laid out last is kept for each pair and used again while its frame is the same:
as long, with the same newest candle. Kept by whoever asks for several pairs, for as long as it asks.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from outrigger.regime.features.bars import Bars
from outrigger.regime.features.cross import leader_columns
from outrigger.volatility.windows import Array

# A newest candle is told from any other by these.
_TOLD_BY = ("date", "close", "volume")


class LaidOut:
    """The newest candles of some pairs, laid out."""

    def __init__(self) -> None:
        self._bars: dict[str, tuple[tuple[Any, ...], Bars]] = {}
        self._columns: dict[str, tuple[Bars, int, dict[str, Array]]] = {}

    def bars(self, pair: str, frame: pd.DataFrame) -> Bars:
        """Lay a pair's 5m candles out, or give what was made of the same ones; see `Bars.from_frame`."""
        if frame.empty or not set(_TOLD_BY) <= set(frame.columns):
            return Bars.from_frame(frame)
        newest = (len(frame), *(frame[name].iloc[-1] for name in _TOLD_BY))
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
