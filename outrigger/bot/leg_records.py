"""Which trades are legs, whose, and where they are in their lives: remembered, stored, and found again.

The tag says that a trade is a leg, and once it is filled the primary's number is in it. Everything else
stands in one JSON document in the leg's custom data, written when it changes. A backtest keeps nothing on
disk: it never restarts. A document that is lost is made anew from the tag and from Freqtrade's own stop.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from freqtrade.persistence import LocalTrade, Trade

from outrigger.bot.faults import FaultLog
from outrigger.bot.records import side_of
from outrigger.errors import StateError
from outrigger.hedge.document import KEY, LegDocument, loads
from outrigger.hedge.life import LegLife, Phase, PrimaryNow, ending_of
from outrigger.hedge.tag import PREFIX, parse_tag, tag_of
from outrigger.market.moment import to_ms


def is_leg(tag: str | None) -> bool:
    """Whether an entry tag is a leg's, its primary's number in it or not."""
    return (tag or "").startswith(PREFIX)


def trades_proxy(**wanted: Any) -> list[Any]:
    """Freqtrade's trades as they are, not the copies that callbacks are given."""
    return list(Trade.get_trades_proxy(**wanted))


class LegRecords:
    """Documents of all open legs.

    Parameters
    ----------
    faults : FaultLog
        Told of documents that cannot be read.
    stored : bool
        Whether documents are written to custom data.
    """

    def __init__(self, faults: FaultLog, *, stored: bool) -> None:
        self._faults, self._stored = faults, stored
        self._documents: dict[int, LegDocument] = {}
        self._hedged: set[int] | None = None if stored else set()

    def restart(self) -> None:
        """Forget every trade, as at the start of a backtest."""
        self._documents.clear()
        self._hedged = None if self._stored else set()

    def known(self, trade_id: int) -> LegDocument | None:
        """Document of a leg, if it has been opened or found again."""
        return self._documents.get(trade_id)

    def hedged(self, primary_id: int) -> bool:
        """Whether a primary has or had a leg: one each, never opened again."""
        if self._hedged is None:
            found = (parse_tag(trade.enter_tag) for trade in trades_proxy())
            self._hedged = {tag.primary_id for tag in found if tag is not None}
        return primary_id in self._hedged

    def opened(self, trade: LocalTrade, primary: LocalTrade, decision: dict[str, Any], now_ms: int) -> None:
        """Start a leg's life at its first fill: number its tag and write its document."""
        tag = tag_of(primary.pair, primary.id)
        self.rename(trade, enter_tag=tag)
        if not self.hedged(primary.id) and self._hedged is not None:
            self._hedged.add(primary.id)
        life = LegLife(primary.id, side_of(trade), Phase.PAIRED, now_ms)
        self.put(trade, LegDocument(life, now_ms, decision))

    def put(self, trade: LocalTrade, document: LegDocument) -> None:
        """Take over a document, and store it."""
        self._documents[trade.id] = document
        if self._stored:
            trade.set_custom_data(KEY, document.dumps())

    def remark(self, trade: LocalTrade, topic: str, key: str, text: str) -> bool:
        """Add one of several remarks on a topic to a leg's record, once; says whether it is new."""
        document = self.of(trade)
        said = document.decision.get(topic, {})
        if key in said:
            return False
        decision = document.decision | {topic: {**said, key: text}}
        self.put(trade, replace(document, decision=decision))
        return True

    def of(self, trade: LocalTrade) -> LegDocument:
        """Document of a leg, after a restart from its custom data, else made from its tag."""
        found = self._documents.get(trade.id)
        if found is None:
            found = self._documents[trade.id] = self._restored(trade) or self._adopted(trade)
        return found

    def forget(self, open_ids: set[int]) -> None:
        """Drop all legs but the open ones."""
        for gone in self._documents.keys() - open_ids:
            del self._documents[gone]

    @staticmethod
    def rename(trade: LocalTrade, **names: str) -> None:
        """Set an entry tag or an exit reason on the trade itself, of which callbacks hold a copy."""
        for found in trades_proxy(pair=trade.pair):
            if found.id == trade.id:
                for name, value in names.items():
                    setattr(found, name, value)

    def _restored(self, trade: LocalTrade) -> LegDocument | None:
        text = trade.get_custom_data(KEY) if self._stored else None
        try:
            return None if text is None else loads(text)
        except StateError as error:
            self._faults.record("hedge leg", trade.pair, error, "the leg starts again as paired")
            return None

    def _adopted(self, trade: LocalTrade) -> LegDocument:
        """A leg without a document: its number from the tag, else its coin's latest trade before it."""
        tag, opened = parse_tag(trade.enter_tag), to_ms(trade.open_date_utc)
        # A number that is the leg's own names no primary: it will be an orphan.
        number = trade.id if tag is None else tag.primary_id
        if tag is None:
            coin = (trade.enter_tag or "")[len(PREFIX) :]
            for other in sorted(trades_proxy(), key=lambda other: other.id):
                before = other.id < trade.id and other.is_short != trade.is_short
                if before and other.pair.startswith(f"{coin}/") and not is_leg(other.enter_tag):
                    number = other.id
        return LegDocument(LegLife(number, side_of(trade), Phase.PAIRED, opened), opened, {})


def primary_now(
    primary_id: int, open_trades: Iterable[LocalTrade]
) -> tuple[LocalTrade | None, PrimaryNow | None]:
    """What became of a leg's primary.

    Parameters
    ----------
    primary_id : int
        Number of its trade.
    open_trades : iterable of LocalTrade
        All open trades.

    Returns
    -------
    trade : LocalTrade or None
        The primary's trade, open or closed; None where there is none.
    now : PrimaryNow or None
        The same for `outrigger.hedge.life`.
    """
    for trade in open_trades:
        if trade.id == primary_id and not is_leg(trade.enter_tag):
            return trade, PrimaryNow()
    for trade in reversed(trades_proxy(is_open=False)):
        if trade.id == primary_id and not is_leg(trade.enter_tag):
            closed_at = to_ms(trade.close_date_utc or trade.open_date_utc)
            return trade, PrimaryNow(closed_at, ending_of(trade.exit_reason, trade.close_profit_abs or 0.0))
    return None, None
