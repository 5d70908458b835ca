"""Keeps the stop of every open trade up to date, candle by candle.

The one mutable thing in this package: a table of frozen states. It knows neither Freqtrade nor the
clock; its caller says which trade, which pair and what time it is. Whatever cannot be read (no track, no
state) is answered with None, which means: leave the stop where it is.
"""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

from outrigger.stops.law import StopState, Widths, advance, is_crossed, open_stop
from outrigger.stops.track import StopTrack


class StopKeeper:
    """Stops of all open trades.

    Parameters
    ----------
    min_step : float
        Smallest move of a stop worth an order, as a fraction of the stop.
    """

    def __init__(self, min_step: float) -> None:
        self.min_step = min_step
        self._tracks: dict[str, StopTrack] = {}
        self._found: dict[str, tuple[int, int]] = {}
        self._states: dict[int, StopState] = {}

    def set_track(self, pair: str, track: StopTrack) -> None:
        """Replace a pair's candles and widths; states of its trades stay."""
        self._tracks[pair] = track
        self._found.pop(pair, None)

    def track(self, pair: str) -> StopTrack | None:
        """Candles and widths of a pair, or None before its first analysis."""
        return self._tracks.get(pair)

    def last_closed(self, pair: str, now_ms: int) -> int:
        """Row of a pair's last closed candle, -1 where there is none; the same moment is asked for often."""
        found = self._found.get(pair)
        if found is not None and found[0] == now_ms:
            return found[1]
        track = self._tracks.get(pair)
        row = track.last_closed(now_ms) if track else -1
        self._found[pair] = (now_ms, row)
        return row

    def state(self, trade_id: int) -> StopState | None:
        """State of a trade, or None where it is not known."""
        return self._states.get(trade_id)

    def put(self, trade_id: int, state: StopState) -> None:
        """Take over a state, as after a restart."""
        self._states[trade_id] = state

    def forget(self, open_ids: set[int]) -> None:
        """Drop all trades but the open ones."""
        for gone in self._states.keys() - open_ids:
            del self._states[gone]

    def widths(self, pair: str, side: int, now_ms: int) -> Widths | None:
        """Widths known now for an entry on a side; None where the protective distance is unknown."""
        track = self._tracks.get(pair)
        row = self.last_closed(pair, now_ms)
        if track is None or row < 0:
            return None
        widths = track.widths.of(side).at(row)
        return widths if isfinite(widths.protect) else None

    def open(self, trade_id: int, pair: str, side: int, entry: float, now_ms: int) -> StopState | None:
        """Start the stop of a trade that has just been filled.

        Parameters
        ----------
        trade_id : int
            Key of the trade; a state left over under the same key is replaced.
        pair : str
            The pair.
        side : int
            +1 for a long, -1 for a short.
        entry : float
            Fill price.
        now_ms : int
            Time of the fill in ms.

        Returns
        -------
        StopState or None
            None where the pair's widths are not known.
        """
        widths, track = self.widths(pair, side, now_ms), self._tracks.get(pair)
        if widths is None or track is None:
            return None
        state = open_stop(side, entry, widths, track.candle_end(now_ms))
        self._states[trade_id] = state
        return state

    def rebuild(
        self, trade_id: int, pair: str, side: int, entry: float, opened_ms: int, floor: float
    ) -> StopState | None:
        """Make a state for a trade whose own is lost, from the candles since its entry.

        Parameters
        ----------
        trade_id, pair, side, entry
            As in `open`.
        opened_ms : int
            When the trade was filled.
        floor : float
            Stop known from elsewhere; the new one is never less favourable.

        Returns
        -------
        StopState or None
            None before the pair's first analysis. Where the widths at the entry are no longer known, the
            floor serves as the protective stop and the trail goes on from the candles that are there.
        """
        if not floor > 0:
            return self.open(trade_id, pair, side, entry, opened_ms)
        track = self._tracks.get(pair)
        if track is None:
            return None
        widths = self.widths(pair, side, opened_ms)
        if widths is None:
            state = StopState(side, entry, floor, floor, entry, False, track.candle_end(opened_ms))
        else:
            state = open_stop(side, entry, widths, track.candle_end(opened_ms))
            state = replace(state, stop=side * max(side * state.stop, side * floor))
        self._states[trade_id] = state
        return state

    def update(self, trade_id: int, pair: str, now_ms: int) -> StopState | None:
        """Advance a trade's stop over all candles that have closed since the last call.

        Parameters
        ----------
        trade_id : int
            Key of the trade.
        pair : str
            The pair.
        now_ms : int
            Present time in ms.

        Returns
        -------
        StopState or None
            None where the trade is not known; the state as it is where the pair is not known.
        """
        state, track = self._states.get(trade_id), self._tracks.get(pair)
        if state is None or track is None:
            return state
        last = self.last_closed(pair, now_ms)
        if last < 0 or track.closed_at_ms[last] <= state.as_of_ms:
            return state
        first = last
        if last > 0 and track.closed_at_ms[last - 1] > state.as_of_ms:
            first = int(track.closed_at_ms.searchsorted(state.as_of_ms, side="right"))
        extremes, widths = track.extreme(state.side), track.widths.of(state.side)
        for row in range(first, last + 1):
            closed_at = int(track.closed_at_ms[row])
            state = advance(state, float(extremes[row]), widths.at(row), closed_at, self.min_step)
        self._states[trade_id] = state
        return state

    def crossed(self, trade_id: int, pair: str, now_ms: int) -> bool:
        """Tell whether the last closed price has already passed the trade's stop."""
        state, track = self._states.get(trade_id), self._tracks.get(pair)
        row = self.last_closed(pair, now_ms)
        if state is None or track is None or row < 0 or track.closed_at_ms[row] < state.as_of_ms:
            return False
        return is_crossed(state, float(track.close[row]))
