"""Each trade's stop and the reasons for its size, kept in the trade's own custom data.

A backtest keeps nothing: it never restarts, and Freqtrade scans all custom data at every access.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from freqtrade.persistence import LocalTrade

from outrigger.bot.faults import FaultLog
from outrigger.errors import StateError
from outrigger.market.moment import to_ms
from outrigger.stops.document import KEY, TradeDocument, loads
from outrigger.stops.keeper import StopKeeper
from outrigger.stops.law import StopState

HOUR_MS = 3_600_000


def side_of(trade: LocalTrade) -> int:
    """Return +1 for a long, -1 for a short."""
    return -1 if trade.is_short else 1


class TradeRecords:
    """Opens, advances, stores and restores the stops of Freqtrade's trades.

    Parameters
    ----------
    keeper : StopKeeper
        Where the states live.
    faults : FaultLog
        Told of documents that cannot be read.
    stored : bool
        Whether states are written to custom data.
    """

    def __init__(self, keeper: StopKeeper, faults: FaultLog, *, stored: bool) -> None:
        self._keeper = keeper
        self._faults = faults
        self._stored = stored
        self._documents: dict[int, TradeDocument] = {}

    def opened(self, trade: LocalTrade, policy: str, size: dict[str, Any], now_ms: int) -> StopState | None:
        """Start a trade's stop at its first fill and record why the trade has its size.

        Parameters
        ----------
        trade : Trade
            Just filled.
        policy : str
            Policy of the stop.
        size : dict
            Why the trade has its size and leverage.
        now_ms : int
            Time of the fill.

        Returns
        -------
        StopState or None
            None where the pair has no forecast.
        """
        state = self._keeper.open(trade.id, trade.pair, side_of(trade), trade.open_rate, now_ms)
        if state is not None:
            self._store(trade, TradeDocument(state, policy, size))
        return state

    def advanced(self, trade: LocalTrade, policy: str, now_ms: int) -> StopState | None:
        """Bring a trade's stop up to date, after a restart from its document.

        Parameters
        ----------
        trade : Trade
            An open trade.
        policy : str
            Policy to record if the document is lost.
        now_ms : int
            Present time.

        Returns
        -------
        StopState or None
            None before the pair's first analysis.
        """
        if self._keeper.state(trade.id) is None:
            self._restore(trade, policy)
        state = self._keeper.update(trade.id, trade.pair, now_ms)
        kept = self._documents.get(trade.id)
        if state is not None and kept is not None:
            moved = (state.stop, state.armed) != (kept.stop.stop, kept.stop.armed)
            # An hourly write keeps the candles that a restart has to read again within Freqtrade's frame.
            if moved or state.as_of_ms - kept.stop.as_of_ms >= HOUR_MS:
                self._store(trade, replace(kept, stop=state))
        return state

    def note(self, trade: LocalTrade, key: str, text: str) -> None:
        """Add a remark to a trade's record, where one is kept."""
        kept = self._documents.get(trade.id)
        if kept is not None:
            self._store(trade, replace(kept, size={**kept.size, key: text}))

    def remark(self, trade: LocalTrade, topic: str, key: str, text: str) -> bool:
        """Add one of several remarks on a topic to a trade's record, once.

        Parameters
        ----------
        trade : Trade
            An open trade.
        topic, key : str
            What it is about, and what tells it from the topic's other remarks.
        text : str
            The remark.

        Returns
        -------
        bool
            Whether it is new; False too where no record is kept yet.
        """
        kept = self._documents.get(trade.id)
        said = kept.size.get(topic, {}) if kept is not None else {}
        if kept is None or key in said:
            return False
        self._store(trade, replace(kept, size={**kept.size, topic: {**said, key: text}}))
        return True

    def drawn(self, trade: LocalTrade, state: StopState) -> None:
        """Take over a stop that was drawn nearer from outside the law, and store it."""
        self._keeper.put(trade.id, state)
        kept = self._documents.get(trade.id)
        if kept is not None:
            self._store(trade, replace(kept, stop=state))

    def forget(self, open_ids: set[int]) -> None:
        """Drop all trades but the open ones."""
        self._keeper.forget(open_ids)
        self._documents = {key: kept for key, kept in self._documents.items() if key in open_ids}

    def _restore(self, trade: LocalTrade, policy: str) -> None:
        """Take a stop over from its document, or rebuild it from Freqtrade's own stop and the candles."""
        text = trade.get_custom_data(KEY)
        try:
            if text is not None:
                self._documents[trade.id] = kept = loads(text)
                self._keeper.put(trade.id, kept.stop)
                return
        except StateError as error:
            self._faults.record("stop state", trade.pair, error, "the stop is rebuilt from the candles")
        floor, opened = trade.stop_loss or 0.0, to_ms(trade.date_entry_fill_utc or trade.open_date_utc)
        state = self._keeper.rebuild(trade.id, trade.pair, side_of(trade), trade.open_rate, opened, floor)
        if state is not None:
            self._store(trade, TradeDocument(state, policy, {}))

    def _store(self, trade: LocalTrade, kept: TradeDocument) -> None:
        if self._stored:
            self._documents[trade.id] = kept
            trade.set_custom_data(KEY, kept.dumps())
