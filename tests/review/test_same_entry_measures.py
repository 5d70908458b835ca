"""Matching, hindsight over many trades, and intervals of paired differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from outrigger.errors import DataError
from outrigger.review.aftermath import HORIZONS_HOURS, Aftermath
from outrigger.review.hindsight import extremes_of, premature_stop_rate, trend_capture
from outrigger.review.lab import replay_many
from outrigger.review.lab_trade import PairCandles, ReplayTerms
from outrigger.review.matched import harmonic_mean, matching_scale, scaled
from outrigger.review.paired import block_weights, day_sums, difference, measured
from outrigger.review.trade import Trade
from outrigger.sided import alike
from outrigger.stops.policies import WidthColumns

ENTRY = 100.0
distances = arrays(np.float64, st.integers(1, 30), elements=st.floats(0.002, 0.5))


def test_harmonic_mean_of_two_and_six_percent_is_three() -> None:
    assert harmonic_mean(np.array([0.02, 0.06])) == pytest.approx(0.03)
    assert matching_scale(np.array([0.01, 0.03])) == pytest.approx(2.0)


def test_harmonic_mean_of_nothing_or_unknown_distances_is_refused() -> None:
    for wrong in ([], [0.03, float("nan")], [0.0]):
        with pytest.raises(DataError, match="protective distances"):
            harmonic_mean(np.array(wrong))


@given(distances, st.floats(0.005, 0.1))
def test_matching_scale_gives_every_policy_the_same_mean_notional(
    found: np.ndarray, reference: float
) -> None:
    """One over the distance is the notional that risks one unit."""
    widths = scaled(WidthColumns(found, found, found), matching_scale(found, reference))
    assert np.mean(1 / widths.protect) == pytest.approx(1 / reference)
    assert widths.trail / widths.protect == pytest.approx(np.ones(len(found)))


def test_scaled_keeps_what_is_at_once_never_or_unknown() -> None:
    widths = scaled(WidthColumns(np.array([0.02]), np.array([np.inf]), np.array([np.nan])), 1.5)
    assert (widths.protect[0], widths.activation[0]) == (pytest.approx(0.03), np.inf)
    assert np.isnan(widths.trail[0])
    assert scaled(WidthColumns(*(np.zeros(1),) * 3), 2.0).activation[0] == 0.0


def minutes(high: list[float], low: list[float]) -> tuple[PairCandles, pd.DataFrame]:
    prices = {"high": np.array(high), "low": np.array(low)}
    dates = pd.date_range("2025-05-01", periods=len(high), freq="1h", tz="UTC", unit="ms")
    candles = PairCandles(prices["low"], prices["high"], prices["low"], prices["low"], np.zeros(len(high)))
    return candles, pd.DataFrame({"date": dates, **prices})


def outcome(**given: object) -> pd.DataFrame:
    base = {
        "side": 1,
        "exit_row": 1,
        "entry": ENTRY,
        "reason": "stop",
        "best": 0.0,
        "gross": -0.03,
        "net": -0.03,
    }
    return pd.DataFrame([base | given])


@pytest.mark.parametrize(
    ("given", "early"),
    [
        ({}, 1.0),
        ({"reason": "stop_crossed"}, 1.0),
        ({"reason": "liquidation"}, 0.0),
        ({"net": 0.001}, 0.0),
        ({"side": -1}, 0.0),
        ({"exit_row": 6}, 0.0),
    ],
)
def test_premature_by_hand_needs_a_losing_stop_and_one_percent_afterwards(given: dict, early: float) -> None:
    """101 is touched four hours after the exit in row 1; from row 6 on nothing comes."""
    high = [100.0] * 5 + [101.0] + [100.0] * 10
    candles, _ = minutes(high, [99.5] * 16)
    judged = Aftermath(candles, "1h").judged(outcome(**given))
    assert judged["premature_6h"][0] == early
    assert np.isnan(judged["premature_24h"][0])


def test_capture_by_hand_is_the_share_of_the_best_move() -> None:
    """2 % kept, 3 % seen in the trade, 5 % within the day after: .4."""
    candles, _ = minutes([100.0] * 10 + [105.0] + [100.0] * 30, [99.0] * 41)
    won = outcome(gross=0.02, net=0.019, best=0.03)
    assert Aftermath(candles, "1h").judged(won)["capture"][0] == pytest.approx(0.4)
    late = outcome(gross=0.02, net=0.019, best=0.03, exit_row=11)
    assert Aftermath(candles, "1h").judged(late)["capture"][0] == pytest.approx(2 / 3)
    assert np.isnan(Aftermath(candles, "1h").judged(outcome())["capture"][0])


def as_trade(one: pd.Series, dates: pd.Series) -> Trade:
    opened, closed = (int(dates[one[row]].timestamp() * 1000) for row in ("entry_row", "exit_row"))
    reason = {"stop": "stop_loss", "horizon": "exit_signal"}.get(one["reason"], one["reason"])
    return Trade(
        "X",
        one["side"],
        opened,
        closed,
        one["entry"],
        one["exit"],
        1.0,
        1.0,
        one["net"],
        0.0,
        0.0,
        1.0,
        reason,
        "",
    )


@given(st.integers(0, 2**32 - 1))
def test_aftermath_on_random_walks_equals_hindsight_one_trade_at_a_time(seed: int) -> None:
    rng, size = np.random.default_rng(seed), 500
    close = ENTRY * np.exp(np.cumsum(rng.normal(0, 0.004, size)))
    wick = np.abs(rng.normal(0, 0.002, (2, size)))
    dates = pd.Series(pd.date_range("2025-05-01", periods=size, freq="15min", tz="UTC", unit="ms"))
    opened = np.concatenate(([ENTRY], close[:-1]))
    high, low = np.maximum(opened, close) * (1 + wick[0]), np.minimum(opened, close) * (1 - wick[1])
    candles = PairCandles(opened, high, low, close, np.zeros(size))
    widths = WidthColumns(np.full(size, 0.02), np.full(size, 0.01), np.full(size, 0.008))
    rows, sides = np.sort(rng.integers(1, size, 12)), rng.choice([1, -1], 12)
    outcomes = replay_many(candles, alike(widths), rows, sides, ReplayTerms(150))
    judged = Aftermath(candles, "15m").judged(outcomes)
    extremes = {"X": extremes_of(pd.DataFrame({"date": dates, "high": high, "low": low}), "15m")}
    trades = [as_trade(outcomes.iloc[row], dates) for row in range(12)]
    for hours in HORIZONS_HOURS:
        rate = premature_stop_rate(trades, extremes, hours)
        known = judged[f"premature_{hours}h"].dropna()
        assert (rate.count, rate.judged) == (known.sum(), len(known))
    assert judged["capture"].mean() == pytest.approx(trend_capture(trades, extremes), nan_ok=True)


def days(r: list[float], day: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "day": day,
            "r": r,
            "premature_24h": [1.0] + [0.0] * (len(r) - 1),
            "capture": [np.nan] + [0.5] * (len(r) - 1),
        }
    )


def test_day_sums_by_hand_give_the_measures_of_all_trades() -> None:
    sums = day_sums(days([1.0, -1.0, 3.0], [7, 7, 9]), pd.Index([7, 8, 9]))
    assert sums.tolist() == [[1, 2, 0.5, 1, 0, 2], [0] * 6, [0, 1, 0.5, 1, 3, 1]]
    assert measured(sums.sum(axis=0), "premature") == pytest.approx(1 / 3)
    assert measured(sums.sum(axis=0), "mean_r") == pytest.approx(1.0)
    assert np.isnan(measured(np.zeros(6), "capture"))


def test_block_weights_draw_whole_blocks_of_neighbouring_days() -> None:
    weights = block_weights(7, 3, 400, seed=1)
    assert (weights.sum(axis=1) == 9).all()
    assert weights.mean(axis=0) == pytest.approx(np.full(7, 9 / 7), abs=0.2)
    # Circular: a day that is drawn has a neighbour that is drawn.
    drawn = weights > 0
    assert (drawn <= (np.roll(drawn, 1, axis=1) | np.roll(drawn, -1, axis=1))).all()


def test_difference_to_itself_is_nothing_and_a_constant_shift_is_certain() -> None:
    rng = np.random.default_rng(2)
    r, day = rng.normal(size=200), np.repeat(np.arange(20), 10)
    first, shifted = (day_sums(days(list(x), list(day)), pd.Index(range(20))) for x in (r, r + 0.25))
    weights = block_weights(20, 3, 500, seed=0)
    same = difference(first, first, weights, "mean_r")
    assert (same.mean, same.low, same.high) == (0.0, 0.0, 0.0)
    moved = difference(shifted, first, weights, "mean_r")
    assert [moved.mean, moved.low, moved.high] == pytest.approx([0.25] * 3)


def test_difference_interval_of_independent_days_has_the_textbook_width() -> None:
    """Means of 400 independent days: ± 1.96 / sqrt(400) = ± .098."""
    r = list(np.random.default_rng(4).normal(size=400))
    index = pd.Index(range(400))
    sums = day_sums(days(r, list(range(400))), index)
    nothing = day_sums(days([0.0] * 400, list(range(400))), index)
    found = difference(sums, nothing, block_weights(400, 1, 2000, seed=0), "mean_r")
    assert found.high - found.low == pytest.approx(2 * 0.098, rel=0.15)
