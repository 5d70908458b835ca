from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from joblib import parallel_config
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

from outrigger.errors import DataError
from outrigger.regime.classes import LONG_SQUEEZE, MIRRORED, SHORT_SQUEEZE, TRENDING
from outrigger.regime.measures import auc_by_class, log_loss, prior_log_loss
from outrigger.regime.model import RegimeClassifier

HOUR_MS = 3_600_000
ROWS = 2400
SETTINGS: dict[str, Any] = {
    "directional": ("up", "crowd"),
    "inputs": ("crowd", "thin"),
    "iterations": 15,
}


def _market(
    seed: int = 0, rows: int = ROWS, planted: float = 0.0
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Noise decides between calm and the rest, `up` leans on the side, and `crowd` too where planted."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "noise": rng.standard_normal(rows),
            "up": rng.standard_normal(rows),
            "crowd": rng.uniform(-1, 1, rows),
            "thin": rng.uniform(-1, 1, rows),
        }
    )
    side = 0.7 * X["up"] - planted * X["crowd"]
    scores = np.column_stack(
        [-1.5 * X["noise"], np.ones(rows), 0.5 * X["noise"], X["noise"] - side, X["noise"] + side]
    )
    noisy = scores + rng.gumbel(size=scores.shape)
    return X, np.argmax(noisy, axis=1), np.arange(rows) * HOUR_MS


def _fitted(planted: float = 0.0, **changed: Any) -> RegimeClassifier:
    X, y, times = _market(planted=planted)
    return RegimeClassifier(**{**SETTINGS, **changed}).fit(X, y, times)


@pytest.fixture(scope="module")
def fitted() -> RegimeClassifier:
    return _fitted()


def test_classifier_finds_what_there_is(fitted: RegimeClassifier) -> None:
    X, y, _ = _market(seed=1)
    told = fitted.predict_proba(X)
    assert log_loss(y, told) < 0.9 * prior_log_loss(y, y)
    assert (auc_by_class(y, told)[[0, 3, 4]] > 0.7).all()


def test_probabilities_are_whole_and_positive(fitted: RegimeClassifier) -> None:
    told = fitted.predict_proba(_market(seed=2)[0])
    assert told.shape == (ROWS, 5)
    assert told.sum(axis=1) == pytest.approx(np.ones(ROWS))
    assert (told > 0).all()
    assert (fitted.predict(_market(seed=2)[0]) == told.argmax(axis=1)).all()


def test_classifier_of_a_mirrored_market_swaps_the_squeezes(fitted: RegimeClassifier) -> None:
    X, _, _ = _market(seed=3)
    turned = X.assign(up=-X["up"], crowd=-X["crowd"])
    # All that tells up from down is how often each squeeze came, which the prior holds.
    balanced = clone(fitted)
    y = _market()[1]
    both = np.concatenate([y, np.array(MIRRORED)[y]])
    X0 = _market()[0]
    doubled = pd.concat([X0, X0.assign(up=-X0["up"], crowd=-X0["crowd"])])
    balanced.fit(doubled, both, np.concatenate([_market()[2]] * 2))
    told, mirror = balanced.predict_proba(X), balanced.predict_proba(turned)
    assert mirror[:, MIRRORED] == pytest.approx(told, abs=1e-3)


def test_classifier_with_a_seed_is_deterministic(fitted: RegimeClassifier) -> None:
    X, _, _ = _market(seed=4)
    assert (_fitted().predict_proba(X) == fitted.predict_proba(X)).all()


def test_classifier_fitted_in_several_threads_is_the_same(fitted: RegimeClassifier) -> None:
    with parallel_config(backend="threading", n_jobs=3):
        together = _fitted()
    X, _, _ = _market(seed=4)
    assert (together.predict_proba(X) == fitted.predict_proba(X)).all()
    assert (together.weights_ == fitted.weights_).all()


def test_classifier_asked_for_many_rows_at_once_says_what_it_says_of_each(fitted: RegimeClassifier) -> None:
    X, _, _ = _market(seed=6, rows=9001)
    whole = fitted.predict_proba(X)
    for at in (0, 3000, 3001, 6000, 9000):
        assert whole[at] == pytest.approx(fitted.predict_proba(X.iloc[[at]])[0], abs=1e-12)
    assert fitted.predict_proba(X.astype(np.float32)) == pytest.approx(whole, abs=1e-5)


def test_classifier_asked_with_other_columns_is_refused(fitted: RegimeClassifier) -> None:
    X, _, _ = _market(seed=6, rows=20)
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict_proba(X[["up", "noise", "crowd", "thin"]])
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict_proba(X.drop(columns="thin"))
    with pytest.raises(ValueError, match="infinity"):
        fitted.predict_proba(X.assign(up=np.inf))


def test_classifier_survives_storage_bit_for_bit(fitted: RegimeClassifier) -> None:
    content = skops.io.dumps(fitted)
    known = ("outrigger.regime.model.", "sklearn.")
    foreign = skops.io.get_untrusted_types(data=content)
    assert all(name.startswith(known) for name in foreign)
    X, _, _ = _market(seed=5)
    assert (skops.io.loads(content, trusted=foreign).predict_proba(X) == fitted.predict_proba(X)).all()


def test_a_class_that_never_came_keeps_a_small_probability() -> None:
    X, y, times = _market()
    kept = ~np.isin(y, [SHORT_SQUEEZE, LONG_SQUEEZE])
    model = RegimeClassifier(**SETTINGS).fit(X[kept], y[kept], times[kept])
    told = model.predict_proba(X)
    assert told.shape == (ROWS, 5)
    assert (told[:, [3, 4]] > 0).all()
    assert (told[:, [3, 4]] < 0.02).all()


def test_missing_constant_and_empty_columns_are_no_obstacle() -> None:
    X, y, times = _market()
    X = X[["noise", "up"]].assign(empty=np.nan, still=3.0)
    X.loc[::3, "noise"] = np.nan
    model = RegimeClassifier(**SETTINGS).fit(X, y, times)
    told = model.predict_proba(X.assign(noise=np.nan, up=np.nan, still=np.nan))
    assert np.isfinite(told).all()
    assert np.ptp(told, axis=0) == pytest.approx(np.zeros(5), abs=1e-12)


def test_permuted_labels_teach_nothing() -> None:
    X, y, times = _market(rows=4800)
    shuffled = np.random.default_rng(0).permutation(y)
    model = RegimeClassifier(**SETTINGS).fit(X, shuffled, times)
    later, came, _ = _market(seed=9)
    came = np.random.default_rng(1).permutation(came)
    told = model.predict_proba(later)
    assert auc_by_class(came, told) == pytest.approx(np.full(5, 0.5), abs=0.04)
    assert log_loss(came, told) > prior_log_loss(came, shuffled) - 0.002


def test_a_planted_input_earns_its_say() -> None:
    X, y, times = _market(planted=1.0)
    with_inputs = RegimeClassifier(**SETTINGS).fit(X, y, times)
    without = RegimeClassifier(**SETTINGS).fit(X.drop(columns=["crowd", "thin"]), y, times)
    later, came, _ = _market(seed=7, planted=1.0)
    gained = auc_by_class(came, with_inputs.predict_proba(later)) - auc_by_class(
        came, without.predict_proba(later.drop(columns=["crowd", "thin"]))
    )
    assert with_inputs.input_coefficients_.size
    assert (gained[[LONG_SQUEEZE, SHORT_SQUEEZE]] > 0.02).all()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_inputs_of_noise_change_nothing_at_all(seed: int) -> None:
    X, y, times = _market(seed=seed)
    model = RegimeClassifier(**SETTINGS).fit(X, y, times)
    without = RegimeClassifier(**SETTINGS).fit(X[["noise", "up"]], y, times)
    later, _, _ = _market(seed=8)
    assert not model.input_coefficients_.size
    assert (model.predict_proba(later) == without.predict_proba(later[["noise", "up"]])).all()


def test_rows_closer_than_the_spacing_are_thinned() -> None:
    X, y, times = _market()
    close = np.repeat(times, 2) + np.tile([0, 300_000], ROWS)
    X2 = X.loc[X.index.repeat(2)].reset_index(drop=True)
    y2 = np.repeat(y, 2)
    y2[1::2] = TRENDING
    dense = RegimeClassifier(**SETTINGS).fit(X2, y2, close)
    assert (dense.predict_proba(X) == _fitted().predict_proba(X)).all()


def test_closer_rows_teach_the_linear_half_alone() -> None:
    X, y, times = _market(rows=2 * ROWS)
    half_hours = times // 2
    close = RegimeClassifier(**SETTINGS).fit(X, y, half_hours)
    hours = (half_hours // HOUR_MS * HOUR_MS) == half_hours
    apart = RegimeClassifier(**SETTINGS).fit(X[hours], y[hours], half_hours[hours])
    later = _market(seed=4)[0].to_numpy()
    trees, fewer = (
        model.boosting_.log_probabilities(later[:, model.tree_columns_]) for model in (close, apart)
    )
    assert (trees == fewer).all()
    candles = later[:, ~close.slow_]
    assert np.ptp(close.logistic_.log_probabilities(candles) - apart.logistic_.log_probabilities(candles)) > 0


def test_halves_are_believed_as_set(fitted: RegimeClassifier) -> None:
    """Weights that add up to one: the geometric mean of both, made whole."""
    X = _market(seed=5)[0]
    linear, trees = (np.exp(part) for part in fitted._parts(X.to_numpy()))
    mean = linear**0.6 * trees**0.4
    assert fitted.predict_proba(X) == pytest.approx(mean / mean.sum(axis=1, keepdims=True), abs=1e-12)
    alone = _fitted(linear_weight=1.0)
    assert alone.predict_proba(X) == pytest.approx(linear, abs=1e-12)


@pytest.mark.parametrize(
    ("labels", "match"),
    [(np.full(100, 2), "one class teaches"), (np.r_[np.zeros(99, dtype=int), 7], "is no regime")],
)
def test_labels_that_cannot_be_learned_are_refused(labels: np.ndarray, match: str) -> None:
    with pytest.raises(DataError, match=match):
        RegimeClassifier(**SETTINGS).fit(_market(rows=100)[0], labels)


# The classes are the five regimes whatever the training rows hold, and labels are their indices.
_FIXED = "the classes are always the five regimes"
EXPECTED_FAILURES = {
    "check_classifiers_one_label": "a window of one class is refused with advice",
    "check_classifiers_one_label_sample_weights": "a window of one class is refused with advice",
    "check_classifiers_classes": _FIXED,
    "check_classifiers_train": _FIXED,
    "check_classifiers_regression_target": "refused with DataError, as any label that is no regime",
    "check_supervised_y_2d": _FIXED,
    "check_fit2d_1sample": "a window of one class is refused with advice",
}


def test_classifier_keeps_scikit_learns_contract_where_it_applies() -> None:
    results = check_estimator(
        RegimeClassifier(iterations=3), expected_failed_checks=EXPECTED_FAILURES, on_fail=None
    )
    failed = {one["check_name"]: str(one["exception"])[:200] for one in results if one["status"] == "failed"}
    assert not failed
