"""The path through a candle: within it, through its four prices, open first, without telling the close."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.replay.candle_path import price_within, until

PRICES = st.lists(st.floats(1.0, 1e6), min_size=4, max_size=4)
OPENED = st.integers(0, 4 * 10**12)
SHARES = st.floats(0.0, 1.0)


def candle(prices: list[float]) -> np.ndarray:
    low, first, last, high = sorted(prices)
    return np.array([first, high, low, last, 7.0])


@given(opened=OPENED, prices=PRICES, share=SHARES)
def test_path_stays_within_the_candle_and_the_forming_candle_agrees(
    opened: int, prices: list[float], share: float
) -> None:
    whole = candle(prices)
    now, seen = price_within(opened, whole, share), until(opened, whole, share)
    assert whole[2] <= seen[2] <= now <= seen[1] <= whole[1]
    assert seen[[0, 3, 4]].tolist() == [whole[0], now, 0.0]


@given(opened=OPENED, prices=PRICES)
def test_path_begins_at_the_open_and_has_passed_all_four_prices_at_the_end(
    opened: int, prices: list[float]
) -> None:
    whole = candle(prices)
    assert price_within(opened, whole, 3 / 60) == whole[0]
    assert until(opened, whole, 1.0)[:4].tolist() == whole[:4].tolist()


@given(opened=OPENED, prices=PRICES, shares=st.tuples(SHARES, SHARES))
def test_forming_candle_only_grows(opened: int, prices: list[float], shares: tuple[float, float]) -> None:
    whole = candle(prices)
    earlier, later = (until(opened, whole, share) for share in sorted(shares))
    assert later[1] >= earlier[1]
    assert later[2] <= earlier[2]


def test_first_extreme_does_not_tell_how_candles_close() -> None:
    rising = np.array([100.0, 103.0, 98.0, 102.0, 1.0])
    minutes = range(0, 10_000 * 60_000, 60_000)
    down_first = [price_within(opened, rising, 0.2) < 100.0 for opened in minutes]
    assert np.mean(down_first) == pytest.approx(0.5, abs=0.02)
    # Nor is the order a pattern that the next candle could be guessed from.
    assert np.mean(np.array(down_first[1:]) == down_first[:-1]) == pytest.approx(0.5, abs=0.02)
