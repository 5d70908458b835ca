"""Premature stop-outs with what is not yet known, and margins to liquidation, on candles drawn by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from outrigger.review.hindsight import Extremes, extremes_of
from outrigger.review.weekly.stops import (
    capture,
    covered,
    premature,
    shipped_tiers,
    slippages,
    smallest_margin,
)
from tests.review.ledger import PAIR, START_MS
from tests.review.weekly.books import DAY_MS, ETH, chart, small

KNOWN_MS = START_MS + 2 * DAY_MS


def laid(frame: pd.DataFrame) -> dict[str, Extremes]:
    return {PAIR: extremes_of(frame, "5m")}


def after_exit(price: float, hour: float = 10.0) -> pd.DataFrame:
    """Two days of candles with one high, or low, some hours after the start."""
    frame = chart(2, 39_800.0)
    frame.loc[round(hour * 12), ["high", "low"]] = (max(price, 39_800.0), min(price, 39_800.0))
    return frame


def test_premature_counts_what_came_right_and_leaves_the_rest_out() -> None:
    early, pending, elsewhere = small(1, 2), small(30, 31), small(1, 2, pair=ETH)
    found = premature((early, pending, elsewhere), laid(after_exit(40_400.0)), 24.0, KNOWN_MS)
    assert (found.count, found.judged, found.pending, found.blind) == (1, 1, 1, 1)
    assert found.rate == 1.0
    assert found.to_dict()["low"] == pytest.approx(0.2065, abs=1e-4)  # Wilson, 1 of 1


def test_premature_of_a_stop_out_whose_day_is_not_over_is_not_counted_as_good() -> None:
    found = premature((small(30, 31),), laid(after_exit(40_400.0)), 24.0, KNOWN_MS)
    assert (found.judged, found.pending) == (0, 1)
    assert math.isnan(found.rate)
    assert premature((small(30, 31),), laid(after_exit(40_400.0)), 6.0, KNOWN_MS).judged == 1


def test_premature_does_not_judge_over_a_hole() -> None:
    frame = after_exit(40_400.0).drop(index=[90])
    found = premature((small(1, 2),), laid(frame), 24.0, KNOWN_MS)
    assert (found.judged, found.pending, found.blind) == (0, 0, 1)
    # The hole lies 7.5 hours after the start: within a day of the exit, but not within five hours.
    assert premature((small(1, 2),), laid(frame), 5.0, KNOWN_MS).judged == 1


def test_premature_after_candles_end_is_blind_once_the_time_has_passed() -> None:
    late = KNOWN_MS + 10 * DAY_MS
    assert premature((small(30, 31),), laid(after_exit(40_400.0)), 24.0, late).blind == 1


def test_capture_looks_at_winners_that_can_be_judged() -> None:
    # +1 % kept of the 4 % that were there.
    won = small(1, 2, 40_400.0, exit_reason="trailing_stop_loss")
    frame = after_exit(41_600.0, hour=5)
    assert capture((won, small(30, 31, 40_400.0)), laid(frame), 24.0, KNOWN_MS) == pytest.approx(0.25)
    assert math.isnan(capture((small(1, 2),), laid(frame), 24.0, KNOWN_MS))


def test_covered_needs_candles_from_the_entry_on() -> None:
    before = small(-1, 2)
    assert covered((before,), laid(chart(3)), 24.0, START_MS + 3 * DAY_MS) == ([], 0, 1)


def test_slippages_are_of_stop_exits_only() -> None:
    slipped = small(1, 2, 39_560.4, stop=39_600.0)
    assert slippages((slipped, small(1, 2, exit_reason="force_exit"))) == pytest.approx([0.001])


def test_smallest_margin_takes_the_worst_of_candles_and_of_what_freqtrade_saw() -> None:
    # Liquidation at 32,000: 8,000 away. A low of 36,000 leaves half, a wick of 34,000 a quarter.
    deep = small(1, 20)
    found = smallest_margin((small(30, 31), deep), laid(after_exit(36_000.0)))
    assert (found.trade, found.known, found.unknown) == (deep, 2, 0)
    assert found.left == pytest.approx(0.5)
    wick = small(1, 20, worst=34_000.0)
    assert smallest_margin((wick,), laid(after_exit(36_000.0))).left == pytest.approx(0.25)


def test_smallest_margin_of_a_short_looks_up() -> None:
    short = small(1, 20, 40_000.0, side=-1)
    assert smallest_margin((short,), laid(after_exit(44_000.0))).left == pytest.approx(0.5)


def test_smallest_margin_without_a_liquidation_price_asks_the_tiers_or_counts_it() -> None:
    unknown = small(1, 2, liquidation=None, leverage=5.0, close_rate=38_000.0)
    nothing = smallest_margin((unknown,), {})
    assert (nothing.trade, nothing.known, nothing.unknown) == (None, 0, 1)
    assert math.isnan(nothing.left)
    # 5x with .4 % maintenance: (1 - 1/5) / (1 - .004) of the entry, 19.68 % away; 5 % of it is used.
    found = smallest_margin((unknown,), {}, shipped_tiers((PAIR, "NO/SUCH:PAIR")))
    assert found.left == pytest.approx(1 - 0.05 / (1 - 0.8 / 0.996), abs=1e-6)


def test_shipped_tiers_leave_unknown_pairs_out() -> None:
    assert list(shipped_tiers(("NO/SUCH:PAIR", PAIR))) == [PAIR]
