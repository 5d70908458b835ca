"""Premature stop-outs and trend capture on candles drawn by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.review.hindsight import extremes_of, premature_stop_rate, trend_capture
from tests.review.ledger import HOUR_MS, MINUTE_MS, PAIR, START_MS, candles, trade

EXIT_MINUTE = 60
TARGET = 40_400.0  # entry +1 %


def judged(frame: pd.DataFrame, *trades, hours: float = 24.0, **changed):
    return premature_stop_rate(trades or (trade(**changed),), {PAIR: extremes_of(frame, "1m")}, hours)


def with_high(minute: int, price: float, hours: int = 30) -> pd.DataFrame:
    frame = candles(hours)
    frame.loc[minute, "high"] = price
    return frame


def test_premature_when_the_target_is_reached_within_the_horizon() -> None:
    found = judged(with_high(EXIT_MINUTE + 1, TARGET))
    assert (found.count, found.judged, found.not_judged, found.rate) == (1, 1, 0, 1.0)


@pytest.mark.parametrize(
    ("minute", "price", "count"),
    [
        (EXIT_MINUTE + 5, TARGET - 0.1, 0),
        (EXIT_MINUTE, TARGET, 0),  # the exit's own candle: its high may lie before the exit
        (EXIT_MINUTE - 10, TARGET, 0),
        (EXIT_MINUTE + 24 * 60 - 1, TARGET, 1),  # the last candle that closes within 24 h
        (EXIT_MINUTE + 24 * 60, TARGET, 0),
    ],
)
def test_premature_looks_at_the_24_hours_after_the_exit_only(minute: int, price: float, count: int) -> None:
    assert judged(with_high(minute, price)).count == count


def test_premature_depends_on_the_horizon() -> None:
    frame = with_high(EXIT_MINUTE + 7 * 60, TARGET)
    assert judged(frame, hours=6).count == 0
    assert judged(frame, hours=24).count == 1


def test_premature_of_a_short_looks_at_the_lows() -> None:
    short = {"side": -1, "close_rate": 40_400.0}
    frame = candles(30, price=40_200.0)
    frame.loc[EXIT_MINUTE + 5, "low"] = 39_600.0
    assert judged(frame, **short).count == 1
    assert judged(with_high(EXIT_MINUTE + 5, TARGET), **short).count == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"exit_reason": "exit_signal"},
        {"exit_reason": "force_exit"},
        {"exit_reason": "liquidation"},
        {"profit": 10.0, "close_rate": 40_050.0, "exit_reason": "trailing_stop_loss"},
        {"profit": 0.0},
    ],
)
def test_premature_counts_losing_stop_exits_only(changed: dict[str, object]) -> None:
    found = judged(with_high(EXIT_MINUTE + 5, TARGET), **changed)
    assert (found.count, found.judged) == (0, 1)


def test_premature_rate_is_over_all_trades() -> None:
    trades = [trade(), trade(profit=5.0), trade(exit_reason="force_exit"), trade(exit_reason="stop_crossed")]
    assert judged(with_high(EXIT_MINUTE + 5, TARGET), *trades).rate == 0.5


def test_premature_leaves_out_trades_whose_horizon_is_not_covered_whatever_their_outcome() -> None:
    frame = with_high(EXIT_MINUTE + 5, TARGET, hours=30)
    late = trade(closed_ms=START_MS + 6 * HOUR_MS + MINUTE_MS)
    winner = trade(closed_ms=START_MS + 10 * HOUR_MS, profit=5.0)
    found = judged(frame, trade(), late, winner)
    assert (found.count, found.judged, found.not_judged) == (1, 1, 2)
    assert math.isnan(judged(frame, late).rate)
    assert judged(frame, trade(opened_ms=START_MS - HOUR_MS)).not_judged == 1


def test_premature_skips_candles_that_cannot_be_read() -> None:
    frame = with_high(EXIT_MINUTE + 5, TARGET)
    frame.loc[EXIT_MINUTE + 6 :, "high"] = float("nan")
    assert judged(frame).count == 1


def test_premature_without_candles_of_the_pair_is_refused() -> None:
    with pytest.raises(DataError, match="ETH/USDT:USDT"):
        judged(candles(30), trade(pair="ETH/USDT:USDT"))


def test_premature_on_no_candles_judges_nothing() -> None:
    assert judged(candles(0)).not_judged == 1


def test_premature_is_not_changed_by_candles_beyond_the_horizon() -> None:
    frame = with_high(EXIT_MINUTE + 7 * 60, TARGET, hours=60)
    assert judged(frame) == judged(frame.iloc[: EXIT_MINUTE + 24 * 60])


WON = {"profit": 760.0, "close_rate": 40_800.0, "exit_reason": "trailing_stop_loss"}


def captured(frame: pd.DataFrame, *trades) -> float:
    return trend_capture(trades, {PAIR: extremes_of(frame, "1m")})


def test_trend_capture_is_the_realised_share_of_the_best_move() -> None:
    # Left with +2 %; the best was +4 % two hours after the exit.
    assert captured(with_high(EXIT_MINUTE + 120, 41_600.0), trade(**WON)) == pytest.approx(0.5)


def test_trend_capture_counts_what_was_available_before_the_exit() -> None:
    assert captured(with_high(0, 41_000.0), trade(**WON)) == pytest.approx(0.8)


def test_trend_capture_of_an_exit_at_the_best_price_is_one() -> None:
    assert captured(candles(30), trade(**WON)) == 1.0


def test_trend_capture_is_a_mean_over_winners() -> None:
    frame = with_high(EXIT_MINUTE + 120, 41_600.0)
    halves = trade(**WON), trade(**{**WON, "close_rate": 41_600.0}), trade()
    assert captured(frame, *halves) == pytest.approx(0.75)


def test_trend_capture_of_a_winner_by_funding_alone_is_zero() -> None:
    paid = trade(profit=1.0, close_rate=39_990.0)
    assert captured(with_high(EXIT_MINUTE + 120, 41_600.0), paid) == 0.0
    assert captured(candles(30), paid) == 0.0


def test_trend_capture_without_winners_is_unknown() -> None:
    assert math.isnan(captured(candles(30), trade()))
    assert math.isnan(captured(candles(5), trade(**WON)))
