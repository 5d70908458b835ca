"""The trader's word as the strategy uses it: one object that is asked, silent where nothing was said.

A backtest has no trader: it reads no file, and every answer is the one of silence. What the words in force
do stands in `outrigger.override.effects`; here Freqtrade's trades are put to it, each loop, and what came of
it is told once and written into the trade's record. A stop drawn nearer is stored with the trade at once, so
no restart takes it back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from freqtrade.persistence import LocalTrade

from outrigger.bot.faults import FaultLog
from outrigger.bot.leg_records import LegRecords, is_leg
from outrigger.bot.override_watch import OverrideWatch
from outrigger.bot.records import TradeRecords
from outrigger.bot.regimes import COLUMNS
from outrigger.hedge.tag import PREFIX
from outrigger.market.alignment import open_times_ms
from outrigger.market.moment import to_ms
from outrigger.market.timeframe import timeframe_ms
from outrigger.override import effects
from outrigger.override.effects import Position, Verdict
from outrigger.override.word import Word
from outrigger.settings.stop import StopSettings
from outrigger.sided import Sided
from outrigger.stops.keeper import StopKeeper
from outrigger.stops.track import StopTrack

TOPIC = "override"
CLOSE = "override_close"


class OverrideDesk:
    """Answers what the trader wants of entries, trades and candles.

    Parameters
    ----------
    config : mapping
        Freqtrade's configuration: where the words are.
    keeper : StopKeeper
        The stops of all open trades.
    records : TradeRecords
        Stores a stop that was drawn nearer, and what was said.
    faults : FaultLog
        Told of what fails; what was heard last then stands.
    legs : LegRecords
        Stores what was said of legs.
    tell : callable
        Tells the trader something in words.
    live : bool
        Whether a bot runs.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        keeper: StopKeeper,
        records: TradeRecords,
        faults: FaultLog,
        legs: LegRecords,
        tell: Callable[[str], None],
        *,
        live: bool,
    ) -> None:
        self._keeper, self._records, self._legs = keeper, records, legs
        self._faults, self._tell = faults, tell
        self._watch = OverrideWatch(config, faults, tell) if live else None

    @property
    def words(self) -> tuple[Word, ...]:
        """All words that are known, also those that have ended."""
        return self._watch.words if self._watch is not None else ()

    def hear(self, strategy: Any, trades: Sequence[LocalTrade], now_ms: int) -> None:
        """Listen to the trader, and do what concerns open trades.

        Parameters
        ----------
        strategy : IStrategy
            For the policy of the stop and the pairs that the bot trades.
        trades : sequence of LocalTrade
            All open trades.
        now_ms : int
            Present time in ms.
        """
        if self._watch is None:
            return

        def pairs() -> set[str]:
            return {*strategy.dp.current_whitelist(), *(trade.pair for trade in trades)}

        try:
            self._watch.look(now_ms, pairs)
        except Exception as error:  # what stands in the way of hearing must not stand in the way of trading
            self._faults.record("override", "all pairs", error, "what was heard last stands")
        for trade in trades if self._watch.words else ():
            try:
                if trade.has_open_position:
                    self._apply(trade, now_ms, strategy.settings.stop.policy)
            except Exception as error:
                self._faults.record("override", trade.pair, error, "the stop stays where it is")

    def refusal(self, pair: str, now_ms: int) -> str | None:
        """Why the trader wants no entry on a pair, in plain words."""
        word = effects.pausing(self.words, pair, now_ms)
        return None if word is None else word.describe()

    def leg_refusal(self, pairs: Collection[str], now_ms: int) -> str | None:
        """Why the trader wants no leg between these pairs, in plain words."""
        word = effects.unhedging(self.words, pairs, now_ms)
        return None if word is None else word.describe()

    def exit_reason(self, trade: LocalTrade, now_ms: int) -> str | None:
        """Exit reason of a trade that the trader wants closed; None keeps it."""
        words = self.words
        return CLOSE if words and effects.closing(words, position_of(trade), now_ms) else None

    def impose(self, frame: pd.DataFrame, pair: str, timeframe: str) -> None:
        """Put the regimes that the trader names in the place of those that were read."""
        if not self.words:
            return
        closed = open_times_ms(frame["date"], timeframe) + timeframe_ms(timeframe)
        forced = effects.forced_regimes(self.words, pair, closed)
        if forced is not None:
            read = frame.reindex(columns=list(COLUMNS)).to_numpy(float)
            frame[list(COLUMNS)] = effects.imposed(read, forced)

    def widened(self, track: StopTrack, pair: str, settings: StopSettings) -> StopTrack:
        """Track of a pair with trails as wide as the trader wants them from the word on."""
        factors = effects.widening(self.words, pair, track.closed_at_ms) if self.words else None
        if factors is None:
            return track
        allowed = settings.allow_loss_when_armed
        wider = [effects.widened(track.widths.of(side), factors, allow_loss=allowed) for side in (1, -1)]
        return replace(track, widths=Sided(*wider))

    def _apply(self, trade: LocalTrade, now_ms: int, policy: str) -> None:
        position = position_of(trade)
        word = effects.stopping(self.words, position, now_ms)
        touching = effects.touching(self.words, position, now_ms)
        if word is None and not touching:
            return
        if not is_leg(trade.enter_tag):
            self._records.advanced(trade, policy, now_ms)
        if word is not None:
            self._draw(trade, word)
        for other in touching:
            self._remark(trade, other, other.describe())

    def _draw(self, trade: LocalTrade, word: Word) -> None:
        state, track = self._keeper.state(trade.id), self._keeper.track(trade.pair)
        if state is None or word.price is None or track is None or not len(track):
            return  # before the pair's first analysis; asked again in the next loop
        # The price when it was said: what was a typing error then is none because the price came near it.
        last = float(track.close[max(track.last_closed(word.since_ms), 0)])
        after, verdict = effects.judged(state, word.price, last)
        if verdict is Verdict.TIGHTER:
            self._records.drawn(trade, after)
        came = {
            Verdict.TIGHTER: f"its stop is drawn from {state.stop:.10g} to {after.stop:.10g}",
            Verdict.LOOSER: f"no effect: its stop stands at {state.stop:.10g} and nothing loosens it",
            Verdict.IMPLAUSIBLE: f"no effect: the price was {last:.10g}, so this looks like a typing error; "
            "`outrigger override set close` leaves at once",
        }[verdict]
        if self._remark(trade, word, f"{word.describe()}: {came}"):
            self._tell(f"{trade.pair}#{trade.id}: {word.describe()}: {came}")

    def _remark(self, trade: LocalTrade, word: Word, text: str) -> bool:
        records = self._legs if is_leg(trade.enter_tag) else self._records
        return records.remark(trade, TOPIC, word.key, text)


def position_of(trade: LocalTrade) -> Position:
    """What words need to know of a trade."""
    tag = trade.enter_tag or ""
    # A leg's tag has no number before its first fill.
    coin = tag.removeprefix(PREFIX).partition("#")[0] if is_leg(tag) else None
    return Position(trade.pair, to_ms(trade.open_date_utc), coin)
