"""Published entries against slow, obvious second implementations."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from outrigger.signals.published import FALLING, RISING, adx_sma, supertrend, three_supertrends
from tests.signals.walk import random_close

Prices = tuple[np.ndarray, np.ndarray, np.ndarray]


def candles(count: int, seed: int = 3) -> Prices:
    """High, low and close of an hourly walk that moves enough to trend."""
    price = random_close(count, seed=seed, sigma=8e-3)
    reach = price * (0.002 + 0.004 * np.random.default_rng(seed).random(count))
    return price + reach, price - reach, price


def published_supertrend(prices: Prices, multiple: float, bars: int) -> np.ndarray:
    """As the published strategy has it: two band columns, then a line that is one of them."""
    high, low, close = prices
    ranges = np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])
    atr = np.concatenate(([np.nan], ranges))
    atr = pd.Series(atr).rolling(bars).mean().to_numpy()
    basic_up, basic_down = (high + low) / 2 + multiple * atr, (high + low) / 2 - multiple * atr
    up, down, line = (np.zeros(close.size) for _ in range(3))
    for i in range(bars, close.size):
        up[i] = basic_up[i] if basic_up[i] < up[i - 1] or close[i - 1] > up[i - 1] else up[i - 1]
        down[i] = basic_down[i] if basic_down[i] > down[i - 1] or close[i - 1] < down[i - 1] else down[i - 1]
    for i in range(bars, close.size):
        if line[i - 1] == up[i - 1]:
            line[i] = up[i] if close[i] <= up[i] else down[i]
        else:
            line[i] = down[i] if close[i] >= down[i] else up[i]
    return np.where(close < line, -1.0, 1.0)


def test_supertrend_is_the_published_one() -> None:
    prices = candles(600)
    for multiple, bars in (*RISING, *FALLING):
        ours, theirs = supertrend(*prices, multiple, bars), published_supertrend(prices, multiple, bars)
        # Theirs begins with bands of zero and may take another way until its first turn.
        same = ours[bars:] == theirs[bars:]
        first = int(np.argmax(same))
        assert same[first:].all()
        assert np.isnan(ours[:bars]).all()


def test_three_supertrends_enter_where_agreement_begins() -> None:
    prices = candles(900)
    fired = three_supertrends(*prices)
    for sign, numbers in ((1, RISING), (-1, FALLING)):
        ways = np.stack([supertrend(*prices, multiple, bars) for multiple, bars in numbers])
        agreed = (ways == sign).all(axis=0)
        assert (fired == sign).any()
        for row in np.flatnonzero(fired == sign):
            assert agreed[row]
            assert not agreed[row - 1]


def test_adx_sma_enters_at_crossings_of_the_averages_in_a_strong_market() -> None:
    # On a plain walk the ADX is seldom high when averages cross: here swings of sixty candles make it so.
    middle = 100.0 * np.exp(0.1 * np.sin(np.arange(1500) * 2 * np.pi / 60)) * random_close(1500) / 40_000.0
    high, low, close = middle * 1.001, middle * 0.999, middle
    fired = adx_sma(high, low, close)
    apart = pd.Series(close).rolling(12).mean() - pd.Series(close).rolling(48).mean()
    assert {-1, 1} <= set(fired.tolist())
    for row in np.flatnonzero(fired):
        assert np.sign(apart[row]) == fired[row]
        assert np.sign(apart[row - 1]) != fired[row]


def test_adx_sma_keeps_out_of_crossings_in_a_weak_market() -> None:
    high, low, close = candles(3000)
    apart = pd.Series(close).rolling(12).mean() - pd.Series(close).rolling(48).mean()
    assert (np.sign(apart).diff().abs() > 0).sum() > 50
    assert not adx_sma(high, low, close).any()


@given(st.integers(1, 250), st.integers(0, 20))
def test_published_entries_of_a_part_are_those_of_the_whole(cut: int, seed: int) -> None:
    whole = candles(250, seed)
    part = tuple(one[:cut] for one in whole)
    for entries in (adx_sma, three_supertrends):
        np.testing.assert_array_equal(entries(*part), entries(*whole)[:cut])
