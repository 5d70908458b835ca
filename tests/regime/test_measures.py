from __future__ import annotations

import numpy as np
import pytest

from outrigger.errors import DataError
from outrigger.regime.classes import LONG_SQUEEZE, REGIMES
from outrigger.regime.measures import (
    auc_by_class,
    brier_by_class,
    calibration_error_by_class,
    log_loss,
    macro_auc,
    prior_log_loss,
    top_precision,
)


def _told(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    told = rng.dirichlet(np.ones(5), size=rows)
    return np.array([rng.choice(5, p=p) for p in told]), told


def test_log_loss_equals_the_mean_negative_log() -> None:
    y, told = _told(200)
    assert log_loss(y, told) == pytest.approx(-np.mean(np.log(told[np.arange(200), y])))


def test_prior_log_loss_of_equal_shares_is_the_log_of_five() -> None:
    assert prior_log_loss(np.arange(5), np.tile(np.arange(5), 7)) == pytest.approx(np.log(5))


def test_auc_equals_the_share_of_ordered_pairs() -> None:
    y, told = _told(120)
    score = told[:, 2]
    ours, theirs = score[y == 2], score[y != 2]
    oracle = np.mean((ours[:, None] > theirs) + 0.5 * (ours[:, None] == theirs))
    assert auc_by_class(y, told)[2] == pytest.approx(oracle)


def test_auc_of_a_class_that_never_came_is_missing_and_left_out_of_the_mean() -> None:
    y, told = _told(100)
    y[y == 4] = 0
    areas = auc_by_class(y, told)
    assert np.isnan(areas[4])
    assert macro_auc(y, told) == pytest.approx(areas[:4].mean())


def test_brier_sums_to_the_multiclass_score() -> None:
    y, told = _told(150)
    oracle = np.mean(np.sum((told - np.eye(5)[y]) ** 2, axis=1))
    assert brier_by_class(y, told).sum() == pytest.approx(oracle)


def test_calibration_error_by_hand() -> None:
    told = np.full((4, 5), 0.05)
    told[:, 0] = [0.22, 0.28, 0.72, 0.78]
    y = np.array([1, 1, 0, 0])
    # Bin 0.2 to 0.3: mean .25, none came. Bin 0.7 to 0.8: mean .75, all came.
    assert calibration_error_by_class(y, told)[0] == pytest.approx(0.25)


def test_calibration_error_of_honest_probabilities_is_small() -> None:
    y, told = _told(4000)
    assert (calibration_error_by_class(y, told) < 0.03).all()


def test_top_precision_counts_the_likeliest_share() -> None:
    y = np.array([LONG_SQUEEZE] * 3 + [0] * 17)
    told = np.full((20, 5), 0.1)
    told[:, LONG_SQUEEZE] = np.linspace(0.6, 0.1, 20)
    assert top_precision(y, told, LONG_SQUEEZE, 0.2) == pytest.approx(3 / 4)


@pytest.mark.parametrize(
    ("y", "shape"), [(np.array([-1]), (1, 5)), (np.array([0]), (2, 5)), (np.array([], dtype=int), (0, 5))]
)
def test_measures_of_rows_that_do_not_fit_are_refused(y: np.ndarray, shape: tuple[int, int]) -> None:
    with pytest.raises(DataError):
        log_loss(y, np.full(shape, 1 / len(REGIMES)))
