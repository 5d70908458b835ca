"""Two lists of trades side by side: what is the same, what differs, and what explains it."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import pytest

from outrigger.rehearsal.parity import Extremes, Parity, Why, match
from outrigger.review.trade import FORCED, Trade

MINUTE = 60_000
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
TICKS = {BTC: 0.1, ETH: 0.01}


def trade(minute: int = 10, ended: int = 50, pair: str = BTC, **changed: object) -> Trade:
    made = Trade(
        pair=pair,
        side=1,
        opened_ms=minute * MINUTE,
        closed_ms=ended * MINUTE,
        open_rate=100.0,
        close_rate=98.0,
        notional=1000.0,
        leverage=5.0,
        profit=-21.0,
        fees=1.0,
        funding=0.0,
        stop=98.0,
        exit_reason="trailing_stop_loss",
        enter_tag="long:all",
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def lived(made: Trade, seconds: float = 1.0, **changed: object) -> Trade:
    """The same trade as a bot makes it: some seconds into the candle."""
    later = round(seconds * 1000)
    moved = replace(made, opened_ms=made.opened_ms + later, closed_ms=made.closed_ms + later)
    return replace(moved, **changed)  # type: ignore[arg-type]


def anywhere(pair: str, opened_ms: int) -> tuple[float, float]:
    return 0.0, 1e6


def matched(
    backtest: list[Trade], live: list[Trade], slots: int = 6, extremes: Extremes = anywhere
) -> Parity:
    return match(backtest, live, candle_ms=MINUTE, ticks=TICKS, extremes=extremes, slots=slots)


def test_match_of_equal_trades_is_whole() -> None:
    made = [trade(), trade(20, 60, ETH)]
    found = matched(made, [lived(one) for one in reversed(made)])
    assert [one.why for one in found.trades] == [Why.SAME, Why.SAME]
    assert found.matched_share == found.stops_within_a_tick == found.exits_within_a_candle == 1.0
    assert found.unexplained == ()


@pytest.mark.parametrize(
    ("side", "missed", "why"),
    [
        (1, 0.1, Why.QUOTE),
        (-1, 0.1, Why.QUOTE),
        (1, 0.2, Why.UNEXPLAINED),  # two ticks: no quote was there
        (-1, 0.2, Why.UNEXPLAINED),
        (1, 0.0, Why.UNEXPLAINED),  # the trades were there too, and the backtest should have left
        (1, -3.0, Why.UNEXPLAINED),
    ],
)
def test_match_of_an_earlier_exit_is_explained_by_a_quote_one_tick_beyond_the_trades(
    side: int, missed: float, why: Why
) -> None:
    asked: list[tuple[str, int]] = []

    def extremes(pair: str, opened_ms: int) -> tuple[float, float]:
        asked.append((pair, opened_ms))
        return (98.0 + missed, 1e6) if side > 0 else (0.0, 98.0 - missed)

    tested = trade(side=side)
    bot = replace(lived(tested), closed_ms=46 * MINUTE + 41_000)
    (one,) = matched([tested], [bot], extremes=extremes).trades
    assert (one.why, one.exit_candles) == (why, -4)
    assert asked == [(BTC, 46 * MINUTE)]


def test_match_without_trades_knows_nothing() -> None:
    found = matched([], [])
    assert isnan(found.matched_share)
    assert isnan(found.stops_within_a_tick)
    assert isnan(found.exits_within_a_candle)


@pytest.mark.parametrize(("side", "worse"), [(1, 2.0), (-1, -2.0)])
def test_match_of_a_dearer_entry_is_worse_for_a_long(side: int, worse: float) -> None:
    made = trade(side=side)
    found = matched([made], [lived(made, open_rate=100.02)])
    assert found.trades[0].entry_bp == pytest.approx(worse)


def test_match_of_another_side_is_no_match() -> None:
    found = matched([trade()], [lived(trade(side=-1))])
    assert found.matched_share == 0.0
    assert len(found.trades) == 2


@pytest.mark.parametrize(("late", "why"), [(1, Why.CANDLE), (2, Why.UNEXPLAINED), (-1, Why.UNEXPLAINED)])
def test_match_of_another_exit_candle_is_explained_only_one_candle_later(late: int, why: Why) -> None:
    made = trade()
    found = matched([made], [lived(made, closed_ms=made.closed_ms + late * MINUTE + 1000)])
    assert found.trades[0].why is why
    assert found.trades[0].exit_candles == late
    assert isnan(found.trades[0].stop_ticks)
    assert found.exits_within_a_candle == float(abs(late) <= 1)


def test_match_counts_stops_in_ticks_of_the_pair() -> None:
    made = [trade(), trade(20, 60, ETH)]
    live = [lived(made[0], stop=98.1), lived(made[1], stop=98.1)]
    found = matched(made, live)
    assert [one.stop_ticks for one in found.trades] == pytest.approx([1.0, 10.0])
    assert found.stops_within_a_tick == 0.5


def test_match_of_the_same_exit_under_another_name_is_crossed() -> None:
    made = trade()
    assert matched([made], [lived(made, exit_reason="stop_crossed")]).trades[0].why is Why.CROSSED


def test_match_at_the_end_of_the_days_runs_on() -> None:
    made = trade(exit_reason=FORCED)
    assert matched([made], [lived(made, is_open=True)]).trades[0].why is Why.RUNS_ON
    assert matched([trade()], [lived(trade(), is_open=True)]).trades[0].why is Why.UNEXPLAINED


def test_match_of_an_entry_while_the_other_side_still_holds_the_pair_follows_from_that() -> None:
    first, second = trade(10, 50), trade(52, 90)
    # The bot left two minutes later than the backtest, and so missed the second entry.
    late = lived(first, closed_ms=53 * MINUTE)
    found = matched([first, second], [late])
    assert [one.why for one in found.trades] == [Why.UNEXPLAINED, Why.AFTER]


def test_match_of_an_entry_after_a_trade_that_differed_follows_from_that() -> None:
    first, second = trade(10, 50), trade(111, 150)
    late = lived(first, closed_ms=51 * MINUTE + 1000)
    # An hour's pause after a stop ends a minute later on the bot's side.
    found = matched([first, second], [late])
    assert [one.why for one in found.trades] == [Why.CANDLE, Why.AFTER]


def test_match_of_an_entry_without_a_free_slot_is_explained() -> None:
    held = trade(10, 50, ETH)
    found = matched([trade(20, 30)], [lived(held)], slots=1)
    assert [one.why for one in found.trades] == [Why.UNEXPLAINED, Why.SLOTS]


def test_match_of_a_trade_that_only_one_side_made_is_unexplained() -> None:
    found = matched([trade()], [])
    assert found.unexplained == found.trades
    assert matched([], [lived(trade())]).matched_share == 0.0
