import numpy as np
import pandas as pd
import pytest

from outrigger.hedge.runner import (
    advance_runner,
    has_turned,
    is_stopped,
    open_runner,
    runner_momentum,
    runner_track,
    runner_trail,
)
from outrigger.settings.hedge import HedgeSettings
from outrigger.settings.stop import StopSettings
from outrigger.stops.law import Widths, advance, open_stop
from outrigger.stops.policies import MarketColumns
from tests.hedge.life_samples import MINUTE, T0, closes_at, track_of_closes

STOP, HEDGE = StopSettings(), HedgeSettings(runner_sigma=0.7, runner_momentum_hours=1.0)
NAN = float("nan")


def market(sigma, noise):
    sigma, noise = np.array(sigma), np.array(noise)
    return MarketColumns(sigma, sigma, noise, np.full(len(sigma), NAN))


def test_runner_trail_is_its_sigma_within_the_stop_s_limits_and_above_the_noise():
    """.7 × 2 % = 1.4 %; at least .6 %, at most 6 %; three candle ranges of 1 % are 3 %; no forecast, none."""
    found = runner_trail(
        market([0.02, 0.001, 0.2, 0.02, NAN], [0.001, 0.001, 0.001, 0.01, 0.01]), STOP, HEDGE
    )
    np.testing.assert_allclose(found, [0.014, 0.006, 0.06, 0.03, NAN])


def test_runner_momentum_is_the_log_distance_from_an_exponential_average():
    close = np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.01, 300)))
    found = runner_momentum(close, "1m", HEDGE)
    row, logs = 250, np.log(close)
    weights = 0.5 ** ((row - np.arange(row + 1)) / 60)
    assert found[row] == pytest.approx(logs[row] - np.average(logs[: row + 1], weights=weights))


def test_runner_momentum_skips_what_is_no_price_and_looks_at_nothing_later():
    close = np.array([100.0, 101.0, NAN, 0.0, 103.0, 102.0])
    found = runner_momentum(close, "1m", HEDGE)
    assert np.isnan(found).tolist() == [False, False, True, True, False, False]
    np.testing.assert_array_equal(runner_momentum(close[:5], "1m", HEDGE), found[:5])


@pytest.mark.parametrize("side", [1, -1])
def test_open_runner_trails_from_the_last_close_at_once(side):
    track = track_of_closes([100.0, 90.0, 80.0], trail=0.02)
    state = open_runner(track, side, closes_at(1))
    assert (state.entry, state.armed, state.as_of_ms) == (90.0, True, closes_at(1))
    assert state.stop == pytest.approx(90.0 * (1 - side * 0.02))


@pytest.mark.parametrize(("closes", "trail"), [([100.0], NAN), ([NAN], 0.02), ([100.0], 1.0), ([100.0], 0.0)])
def test_open_runner_without_price_or_forecast_is_none(closes, trail):
    assert open_runner(track_of_closes(closes, trail=trail), 1, closes_at(0)) is None


def test_open_runner_before_the_first_close_is_none():
    assert open_runner(track_of_closes([100.0], trail=0.02), 1, T0) is None


@pytest.mark.parametrize("side", [1, -1])
def test_advance_runner_is_the_stop_law_candle_by_candle(side):
    rng = np.random.default_rng(4)
    closes = 100 * np.exp(np.cumsum(rng.normal(0, 0.003, 60)))
    track = track_of_closes(closes, trail=0.01)
    state = open_runner(track, side, closes_at(5))
    expected = open_stop(side, closes[5], Widths(0.01, 0.0, 0.01), closes_at(5))
    for row in range(6, 40):
        expected = advance(expected, closes[row], Widths(0.01, 0.0, 0.01), closes_at(row), 0.0005)
    stepped = state
    for row in range(6, 40):
        stepped = advance_runner(track, stepped, closes_at(row), 0.0005)
    assert stepped == expected == advance_runner(track, state, closes_at(39), 0.0005)


@pytest.mark.parametrize("side", [1, -1])
def test_is_stopped_when_the_close_has_passed_the_stop(side):
    track = track_of_closes([100.0, 100.0 * (1 + side * 0.05), 100.0 * (1 + side * 0.02)], trail=0.02)
    state = advance_runner(track, open_runner(track, side, closes_at(0)), closes_at(1), 0.0)
    assert not is_stopped(track, state, closes_at(1))
    assert is_stopped(track, state, closes_at(2))


@pytest.mark.parametrize("side", [1, -1])
def test_has_turned_when_the_close_is_on_the_wrong_side_of_its_average(side):
    track = track_of_closes([100.0, 100.0 + side, 100.0 - side, NAN], trail=0.02)
    assert not has_turned(track, side, closes_at(0))
    assert not has_turned(track, side, closes_at(1))
    assert has_turned(track, side, closes_at(2))
    assert not has_turned(track, side, closes_at(3))
    assert not has_turned(track, side, T0)


def test_runner_track_shares_the_candles_and_has_one_row_each():
    plain = track_of_closes([100.0, 101.0, 102.0], trail=0.02).candles
    track = runner_track(plain, "1m", STOP, HEDGE)
    assert track.candles is plain
    assert len(track.trail) == len(track.momentum) == len(plain)
    assert track.widths(1) == Widths(track.trail[1], 0.0, track.trail[1])
    assert pd.Series(track.trail).notna().all()
    assert plain.length_ms == MINUTE
