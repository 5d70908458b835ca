import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.signals.channel import channel_position
from tests.signals.walk import random_close


def slow(close, bars):
    out = []
    for i in range(len(close)):
        if i < bars - 1:
            out.append(np.nan)
            continue
        parts = []
        for n in (bars, bars // 2, bars // 4):
            window = close[i - n + 1 : i + 1]
            high, low = max(window), min(window)
            parts.append((2 * close[i] - high - low) / (high - low) if high > low else 0.0)
        out.append(sum(parts) / 3)
    return out


def test_channel_position_at_new_highs_is_one_and_at_new_lows_minus_one():
    rising = np.arange(1.0, 30.0)
    assert channel_position(rising, 8)[7:].tolist() == [1.0] * 22
    assert channel_position(rising[::-1].copy(), 8)[7:].tolist() == [-1.0] * 22


def test_channel_position_averages_three_lookbacks():
    # Channels of 8, 4 and 2 closes end at 5: [0, 10] gives 0, [1, 5] and [1, 5] give 1.
    close = np.array([0.0, 10.0, 3.0, 4.0, 3.0, 2.0, 1.0, 5.0])
    assert channel_position(close, 8)[-1] == pytest.approx((0.0 + 1.0 + 1.0) / 3)


def test_channel_position_of_frozen_price_is_zero_not_nan():
    assert channel_position(np.full(10, 7.0), 8).tolist()[7:] == [0.0, 0.0, 0.0]


def test_channel_position_of_too_short_chart_is_nan():
    assert np.isnan(channel_position(random_close(7), 8)).all()
    assert channel_position(np.array([]), 8).size == 0


@given(st.lists(st.integers(1, 60), min_size=1, max_size=50), st.integers(8, 20))
def test_channel_position_equals_the_slow_ensemble_stays_in_bounds_and_mirrors(prices, bars):
    close = np.array(prices, dtype=float)
    fast = channel_position(close, bars)
    np.testing.assert_allclose(fast, slow(close, bars), atol=1e-12)
    np.testing.assert_allclose(channel_position(100.0 - close, bars), -fast, atol=1e-12)
    assert np.nanmax(np.abs(fast), initial=0.0) <= 1.0


@given(st.integers(0, 300), st.integers(0, 100))
def test_channel_position_ignores_the_future_and_what_lies_before_the_window(end, start):
    close = random_close(300)
    whole = channel_position(close, 24)
    np.testing.assert_array_equal(channel_position(close[:end], 24), whole[:end])
    np.testing.assert_array_equal(channel_position(close[start:], 24)[23:], whole[start + 23 :])
