from __future__ import annotations

import numpy as np
import pytest

from outrigger.errors import DataError
from outrigger.volatility.grid import BARS_PER_WEEK, CandleGrid
from outrigger.volatility.har import HarShape, forecast_variance
from outrigger.volatility.har_fit import fit, realised_variance
from outrigger.volatility.qlike import qlike
from tests.volatility.walks import breathing_sigma, walk_frame

N = 6 * BARS_PER_WEEK


def _grid(seed: int, n: int = N, sigma: np.ndarray | float = 0.002) -> CandleGrid:
    return CandleGrid.from_frame(walk_frame(n, seed=seed, bar_sigma=sigma, steps=30))


def test_realised_variance_sums_the_coming_squared_returns():
    grid = _grid(1, n=20)
    squared = np.diff(np.log(grid.close)) ** 2
    assert realised_variance(grid, 3)[4] == pytest.approx(squared[4:7].sum())
    assert np.isnan(realised_variance(grid, 3)[-3:]).all()


def test_fit_on_constant_volatility_forecasts_it():
    model = fit([_grid(1), _grid(2)], horizons=[48])
    forecast = np.sqrt(forecast_variance(model, _grid(3), 48)[BARS_PER_WEEK:])
    assert forecast.mean() == pytest.approx(0.002 * np.sqrt(48), rel=0.01)
    assert forecast.std() / forecast.mean() < 0.06


def test_fit_on_changing_volatility_beats_the_weeks_level_on_unseen_data():
    sigma = breathing_sigma(N)
    model = fit([_grid(1, sigma=sigma), _grid(2, sigma=3 * sigma)], horizons=[12])
    unseen = _grid(3, sigma=0.5 * sigma)
    flat = fit([_grid(1, sigma=sigma)], horizons=[12], shape=HarShape("return", 2.0, (2015, 2016)))
    realised = realised_variance(unseen, 12)
    rows = np.isfinite(realised) & (np.arange(N) > BARS_PER_WEEK)
    losses = [qlike(realised[rows], forecast_variance(m, unseen, 12)[rows]).mean() for m in (model, flat)]
    # Realised variance of 12 Gaussian returns around a perfect forecast costs ln 6 − ψ(6) = .0857 by itself.
    assert losses[0] < 0.12 < losses[1]


def test_fit_does_not_depend_on_what_a_pair_costs_or_how_much_it_moves():
    sigma = breathing_sigma(N)
    small, large = (fit([_grid(1, sigma=k * sigma)], horizons=[48]).coefficients[48] for k in (1, 5))
    np.testing.assert_allclose(small, large, rtol=1e-6, atol=1e-8)


def test_fit_keeps_one_row_of_coefficients_per_horizon_and_the_provenance():
    model = fit([_grid(1)], horizons=[12, 48], provenance={"data": "walk"})
    assert sorted(model.coefficients) == [12, 48]
    assert model.provenance == {"data": "walk"}


def test_fit_without_history_is_refused():
    with pytest.raises(DataError, match="download more"):
        fit([_grid(1, n=500)])
