"""The Donchian ensemble, drawn by hand and cut short."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.signals.donchian import channel_state, donchian_signal, turns
from tests.signals.walk import random_close

LOOKBACKS = (6, 12, 24)


def close(*prices: float) -> np.ndarray:
    return np.array(prices, dtype=np.float64)


def test_channel_is_entered_at_its_edge_and_left_at_its_middle() -> None:
    # Three closes a channel. 12 is its top; 11.6 lies above the middle of 10..12 and of 11..12; 11 does not.
    assert channel_state(close(10, 11, 12, 11.6, 11.55), 3).tolist() == [0, 0, 1, 1, -1]
    # The last one is at the middle or below, so the long ends; it is the lowest of three, so a short begins.


def test_channel_middle_is_a_stop_that_never_falls_back() -> None:
    # Four closes. At 20 the middle is 15; later the highest close leaves the channel, yet the stop stays.
    state = channel_state(close(10, 10, 10, 20, 18, 17, 16, 15.5), 4)
    assert state.tolist() == [0, 0, 0, 1, 1, 1, -1, -1]
    # Middles: 15, 15, 15, then (16 + 20) / 2 = 18 at 16, which is passed.


def test_channel_of_a_flat_market_takes_no_side() -> None:
    assert not channel_state(close(*[5.0] * 10), 3).any()


def test_channel_state_mirrors() -> None:
    prices = np.round(random_close(400), 1)
    np.testing.assert_array_equal(channel_state(prices, 9), -channel_state(-prices, 9))


def test_channel_state_too_short_for_its_lookback_is_out() -> None:
    assert channel_state(close(1, 2), 3).tolist() == [0, 0]


def test_signal_is_the_mean_of_its_channels_once_all_are_known() -> None:
    prices = random_close(300)
    signal = donchian_signal(prices, LOOKBACKS)
    assert np.isnan(signal[:23]).all()
    states = np.stack([channel_state(prices, bars) for bars in LOOKBACKS])[:, 23:]
    np.testing.assert_allclose(signal[23:], states.sum(axis=0) / 3)
    assert set(np.round(np.unique(signal[23:]) * 3).astype(int)) <= {-3, -2, -1, 0, 1, 2, 3}


@given(st.integers(1, 300), st.integers(0, 50))
def test_signal_and_turns_of_a_part_are_those_of_the_whole(cut: int, seed: int) -> None:
    prices = random_close(300, seed=seed)
    whole, part = donchian_signal(prices, LOOKBACKS), donchian_signal(prices[:cut], LOOKBACKS)
    np.testing.assert_array_equal(part, whole[:cut])
    np.testing.assert_array_equal(turns(part), turns(whole)[:cut])


def test_signal_forgets_where_the_data_began() -> None:
    prices = random_close(3000)
    whole, later = donchian_signal(prices, LOOKBACKS), donchian_signal(prices[1000:], LOOKBACKS)
    np.testing.assert_array_equal(later[300:], whole[1300:])


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        ([0.0, 0.5, 1.0, 0.2, -0.1], [0, 1, 0, 0, -1]),
        ([np.nan, 0.5, 0.0, 0.5], [0, 0, 0, 1]),
        ([0.5, np.nan, 0.5, -0.5], [0, 0, 0, -1]),
        ([], []),
        ([1.0], [0]),
    ],
)
def test_turns_fire_where_a_side_begins(signal: list[float], expected: list[int]) -> None:
    assert turns(np.array(signal)).tolist() == expected
