from dataclasses import replace

import numpy as np
import pytest

from outrigger.hedge.leg_path import leg_path
from outrigger.hedge.measure import HedgeTrack
from outrigger.hedge.state import HedgeState
from outrigger.settings.hedge import HedgeSettings
from tests.hedge.samples import FIVE, START_MS

SETTINGS = HedgeSettings(band=0.1, rebalance_minutes=10, max_leg=1.5)
NAN = float("nan")


def track(betas, state=HedgeState.EFFECTIVE):
    size = len(betas)
    ones = np.ones(size)
    times = START_MS + FIVE * np.arange(1, size + 1, dtype=np.int64)
    beta = np.array(betas, dtype=np.float64)
    states = np.full(size, state, dtype=np.int8)
    return HedgeTrack(times, beta, ones, ones, ones, ones, ones, states, FIVE)


def path(betas, *, primary=None, candidate=None, ratio=0.5, state=HedgeState.EFFECTIVE):
    still = np.zeros(len(betas))
    moves = (still if one is None else np.array(one) for one in (primary, candidate))
    return leg_path(track(betas, state), *moves, ratio, SETTINGS)


def test_leg_path_begins_with_the_first_beta_and_trades_only_changes():
    found = path([NAN, 0.8, 0.8, 0.8])
    np.testing.assert_allclose(found.held, [0, 0.4, 0.4, 0.4])
    assert not found.traded.any()


def test_leg_path_is_resized_outside_the_band_and_not_before_the_time():
    """Target from .40 to .50: 20 % off, but only ten minutes, two candles, after the entry."""
    found = path([0.8, 1.0, 1.0, 1.05])
    np.testing.assert_allclose(found.held, [0.4, 0.4, 0.5, 0.5])
    np.testing.assert_allclose(found.traded, [0, 0, 0.1, 0])


def test_leg_path_drifts_with_both_prices():
    """The leg's pair doubles: twice the share, far too much, and cut at once."""
    found = path([0.8, 0.8], candidate=[0.0, np.log(2)])
    np.testing.assert_allclose(found.held, [0.4, 0.4])
    np.testing.assert_allclose(found.traded, [0, 0.4])
    calm = path([0.8, 0.8], primary=[0.0, 0.05])
    assert calm.held[1] == pytest.approx(0.4 * np.exp(-0.05))


def test_leg_path_of_a_weak_hedge_is_not_added_to():
    np.testing.assert_allclose(path([0.8, 1.0, 1.0], state=HedgeState.WEAK).held, [0.4, 0.4, 0.4])


def test_leg_path_keeps_what_it_has_where_beta_is_not_known():
    np.testing.assert_allclose(path([0.8, NAN, NAN, 0.8]).held, [0.4] * 4)


def test_leg_path_is_capped():
    np.testing.assert_allclose(path([4.0, 4.0], ratio=1.0).held, [1.5, 1.5])


def test_leg_path_knows_nothing_of_what_comes_later():
    rng = np.random.default_rng(1)
    betas, primary, candidate = 0.6 + 0.2 * rng.random(200), *rng.normal(0, 0.02, (2, 200))
    whole = leg_path(track(betas), primary, candidate, 0.5, SETTINGS)
    cut = track(betas[:90])
    part = leg_path(replace(cut, beta=betas[:90]), primary[:90], candidate[:90], 0.5, SETTINGS)
    np.testing.assert_array_equal(part.held, whole.held[:90])
    np.testing.assert_array_equal(part.traded, whole.traded[:90])
