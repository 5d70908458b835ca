"""What words do to entries, positions, widths and regimes; nothing reaches into the past."""

from __future__ import annotations

import numpy as np
import pytest

from outrigger.override import effects
from outrigger.override.effects import Position, Verdict
from outrigger.override.word import Kind
from outrigger.regime.classes import REGIMES, WHIPSAW
from outrigger.stops.law import StopState
from outrigger.stops.policies import WidthColumns
from tests.bot.trading import ENTRY, PAIR, ms
from tests.override.words import ETH, word

CLOSED = np.array([ms(minute) for minute in range(1, 11)])


def state(side: int, stop: float) -> StopState:
    return StopState(side, ENTRY, stop, stop, ENTRY, False, ms(3))


def test_pause_keeps_its_pair_out_and_no_other() -> None:
    words = [word(Kind.PAUSE)]
    assert effects.pausing(words, PAIR, ms(3)) is words[0]
    assert effects.pausing(words, ETH, ms(3)) is None
    assert effects.pausing(words, PAIR, ms(240)) is None


def test_word_of_the_pair_counts_before_one_of_all_pairs() -> None:
    everywhere, mine = word(Kind.WIDEN, pair=None, number=9, factor=3.0), word(Kind.WIDEN, factor=1.5)
    factors = effects.widening([everywhere, mine], PAIR, CLOSED)
    assert factors is not None
    assert factors[-1] == 1.5
    other = effects.widening([everywhere, mine], ETH, CLOSED)
    assert other is not None
    assert other[-1] == 3.0


@pytest.mark.parametrize("pair", [PAIR, ETH])
def test_no_hedge_refuses_legs_of_and_on_the_pair(pair: str) -> None:
    said = [word(Kind.NO_HEDGE, pair=pair)]
    assert effects.unhedging(said, (ETH, PAIR), ms(4)) is said[0]
    assert effects.unhedging(said, ("SOL/USDT:USDT",), ms(4)) is None


def test_close_and_stop_speak_of_positions_that_were_open_when_they_were_said() -> None:
    before, after = Position(PAIR, ms(3)), Position(PAIR, ms(3) + 1)
    stop, close = word(Kind.STOP), word(Kind.CLOSE)
    assert effects.stopping([stop], before, ms(5)) is stop
    assert effects.stopping([stop], after, ms(5)) is None
    assert effects.closing([close], before, ms(5)) is close
    assert effects.closing([close], after, ms(5)) is None
    assert effects.closing([close], before, ms(240)) is None


@pytest.mark.parametrize(
    ("pair", "closed"), [(None, True), (PAIR, True), (ETH, True), ("SOL/USDT:USDT", False)]
)
def test_no_hedge_closes_open_legs_only_where_that_is_asked(pair: str | None, closed: bool) -> None:
    leg, primary = Position(ETH, ms(2), "BTC"), Position(PAIR, ms(2))
    asked = word(Kind.NO_HEDGE, pair=pair, legs=True)
    assert (effects.closing([asked], leg, ms(5)) is asked) is closed
    assert effects.closing([asked], primary, ms(5)) is None
    assert effects.closing([word(Kind.NO_HEDGE, pair=pair)], leg, ms(5)) is None


@pytest.mark.parametrize(
    ("side", "stop", "price", "last", "expected", "verdict"),
    [
        (1, 38_800.0, 39_500.0, 40_000.0, 39_500.0, Verdict.TIGHTER),
        (1, 38_800.0, 38_000.0, 40_000.0, 38_800.0, Verdict.LOOSER),
        (1, 38_800.0, 38_800.0, 40_000.0, 38_800.0, Verdict.LOOSER),
        (-1, 41_200.0, 40_500.0, 40_000.0, 40_500.0, Verdict.TIGHTER),
        (-1, 41_200.0, 42_000.0, 40_000.0, 41_200.0, Verdict.LOOSER),
        # The price has just passed it: taken, and left at the market.
        (1, 38_800.0, 40_100.0, 40_000.0, 40_100.0, Verdict.TIGHTER),
        # One digit too many.
        (1, 38_800.0, 395_000.0, 40_000.0, 38_800.0, Verdict.IMPLAUSIBLE),
        (-1, 41_200.0, 4_050.0, 40_000.0, 41_200.0, Verdict.IMPLAUSIBLE),
    ],
)
def test_stop_asked_for_only_ever_tightens(
    side: int, stop: float, price: float, last: float, expected: float, verdict: Verdict
) -> None:
    after, came = effects.judged(state(side, stop), price, last)
    assert (after.stop, came) == (expected, verdict)


def test_wider_trail_counts_from_the_first_candle_that_closes_after_the_word() -> None:
    factors = effects.widening([word(Kind.WIDEN, said=3, until=7)], PAIR, CLOSED)
    assert factors is not None
    assert factors.tolist() == [1, 1, 1, 2, 2, 2, 1, 1, 1, 1]


def test_ended_words_still_hold_for_the_candles_in_which_they_stood() -> None:
    first, second = word(Kind.WIDEN, said=2, until=4, factor=3.0), word(Kind.WIDEN, said=4, number=2)
    factors = effects.widening([first, second], PAIR, CLOSED)
    assert factors is not None
    assert factors.tolist() == [1, 1, 3, 1, 2, 2, 2, 2, 2, 2]


@pytest.mark.parametrize("kind", [Kind.WIDEN, Kind.REGIME])
def test_what_candles_are_told_does_not_depend_on_later_ones(kind: Kind) -> None:
    words = [word(kind, said=3, until=7), word(kind, said=8, number=2)]
    whole = (effects.widening if kind is Kind.WIDEN else effects.forced_regimes)(words, PAIR, CLOSED)
    assert whole is not None
    for n in range(1, len(CLOSED)):
        part = (effects.widening if kind is Kind.WIDEN else effects.forced_regimes)(words, PAIR, CLOSED[:n])
        silent = 1.0 if kind is Kind.WIDEN else -1
        assert (part if part is not None else np.full(n, silent)).tolist() == whole[:n].tolist()


def test_forced_regime_is_certain_and_the_rest_is_as_it_was_read() -> None:
    read = np.full((10, len(REGIMES)), 0.2)
    forced = effects.forced_regimes([word(Kind.REGIME, said=3, until=5)], PAIR, CLOSED)
    assert forced is not None
    told = effects.imposed(read, forced)
    assert told[3].tolist() == [float(number == WHIPSAW) for number in range(len(REGIMES))]
    assert (told[[0, 1, 2, 4, 5]] == 0.2).all()


def test_silence_is_none_and_costs_no_column() -> None:
    words = [word(Kind.PAUSE)]
    assert effects.widening(words, PAIR, CLOSED) is None
    assert effects.forced_regimes(words, PAIR, CLOSED) is None


@pytest.mark.parametrize(("allow_loss", "armed_at"), [(False, 0.06 / 0.94), (True, 0.02)])
def test_wider_trail_arms_no_trade_at_a_loss_unless_that_is_allowed(
    allow_loss: bool, armed_at: float
) -> None:
    columns = WidthColumns(np.full(3, 0.02), np.full(3, 0.02), np.array([0.03, 0.03, np.nan]))
    wider = effects.widened(columns, np.array([1.0, 2.0, 2.0]), allow_loss=allow_loss)
    assert wider.trail[:2].tolist() == [0.03, 0.06]
    assert np.isnan(wider.trail[2])
    assert wider.activation == pytest.approx([0.02, armed_at, 0.02])
    assert (wider.protect == columns.protect).all()


def test_trail_from_the_entry_on_stays_one() -> None:
    columns = WidthColumns(np.full(2, 0.03), np.zeros(2), np.full(2, 0.03))
    wider = effects.widened(columns, np.full(2, 2.0), allow_loss=False)
    assert wider.activation.tolist() == [0.0, 0.0]


def test_trail_is_never_wider_than_half_the_price_nor_narrower_than_asked() -> None:
    columns = WidthColumns(np.full(2, 0.03), np.full(2, 0.02), np.array([0.2, 0.6]))
    assert effects.widened(columns, np.full(2, 5.0), allow_loss=True).trail.tolist() == [0.5, 0.6]
