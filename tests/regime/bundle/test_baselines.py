"""Baselines against scikit-learn, counts by hand and the one-candle-at-a-time rule."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from outrigger.errors import DataError
from outrigger.regime.bundle.baselines import Baselines, fit_baselines, last_complete, log_volatility
from tests.regime.markets import BAR_MS, walk

RNG = np.random.default_rng(5)
LABELS = RNG.choice(5, 3000, p=[0.2, 0.5, 0.06, 0.12, 0.12]).astype(np.int8)
VOLATILITY = RNG.normal(-6, 0.4, (3000, 2)) + 0.3 * (LABELS == 2)[:, None]
LAST = np.r_[np.full(48, -1), LABELS[:-48]].astype(np.int8)
FITTED = fit_baselines(LABELS, VOLATILITY, LAST)


def test_prior_is_the_smoothed_shares() -> None:
    counts = np.bincount(LABELS, minlength=5) + 1
    np.testing.assert_allclose(FITTED.by_prior(2), np.tile(counts / counts.sum(), (2, 1)))


def test_volatility_equals_scikit_learn() -> None:
    scaled = (VOLATILITY - VOLATILITY.mean(axis=0)) / VOLATILITY.std(axis=0)
    expected = LogisticRegression(max_iter=500).fit(scaled, LABELS).predict_proba(scaled)
    np.testing.assert_allclose(FITTED.by_volatility(VOLATILITY), expected, atol=1e-9)


def test_volatility_that_is_missing_gives_the_prior() -> None:
    np.testing.assert_allclose(FITTED.by_volatility(np.array([[np.nan, -6.0]]))[0], FITTED.prior)


@pytest.mark.parametrize("classes", [(0, 1), (1, 2, 4), (3,)])
def test_volatility_of_few_classes_still_gives_five_probabilities(classes: tuple[int, ...]) -> None:
    labels = RNG.choice(classes, 500).astype(np.int8)
    told = fit_baselines(labels, VOLATILITY[:500], labels).by_volatility(VOLATILITY[:500])
    np.testing.assert_allclose(told.sum(axis=1), 1.0)
    assert (told > 0).all()
    others = [one for one in range(5) if one not in classes]
    assert told[:, others].max() < 0.05


def test_volatility_of_two_classes_equals_scikit_learn_but_for_the_smoothing() -> None:
    labels = (VOLATILITY[:500, 0] + RNG.normal(0, 0.2, 500) > -6).astype(np.int8)
    told = fit_baselines(labels, VOLATILITY[:500], labels).by_volatility(VOLATILITY[:500])
    scaled = (VOLATILITY[:500] - VOLATILITY[:500].mean(axis=0)) / VOLATILITY[:500].std(axis=0)
    expected = LogisticRegression(max_iter=500).fit(scaled, labels).predict_proba(scaled)
    np.testing.assert_allclose(told[:, 1] / (told[:, 0] + told[:, 1]), expected[:, 1], atol=1e-9)


def test_persistence_counts_what_followed_what() -> None:
    labels = np.array([0, 0, 1, 1, 1], dtype=np.int8)
    last = np.array([-1, 0, 0, 0, 4], dtype=np.int8)
    found = fit_baselines(labels, np.full((5, 2), np.nan), last).by_persistence(np.array([0, 4, -1, 2]))
    np.testing.assert_allclose(found[0], np.array([2, 3, 1, 1, 1]) / 8)
    np.testing.assert_allclose(found[1], np.array([1, 2, 1, 1, 1]) / 6)
    np.testing.assert_allclose(found[2], np.array([2, 1, 1, 1, 1]) / 6)
    np.testing.assert_allclose(found[3], 0.2)


def test_baselines_survive_json() -> None:
    assert Baselines.from_dict(json.loads(json.dumps(FITTED.to_dict()))) == FITTED


@pytest.mark.parametrize(
    "change", [{"prior": [0.5, 0.5]}, {"persistence": [[1.0]]}, {"volatility": [[np.inf] * 3] * 5}]
)
def test_baselines_that_are_none_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"not|prior"):
        Baselines.from_dict(FITTED.to_dict() | change)


@pytest.mark.parametrize("labels", [[], [0, -1]])
def test_baselines_without_labels_are_refused(labels: list[int]) -> None:
    rows = np.array(labels, dtype=np.int8)
    with pytest.raises(DataError, match="labelled rows"):
        fit_baselines(rows, np.zeros((len(rows), 2)), rows)


def test_log_volatility_equals_a_plain_recursion() -> None:
    frame = walk(1.5, 3)
    squared = np.diff(np.log(frame["close"].to_numpy())) ** 2
    for column, half_life in enumerate((24, 288)):
        variance, decay = squared[0], 0.5 ** (1 / half_life)
        for one in squared[1:]:
            variance = decay * variance + (1 - decay) * one
        assert log_volatility(frame)[-1, column] == pytest.approx(0.5 * np.log(variance))


def test_log_volatility_knows_no_later_candle() -> None:
    frame = walk(2, 3)
    whole = log_volatility(frame)
    for cut in (1, 2, 100, 400):
        np.testing.assert_array_equal(log_volatility(frame[:cut]), whole[:cut])


def test_last_complete_over_a_gap_matches_the_rule_candle_by_candle() -> None:
    """The regime of the candle that closed exactly one horizon ago, where there is one."""
    closed = BAR_MS * np.r_[np.arange(100), np.arange(130, 300)].astype(np.int64)
    labels = RNG.integers(-1, 5, len(closed)).astype(np.int8)
    known = dict(zip(closed.tolist(), labels.tolist(), strict=True))
    expected = [known.get(moment - 48 * BAR_MS, -1) for moment in closed.tolist()]
    assert last_complete(labels, closed, 48 * BAR_MS).tolist() == expected
    assert pd.Series(expected).nunique() == 6
