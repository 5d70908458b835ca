"""Whatever the trader says, whatever is filled, restarted or lost: no stop is ever loosened."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from outrigger.override import effects
from outrigger.override.document import Words
from outrigger.override.document import loads as words_of
from outrigger.override.effects import Position
from outrigger.override.word import Kind
from outrigger.settings.stop import StopSettings
from outrigger.sided import Sided
from outrigger.stops.document import TradeDocument, loads
from outrigger.stops.keeper import StopKeeper
from tests.bot.trading import ENTRY, PAIR, TRAIL, VOLATILITY, ms, track
from tests.override.words import word

STEPS = st.one_of(
    st.tuples(st.just("candle"), st.floats(0.9, 1.1)),
    st.tuples(st.just("stop"), st.floats(0.2, 3.0)),
    st.tuples(st.just("widen"), st.floats(1.0, 5.0)),
    st.tuples(st.sampled_from(("clear", "restart", "lost", "fill")), st.just(0.0)),
)


class Bot:
    """A trade's stop as a bot keeps it, with everything that can happen to the bot in between."""

    def __init__(self, side: int, policy: StopSettings) -> None:
        self.side, self.policy = side, policy
        self.closes = [ENTRY, ENTRY, ENTRY]
        self.words = Words()
        self.keeper = self.started()
        opened = self.keeper.open(1, PAIR, side, ENTRY, ms(2))
        assert opened is not None
        self.stop = opened.stop

    @property
    def minute(self) -> int:
        return len(self.closes)

    def started(self) -> StopKeeper:
        kept = StopKeeper(self.policy.min_step)
        self.analyse(kept)
        return kept

    def analyse(self, kept: StopKeeper) -> None:
        made = track(self.closes, self.policy)
        factors = effects.widening(self.words.words, PAIR, made.closed_at_ms)
        if factors is not None:
            wider = [effects.widened(made.widths.of(s), factors, allow_loss=False) for s in (1, -1)]
            made = replace(made, widths=Sided(*wider))
        kept.set_track(PAIR, made)

    def do(self, what: str, value: float) -> None:
        now = ms(self.minute)
        if what == "candle":
            self.closes.append(self.closes[-1] * value)
            self.analyse(self.keeper)
        elif what in ("stop", "widen"):
            said: dict[str, Any] = {"price": ENTRY * value} if what == "stop" else {"factor": value}
            self.words = self.words.said(word(Kind(what), said=self.minute, until=self.minute + 5, **said))
        elif what == "clear":
            self.words = self.words.cleared({one.number for one in self.words.words}, now)
        elif what == "restart":
            state = self.keeper.state(1)
            assert state is not None
            self.words, self.keeper = words_of(self.words.dumps()), self.started()
            self.keeper.put(1, loads(TradeDocument(state, "x", {}).dumps()).stop)
        elif what == "lost":  # what Freqtrade itself holds is all that is left
            self.keeper = self.started()
            self.keeper.rebuild(1, PAIR, self.side, ENTRY, ms(2), self.stop)
        self.loop(ms(self.minute))

    def loop(self, now: int) -> None:
        asked = effects.stopping(self.words.words, Position(PAIR, ms(2)), now)
        state = self.keeper.update(1, PAIR, now)
        assert state is not None
        if asked is not None and asked.price is not None:
            self.keeper.put(1, effects.judged(state, asked.price, self.closes[-1])[0])


@settings(max_examples=80, deadline=None)
@given(st.sampled_from((1, -1)), st.sampled_from((TRAIL, VOLATILITY)), st.lists(STEPS, max_size=25))
def test_no_sequence_of_words_fills_and_restarts_loosens_a_stop(
    side: int, policy: StopSettings, steps: list[tuple[str, float]]
) -> None:
    bot = Bot(side, policy)
    for what, value in steps:
        bot.do(what, value)
        state = bot.keeper.state(1)
        assert state is not None
        assert side * state.stop >= side * bot.stop
        bot.stop = state.stop
