from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.hedge.life import (
    MEANINGS,
    Ending,
    LegExit,
    LegLife,
    Phase,
    PrimaryNow,
    advance_life,
    closed,
    ending_of,
    leg_ended,
)
from outrigger.hedge.state import HedgeState
from outrigger.settings.hedge import HedgeSettings
from tests.hedge.life_samples import HOUR, MINUTE, T0, closes_at, track_of_closes

SETTINGS = HedgeSettings(runner_hours=4.0)
PAIRED = LegLife(12, -1, Phase.PAIRED, T0)
OPEN = PrimaryNow()
FALLING = 100 * np.exp(-0.0005 * np.arange(600))
STOPPED = (Ending.STOPPED, Ending.LIQUIDATED)
END = closes_at(9)


def step(life, primary, now, *, state=HedgeState.EFFECTIVE, track=None, settings=SETTINGS, candle=MINUTE):
    return advance_life(life, primary, state, track, now, 0.0005, candle, settings)


def ended(ending, at=END):
    return PrimaryNow(at, ending)


@pytest.mark.parametrize("state", [HedgeState.EFFECTIVE, HedgeState.WEAK, HedgeState.UNKNOWN])
def test_paired_leg_stays_while_its_primary_is_open(state):
    assert step(PAIRED, OPEN, closes_at(9), state=state) is PAIRED


def test_paired_leg_whose_correlation_broke_is_an_orphan():
    found = step(PAIRED, OPEN, closes_at(9), state=HedgeState.BROKEN)
    assert (found.phase, found.exit) == (Phase.CLOSED, LegExit.ORPHAN_CORRELATION)


def test_paired_leg_whose_primary_left_no_trace_is_an_orphan():
    found = step(PAIRED, None, closes_at(9))
    assert (found.phase, found.exit, found.since_ms) == (Phase.CLOSED, LegExit.ORPHAN_PRIMARY, closes_at(9))


@pytest.mark.parametrize("ending", list(Ending))
@pytest.mark.parametrize("later", [0, 1, MINUTE - 1])
def test_paired_leg_never_reacts_within_the_candle_of_the_close(ending, later):
    """A backtest dates a stop at its candle's open, and would fill the leg's exit there too."""
    track = track_of_closes(FALLING, trail=0.02)
    assert step(PAIRED, ended(ending), closes_at(9) + later, track=track) is PAIRED
    assert step(PAIRED, ended(ending), closes_at(10), track=track) is not PAIRED


def test_paired_leg_reacts_live_once_the_next_candle_has_opened():
    closed_at = closes_at(9) + 30_000
    track = track_of_closes(FALLING, trail=0.02)
    assert step(PAIRED, ended(Ending.PROFIT, closed_at), closed_at + 20_000, track=track) is PAIRED
    assert step(PAIRED, ended(Ending.PROFIT, closed_at), closes_at(10), track=track).phase == Phase.CLOSED


@pytest.mark.parametrize(
    ("ending", "why"),
    [
        (Ending.PROFIT, LegExit.PRIMARY_PROFIT),
        (Ending.HAND, LegExit.PRIMARY_BY_HAND),
        (Ending.OTHER, LegExit.PRIMARY_ENDED),
    ],
)
def test_paired_leg_is_closed_when_its_primary_ended_otherwise(ending, why):
    found = step(PAIRED, ended(ending), closes_at(10), track=track_of_closes(FALLING, trail=0.02))
    assert (found.phase, found.exit, found.since_ms) == (Phase.CLOSED, why, closes_at(10))


@pytest.mark.parametrize("ending", STOPPED)
def test_paired_leg_becomes_a_runner_with_its_own_stop_at_once(ending):
    found = step(PAIRED, ended(ending), closes_at(10), track=track_of_closes(FALLING, trail=0.02))
    assert (found.phase, found.since_ms, found.exit) == (Phase.RUNNER, closes_at(9), None)
    assert found.stop.stop == pytest.approx(FALLING[10] * 1.02)
    assert found.stop.armed


def test_runner_hours_of_nothing_close_the_leg_of_a_stopped_primary():
    never = HedgeSettings(runner_hours=0.0)
    track = track_of_closes(FALLING, trail=0.02)
    found = step(PAIRED, ended(Ending.STOPPED), closes_at(10), track=track, settings=never)
    assert (found.phase, found.exit) == (Phase.CLOSED, LegExit.PRIMARY_ENDED)


@pytest.mark.parametrize("track", [None, track_of_closes(FALLING, trail=float("nan"))])
def test_runner_without_a_forecast_is_closed(track):
    found = step(PAIRED, ended(Ending.STOPPED), closes_at(10), track=track)
    assert (found.phase, found.exit) == (Phase.CLOSED, LegExit.RUNNER_BLIND)


def test_runner_that_momentum_is_against_already_is_closed():
    found = step(
        replace(PAIRED, side=1),
        ended(Ending.STOPPED),
        closes_at(10),
        track=track_of_closes(FALLING, trail=0.02),
    )
    assert (found.phase, found.exit) == (Phase.CLOSED, LegExit.RUNNER_MOMENTUM)
    assert found.stop is not None


def run(track, *, until, settings=SETTINGS):
    """Life of a leg whose primary was stopped at the close of row 9, at each close after it."""
    life, lives = PAIRED, []
    for row in range(10, until):
        life = step(life, ended(Ending.STOPPED), closes_at(row), track=track, settings=settings)
        lives.append(life)
    return lives


def test_runner_trails_its_profit_and_leaves_when_the_close_passes_the_stop():
    """Down to 90, then up 3 % in one candle: past a 2 % trail, still below the average."""
    closes = np.concatenate([np.linspace(110, 90, 60), [92.7]])
    lives = run(track_of_closes(closes, trail=0.02), until=61)
    assert [life.phase for life in lives[:-1]] == [Phase.RUNNER] * 50
    assert lives[-2].stop.stop == pytest.approx(90 * 1.02, rel=1e-3)
    assert (lives[-1].phase, lives[-1].exit) == (Phase.CLOSED, LegExit.RUNNER_STOP)


def test_runner_leaves_when_momentum_turns():
    closes = np.concatenate([np.linspace(110, 100, 60), np.linspace(100, 104, 60)])
    lives = run(track_of_closes(closes, trail=0.1), until=120)
    assert lives[-1].exit == LegExit.RUNNER_MOMENTUM


def test_runner_leaves_when_its_time_is_over_counted_from_its_primary_s_end():
    lives = run(track_of_closes(FALLING, trail=0.02), until=400)
    assert lives[-1].exit == LegExit.RUNNER_TIME
    assert lives[-1].since_ms == closes_at(9) + 4 * HOUR


def test_runner_found_late_after_a_restart_does_not_start_its_time_anew():
    track = track_of_closes(FALLING, trail=0.02)
    found = step(PAIRED, ended(Ending.STOPPED), closes_at(9) + 4 * HOUR, track=track)
    assert (found.phase, found.exit) == (Phase.CLOSED, LegExit.RUNNER_TIME)


def test_runner_does_not_ask_for_its_primary_any_more():
    track = track_of_closes(FALLING, trail=0.02)
    runner = step(PAIRED, ended(Ending.STOPPED), closes_at(10), track=track)
    for primary in (None, OPEN, ended(Ending.PROFIT)):
        found = step(runner, primary, closes_at(11), track=track, state=HedgeState.BROKEN)
        assert found.phase == Phase.RUNNER
    assert step(runner, None, closes_at(11), track=None) is runner


@given(st.lists(st.floats(-0.02, 0.02), min_size=20, max_size=400), st.sampled_from([-1, 1]))
def test_runner_never_loosens_its_stop_and_never_outlives_its_time(moves, side):
    closes = 100 * np.exp(np.cumsum([0.0] * 10 + moves))
    track = track_of_closes(closes, trail=0.015)
    life, stops = replace(PAIRED, side=side), []
    for row in range(10, len(closes)):
        before = life
        life = step(life, ended(Ending.STOPPED), closes_at(row), track=track)
        if life.phase == Phase.RUNNER:
            assert closes_at(row) - life.since_ms < 4 * HOUR
            stops.append(side * life.stop.stop)
        if before.phase == Phase.CLOSED:
            assert life is before
    assert stops == sorted(stops)


@given(st.integers(11, 200))
def test_life_knows_nothing_of_candles_that_have_not_closed(row):
    whole, part = track_of_closes(FALLING, trail=0.02), track_of_closes(FALLING[: row + 1], trail=0.02)
    assert step(PAIRED, ended(Ending.STOPPED), closes_at(row), track=whole) == step(
        PAIRED, ended(Ending.STOPPED), closes_at(row), track=part
    )


@pytest.mark.parametrize(
    ("reason", "profit", "ending"),
    [
        ("stop_loss", -0.02, Ending.STOPPED),
        ("stoploss_on_exchange", -0.02, Ending.STOPPED),
        ("trailing_stop_loss", 0.0, Ending.STOPPED),
        ("stop_crossed", -0.01, Ending.STOPPED),
        ("emergency_exit", -0.01, Ending.STOPPED),
        ("trailing_stop_loss", 0.02, Ending.PROFIT),
        ("stop_crossed", 0.001, Ending.PROFIT),
        ("roi", 0.02, Ending.PROFIT),
        ("liquidation", -0.9, Ending.LIQUIDATED),
        ("force_exit", -0.05, Ending.HAND),
        ("force_exit", 0.05, Ending.HAND),
        ("override_close", 0.05, Ending.HAND),
        ("exit_signal", -0.01, Ending.OTHER),
        ("somebody's own", -0.01, Ending.OTHER),
        (None, -0.01, Ending.OTHER),
        (None, float("nan"), Ending.OTHER),
    ],
)
def test_ending_of_a_primary(reason, profit, ending):
    assert ending_of(reason, profit) == ending


RUNNER = step(PAIRED, ended(Ending.STOPPED), closes_at(10), track=track_of_closes(FALLING, trail=0.02))


@pytest.mark.parametrize(
    ("life", "reason", "why"),
    [
        (PAIRED, "liquidation", LegExit.LEG_LIQUIDATED),
        (RUNNER, "liquidation", LegExit.LEG_LIQUIDATED),
        (PAIRED, "force_exit", LegExit.LEG_BY_HAND),
        (PAIRED, "stop_loss", LegExit.LEG_ENDED),
        (PAIRED, None, LegExit.LEG_ENDED),
        (RUNNER, "trailing_stop_loss", LegExit.RUNNER_STOP),
        (RUNNER, "roi", LegExit.LEG_ENDED),
    ],
)
def test_leg_that_ended_first_says_why(life, reason, why):
    found = leg_ended(life, reason, closes_at(20))
    assert (found.phase, found.exit, found.since_ms) == (Phase.CLOSED, why, closes_at(20))


def test_leg_that_is_closed_keeps_its_first_reason():
    done = closed(PAIRED, LegExit.PRIMARY_PROFIT, closes_at(5))
    assert leg_ended(done, "liquidation", closes_at(6)) is done
    assert step(done, None, closes_at(6)) is done


def test_every_exit_has_a_meaning_and_fits_freqtrade_s_column():
    assert set(MEANINGS) == set(LegExit)
    assert all(len(why) <= 64 for why in LegExit)
