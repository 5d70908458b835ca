from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import GammaRegressor

from outrigger.errors import DataError
from outrigger.volatility.qlike import fit_log_linear, qlike


def test_qlike_matches_hand_calculation():
    loss = qlike(np.array([1.0, 2.0, 1.0]), np.array([1.0, 1.0, 2.0]))
    np.testing.assert_allclose(loss, [0, 2 - np.log(2) - 1, 0.5 + np.log(2) - 1])


def _problem(n: int = 500):
    rng = np.random.default_rng(8)
    design = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    offset = rng.normal(size=n)
    return design, np.exp(design @ [0.3, -0.5, 0.2] + offset) * rng.gamma(2.0, 0.5, n), offset


def test_fit_log_linear_matches_a_gamma_regression():
    design, realised, _ = _problem()
    other = GammaRegressor(alpha=0, tol=1e-10, max_iter=1000).fit(design[:, 1:], realised)
    ours = fit_log_linear(design, realised, np.zeros(len(realised)))
    np.testing.assert_allclose(ours, [other.intercept_, *other.coef_], atol=1e-5)


def test_fit_log_linear_with_offset_recovers_the_coefficients():
    np.testing.assert_allclose(fit_log_linear(*_problem(40_000)), [0.3, -0.5, 0.2], atol=0.02)


def test_fit_log_linear_offset_multiplied_moves_only_the_constant():
    design, realised, offset = _problem()
    moved = fit_log_linear(design, realised, offset + np.log(7)) - fit_log_linear(design, realised, offset)
    np.testing.assert_allclose(moved, [-np.log(7), 0, 0], atol=1e-6)


def test_fit_log_linear_of_extreme_values_still_settles():
    design, realised, offset = _problem()
    realised[0] *= 1e8
    beta = fit_log_linear(design, realised, offset)
    gradient = design.T @ (1 - realised * np.exp(-(design @ beta + offset)))
    np.testing.assert_allclose(gradient / len(offset), 0, atol=1e-6)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda x, y, o: (x[:3], y[:3], o[:3]), "cannot fit"),
        (lambda x, y, o: (x, np.where(y > 1, np.nan, y), o), "NaN"),
        (lambda x, y, o: (np.zeros_like(x), y, o), "repeat each other"),
    ],
)
def test_fit_log_linear_of_unfit_input_is_refused(spoil, message):
    with pytest.raises(DataError, match=message):
        fit_log_linear(*spoil(*_problem()))
