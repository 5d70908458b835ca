"""A bundle is trained on nothing that its models' dates rule out, and bad data is refused in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from outrigger.errors import DataError
from outrigger.regime.bundle.bundle import gives_its_card
from outrigger.regime.bundle.stored_model import Classifier
from outrigger.regime.classes import REGIMES
from outrigger.regime.features import INPUT_FEATURES
from outrigger.regime.labels import LabelRules
from outrigger.regime.training import Plan, train
from outrigger.regime.training_data import RegimeRows, pair_rows
from tests.regime.markets import BAR_MS, DAY_MS, START_MS, charts, flat, rows_of, walk

HORIZON_MS = 48 * BAR_MS
PLAN = Plan(models="3", minimum_days=32, spacing=3)
DAYS = 40
TWO = [rows_of(DAYS, 1), rows_of(DAYS, 2, "SOL/USDT:USDT")]


def small_fit(features: pd.DataFrame, labels: np.ndarray, *rest: object) -> Classifier:
    """A small forest fitted to all five regimes."""
    five = pd.concat([features, features.iloc[:5]]), np.r_[labels, range(5)]
    model: Classifier = HistGradientBoostingClassifier(max_iter=3, random_state=rest[-1]).fit(*five)
    return model


class Fits:
    """Fits small forests to all five regimes and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]] = []

    def __call__(
        self, features: pd.DataFrame, labels: np.ndarray, closed_ms: np.ndarray, pairs: np.ndarray, seed: int
    ) -> Classifier:
        self.given.append((features, labels, closed_ms, pairs))
        return small_fit(features, labels, closed_ms, pairs, seed)


@pytest.fixture(scope="module")
def trained() -> tuple[object, Fits]:
    fits = Fits()
    return train(TWO, PLAN, fit=fits), fits


def test_training_models_see_no_label_that_ends_after_their_cut(trained: tuple) -> None:
    """Each model's last candle's horizon is over by `trained_until`, which no cut lies before."""
    training, fits = trained
    cuts = [START_MS + days * DAY_MS for days in (32, 36, DAYS)]
    for cut, model, (_, labels, closed, _) in zip(cuts, training.bundle.card.models, fits.given, strict=True):
        assert closed.max() + HORIZON_MS == model.trained_until_ms <= cut
        assert closed.max() + HORIZON_MS > cut - 2 * 3 * BAR_MS
        assert len(labels) == model.rows


def test_training_rows_are_those_of_the_charts(trained: tuple) -> None:
    _, fits = trained
    features, labels, closed, pairs = fits.given[-1]
    for number, one in enumerate(TWO):
        mine = pairs == number
        at = np.searchsorted(one.closed_ms, closed[mine])
        np.testing.assert_array_equal(one.closed_ms[at], closed[mine])
        np.testing.assert_array_equal(one.labels[at], labels[mine])
        np.testing.assert_array_equal(
            one.features[features.columns].to_numpy()[at], features[mine].to_numpy()
        )
    assert ((closed // BAR_MS) % 3 == 0).all()
    assert (labels >= 0).all()


def test_training_on_less_gives_the_same_early_model(trained: tuple) -> None:
    """What comes after a cut cannot reach the model before it: truncate everything there."""
    training, _ = trained
    cut, bars = START_MS + 36 * DAY_MS, 36 * 288
    short = [
        pair_rows(one.pair, charts(walk(DAYS, seed)[:bars]), {}, LabelRules())
        for seed, one in enumerate(TWO, 1)
    ]
    again = train(short, PLAN, cuts=[cut - 4 * DAY_MS, cut], fit=Fits())
    for position in range(2):
        before, after = training.bundle.card.models[position], again.bundle.card.models[position]
        assert before.trained_until_ms == after.trained_until_ms
        assert before.label_shares == after.label_shares
        assert before.baselines == after.baselines
        rows = TWO[0].features[list(again.bundle.card.features)].iloc[2000:2200]
        np.testing.assert_array_equal(
            training.bundle.models[position].predict_proba(rows),
            again.bundle.models[position].predict_proba(rows),
        )


def test_training_card_tells_what_it_was_trained_on(trained: tuple) -> None:
    training, _ = trained
    card = training.bundle.card
    assert card.pairs == ("BTC/USDT:USDT", "SOL/USDT:USDT")
    assert card.gap_ms == HORIZON_MS
    assert set(card.drift) == set(card.features)
    assert all(gives_its_card(training.bundle, position) for position in range(3))
    assert sum(card.models[0].label_shares) == pytest.approx(1.0)
    assert len(training.contents) == len(card.models)


def test_training_scores_are_of_candles_after_each_model(trained: tuple) -> None:
    training, _ = trained
    card = training.bundle.card
    first, second, last = card.models
    assert first.scores["from"] >= iso(first.trained_until_ms + card.gap_ms)
    assert first.scores["to"] < iso(second.trained_until_ms + card.gap_ms)
    assert last.scores == {}
    assert card.scores["rows"] == first.scores["rows"] + second.scores["rows"]


def iso(moment_ms: int) -> str:
    return pd.Timestamp(moment_ms, unit="ms", tz="UTC").isoformat()


def test_training_is_the_same_for_the_same_seed(trained: tuple) -> None:
    training, _ = trained
    again = train(TWO, PLAN, fit=Fits())
    assert again.bundle.card.dumps() == training.bundle.card.dumps()


def test_training_several_at_a_time_gives_the_same_models(trained: tuple) -> None:
    training, _ = trained
    again = train(TWO, replace(PLAN, jobs=2), fit=small_fit)
    for before, after in zip(training.bundle.card.models, again.bundle.card.models, strict=True):
        assert before.checked == after.checked
        assert before.scores == after.scores
        assert before.trained_until_ms == after.trained_until_ms


def test_training_leaves_out_what_never_varies_and_says_so(trained: tuple) -> None:
    training, _ = trained
    assert all(training.left_out[name] == "never there" for name in INPUT_FEATURES)
    assert not set(training.left_out) & set(training.bundle.card.features)
    constant = [replace(one, features=one.features.assign(range_1h=0.5)) for one in TWO]
    assert train(constant, PLAN, fit=Fits()).left_out["range_1h"] == "constant"


def test_training_until_a_moment_ignores_all_after_it() -> None:
    until = START_MS + 35 * DAY_MS
    training = train(TWO, Plan(models="1", minimum_days=32, spacing=3), last_ms=until, fit=Fits())
    assert training.bundle.card.models[0].trained_until_ms <= until
    assert training.bundle.card.data_until_ms == until


@pytest.mark.parametrize("hours", [1, 4])
def test_training_set_shorter_than_the_horizon_is_refused(hours: int) -> None:
    with pytest.raises(
        DataError, match=rf"span {hours}\.0 h, the labels alone look 4 h ahead: download months"
    ):
        train([rows_of(hours / 24)], PLAN)


def test_training_without_pairs_is_refused() -> None:
    with pytest.raises(DataError, match="download months"):
        train([], PLAN)


def test_training_set_of_a_day_is_refused() -> None:
    with pytest.raises(DataError, match="no candle has both features"):
        train([rows_of(1)], replace(PLAN, minimum_days=0))


def test_training_on_a_flat_market_is_refused() -> None:
    """No return, no sigma, no label."""
    flat_rows = pair_rows("BTC/USDT:USDT", charts(flat(10)), {}, LabelRules())
    with pytest.raises(DataError, match="no candle has both features"):
        train([flat_rows], replace(PLAN, minimum_days=2))


def test_training_window_of_one_regime_is_refused_by_name() -> None:
    calm = replace(TWO[0], labels=np.where(TWO[0].labels >= 0, 0, -1).astype(np.int8))
    with pytest.raises(
        DataError, match=f"all candles before 2025-02-02 are {REGIMES[0]}: there is nothing to tell apart"
    ):
        train([calm], PLAN, fit=Fits())


def test_training_window_of_too_few_candles_is_refused() -> None:
    with pytest.raises(DataError, match="a model needs 500: download earlier"):
        train(TWO, replace(PLAN, spacing=12), cuts=[START_MS + 2 * DAY_MS], fit=Fits())


def test_training_without_a_feature_that_varies_is_refused() -> None:
    dead = [replace(one, features=one.features * 0.0 + 1.0) for one in TWO]
    dead = [replace(one, features=one.features.fillna(1.0)) for one in dead]
    with pytest.raises(DataError, match="no feature varies"):
        train(dead, PLAN, fit=Fits())


def test_training_with_the_real_classifier_is_class_complete() -> None:
    """Twenty-four days are too few for the slowest columns, which then are never there and say nothing."""
    rows: list[RegimeRows] = [rows_of(24, 1)]
    training = train(rows, Plan(models="1", minimum_days=24, spacing=12))
    told = training.bundle.models[0].predict_proba(
        rows[0].features[list(training.bundle.card.features)].iloc[-50:]
    )
    assert told.shape == (50, 5)
    assert (told > 0).all()


def test_training_one_model_is_the_same_on_one_thread_or_two() -> None:
    """Parts that do not wait for one another are fitted at once, and linear algebra never splits a sum."""
    rows, plan = [rows_of(24, 1)], Plan(models="1", minimum_days=24, spacing=12)
    alone = train(rows, plan)
    with threadpool_limits(limits=2):
        together = train(rows, replace(plan, jobs=2))
    assert together.bundle.card.dumps() == alone.bundle.card.dumps()
