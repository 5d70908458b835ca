"""A leg by hand, and its runner against the life that the bot would lead it through."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outrigger.hedge.life import Ending, LegExit, LegLife, Phase, PrimaryNow, advance_life
from outrigger.hedge.replayed_leg import leg_market, replay_leg, value_changes
from outrigger.hedge.state import HedgeState
from outrigger.review.lab_trade import Outcome, PairCandles
from outrigger.review.pair_market import PairMarket
from outrigger.settings.hedge import HedgeSettings
from outrigger.settings.stop import StopSettings
from outrigger.stops.policies import MarketColumns
from tests.hedge.life_samples import MINUTE, T0, closes_at, track_of_closes
from tests.hedge.samples import ETH

SETTINGS = HedgeSettings(runner_hours=1.0, spread=0.0002)
FEE = 0.0005
LOST = Outcome(1, 5, 8, 40_000, 38_800, "stop", False, 0.03, 0.0, -0.03, 0.001, 0.0, -0.031)


def carrier(opens, closes=None, *, funding=None, sigma=0.02, settings=SETTINGS):
    opens = np.asarray(opens, dtype=np.float64)
    closes = np.append(opens[1:], opens[-1]) if closes is None else np.asarray(closes, dtype=np.float64)
    size = len(opens)
    charged = np.zeros(size)
    for row, rate in (funding or {}).items():
        charged[row] = rate
    high, low = np.fmax(opens, closes), np.fmin(opens, closes)
    columns = MarketColumns(
        *(np.full(size, value) for value in (sigma, sigma, 0.0005)), np.full(size, np.nan)
    )
    candles = PairCandles(opens, high, low, closes, charged)
    market = PairMarket(ETH, "1m", T0 + MINUTE * np.arange(size), candles, columns, {})
    return leg_market(market, StopSettings(), settings)


def test_replay_leg_of_a_primary_in_profit_closes_at_the_next_open_by_hand():
    """Short ETH from 3000 (a candle after the primary's row 5) to 2940 (a candle after row 8)."""
    opens = np.full(20, 3000.0)
    opens[9:] = 2940.0
    won = replace(LOST, gross=0.02)
    found = replay_leg(carrier(opens, funding={6: 0.0001, 8: 0.0002, 9: 9.0}), -1, (5, 8), won, FEE, SETTINGS)
    assert (found.entry_row, len(found.changes)) == (6, 4)
    assert found.paired == pytest.approx(0.02)
    assert np.isnan(found.runner)
    cost = (FEE + 0.0001) * (1 + 0.98) - 0.0001 - 0.0002
    assert found.cost == pytest.approx(cost)
    assert found.changes.sum() == pytest.approx(0.02 - cost)


def test_replay_leg_of_a_primary_that_was_gone_at_once_is_none():
    assert replay_leg(carrier(np.full(20, 3000.0)), -1, (5, 5), LOST, FEE, SETTINGS) is None


@pytest.mark.parametrize("row", [6, 9])
def test_replay_leg_without_a_price_to_trade_at_is_none(row):
    opens = np.full(20, 3000.0)
    opens[row] = np.nan
    assert replay_leg(carrier(opens, np.full(20, 3000.0)), -1, (5, 8), LOST, FEE, SETTINGS) is None


def test_replay_leg_whose_candles_end_is_none():
    assert replay_leg(carrier(np.full(9, 3000.0)), -1, (5, 8), LOST, FEE, SETTINGS) is None


def test_replay_leg_runs_on_after_a_stop_for_its_time():
    opens = 3000 * np.exp(-0.0005 * np.arange(200))
    found = replay_leg(carrier(opens), -1, (5, 8), LOST, FEE, SETTINGS)
    assert len(found.changes) == 9 - 6 + 60
    assert found.paired == pytest.approx(1 - np.exp(-0.0005 * 3))
    assert found.paired + found.runner == pytest.approx(1 - np.exp(-0.0005 * 63), rel=1e-6)


@pytest.mark.parametrize("settings", [SETTINGS, HedgeSettings(runner_hours=0.0)])
def test_replay_leg_does_not_run_against_momentum_or_without_time(settings):
    direction = 1 if settings is SETTINGS else -1
    opens = 3000 * np.exp(direction * 0.0005 * np.arange(200))
    found = replay_leg(carrier(opens, settings=settings), -1, (5, 8), LOST, FEE, settings)
    assert np.isnan(found.runner)
    assert len(found.changes) == 4


def test_replay_leg_without_a_forecast_does_not_run():
    opens = 3000 * np.exp(-0.0005 * np.arange(200))
    assert np.isnan(replay_leg(carrier(opens, sigma=np.nan), -1, (5, 8), LOST, FEE, SETTINGS).runner)


@pytest.mark.parametrize("seed", range(12))
def test_replay_leg_ends_when_the_life_of_a_leg_would(seed):
    """The same closes through the state machine, by the clock or by a turn of momentum."""
    rng = np.random.default_rng(seed)
    close = 3000 * np.exp(np.cumsum(rng.normal(-0.0004, 0.0008, 200)))
    opens = np.concatenate(([3000.0], close[:-1]))
    settings = HedgeSettings(runner_hours=1.0, runner_sigma=4.0)
    leg = carrier(opens, close, settings=settings, sigma=0.015)
    found = replay_leg(leg, -1, (5, 30), LOST, FEE, settings)
    track = track_of_closes(close, trail=0.06)
    primary = PrimaryNow(closes_at(30) - MINUTE, Ending.STOPPED)
    life, row = LegLife(1, -1, Phase.PAIRED, T0), 29
    while life.phase != Phase.CLOSED:
        row += 1
        life = advance_life(life, primary, HedgeState.EFFECTIVE, track, closes_at(row), 0.0, MINUTE, settings)
    # A turn is seen at a close: the life leaves at the next open, the replay at that close.
    turned_while_running = life.exit == LegExit.RUNNER_MOMENTUM and np.isfinite(found.runner)
    assert found.entry_row + len(found.changes) - 1 == (row if turned_while_running else row + 1)


def test_value_changes_sum_to_the_whole_move_and_skip_what_cannot_be_read():
    closes = np.array([100.0, 102.0, np.nan, 104.0, 103.0])
    candles = PairCandles(np.full(5, 100.0), closes, closes, closes, np.zeros(5))
    np.testing.assert_allclose(value_changes(candles, 1, 0, 4, 105.0), [0, 0.02, 0, 0.02, 0.01])
    np.testing.assert_allclose(value_changes(candles, -1, 1, 3, 99.0), [-0.02, 0, 0.03])
    assert pd.Series(value_changes(candles, 1, 0, 4, 105.0)).sum() == pytest.approx(0.05)
