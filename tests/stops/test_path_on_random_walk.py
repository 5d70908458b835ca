"""A trail on a driftless walk has a known life (Glynn & Iglehart 1995).

In the log price a trail of width w hangs h = -log(1 - w) below the maximum. At exit the maximum is
exponential with mean h and the trade has lasted h² / σ² on average. Time is discrete here: the price falls
through the trail by 0.5826 σ more on average (the mean ladder height of a Gaussian walk), which adds as much
to h.
"""

import numpy as np
import pytest

from outrigger.stops.path import stop_path

TRADES, CANDLES, SIGMA, WIDTH = 2_000, 6_000, 0.001, 0.02
H = -np.log1p(-WIDTH) + 0.5826 * SIGMA


@pytest.fixture(scope="module", params=[1, -1])
def lives(request):
    """Best log price in the trade's favour and number of candles at exit, for each trade."""
    side, rng = request.param, np.random.default_rng(1995)
    # Widths of a short are measured upwards: log(1 + w) has to be the same h.
    width = WIDTH if side > 0 else WIDTH / (1 - WIDTH)
    never, trail = np.full(CANDLES, np.inf), np.full(CANDLES, width)
    best, duration = np.empty(TRADES), np.empty(TRADES)
    for trade in range(TRADES):
        walk = np.cumsum(rng.normal(0.0, SIGMA, CANDLES))
        price = np.exp(side * walk)
        stops, _ = stop_path(side, 1.0, price, width, never, trail, 0.0, width)
        in_force = np.concatenate(([1 - side * width], stops[:-1]))
        out = int(np.argmax(side * (price - in_force) <= 0))
        assert side * (price[out] - in_force[out]) <= 0, "the simulation is too short"
        best[trade], duration[trade] = max(0.0, walk[: out + 1].max()), out + 1
    return best, duration


def standard_error(values):
    return values.std() / np.sqrt(len(values))


def test_trail_on_a_driftless_walk_has_an_exponential_best_price(lives):
    best, _ = lives
    assert best.mean() == pytest.approx(H, abs=3.5 * standard_error(best))
    assert best.std() == pytest.approx(H, rel=0.08)
    for multiple in (0.5, 1.0, 2.0):
        expected = np.exp(-multiple)
        error = np.sqrt(expected * (1 - expected) / TRADES)
        # The discrete walk has an atom at zero of about 0.6 σ / h, the size of the correction itself.
        assert np.mean(best > multiple * H) == pytest.approx(expected, abs=3.5 * error + 0.01)


def test_trail_on_a_driftless_walk_lasts_h_squared_over_sigma_squared(lives):
    _, duration = lives
    assert duration.mean() == pytest.approx(H**2 / SIGMA**2, abs=3.5 * standard_error(duration))


def test_trail_on_a_driftless_walk_ends_above_the_entry_once_in_e_times(lives):
    best, _ = lives
    won = np.mean(best > -np.log1p(-WIDTH))
    assert won == pytest.approx(np.exp(-1), abs=3.5 * np.sqrt(0.2325 / TRADES) + 0.01)
