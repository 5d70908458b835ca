"""Measures of a bundle against plain recounts, and a model that knows nothing is told so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from outrigger.errors import DataError
from outrigger.regime.bundle.bundle import Bundle
from outrigger.regime.classes import REGIMES
from outrigger.regime.evaluation import evaluate
from outrigger.regime.evaluation_parts import (
    comparison,
    groups_of,
    permutation_importance,
    without,
)
from outrigger.regime.features import FEATURES as SPECS
from outrigger.regime.scoring import score
from outrigger.regime.training_data import RegimeRows, between
from tests.regime.bundles import FEATURES, GAP_MS, bundle
from tests.regime.markets import BAR_MS, DAY_MS, START_MS, rows_of

ENDS = (START_MS + 5 * DAY_MS, START_MS + 9 * DAY_MS)
MADE, _ = bundle(ENDS)
ROWS = [rows_of(14, 1), rows_of(14, 2, "SOL/USDT:USDT")]


class Oracle:
    """Knows what came, with a set confidence; knows it by the row's number in a feature."""

    def __init__(self, labels: np.ndarray, confidence: float) -> None:
        self.labels, self.confidence = labels, confidence

    def predict_proba(self, X: object) -> np.ndarray:
        at = np.nan_to_num(np.asarray(X)[:, 0], nan=0.0).astype(int)
        return self.confidence * np.eye(5)[self.labels[at]] + (1 - self.confidence) / 5


def knowing(confidence: float) -> tuple[Bundle, list[RegimeRows]]:
    """A bundle of one model that can read the future out of its first feature."""
    one = ROWS[0]
    numbered = replace(
        one, features=one.features.assign(**{FEATURES[0]: np.arange(len(one), dtype=np.float64)})
    )
    model = Oracle(np.maximum(one.labels, 0), confidence)
    card = replace(MADE.card, models=MADE.card.models[:1])
    return Bundle(card, (model,), "oracle"), [numbered]


def test_evaluation_of_a_model_that_knows_is_perfect_in_every_measure() -> None:
    told = evaluate(*knowing(0.9999)).to_dict()
    assert told["log_loss"] < 1e-3
    assert told["macro_auc"] == 1.0
    assert all(value < 1e-3 for value in told["ece"].values())
    assert told["brier"] < 1e-6
    squeezes = told["label_shares"]["long_squeeze"]
    expected = min(1.0, squeezes / 0.05)
    assert told["top5_precision"]["long_squeeze"] == pytest.approx(expected, abs=0.05)


def test_evaluation_of_a_model_without_an_opinion_loses_what_chance_loses() -> None:
    told = evaluate(*knowing(0.0)).to_dict()
    assert told["log_loss"] == pytest.approx(np.log(5))
    assert all(value is None or value == pytest.approx(0.5) for value in told["auc"].values())


def test_evaluation_equals_a_recount_pair_by_pair() -> None:
    found = evaluate(MADE, ROWS, every=3)
    losses, prior_losses, counted = [], [], 0
    for one in ROWS:
        told = score(MADE, one.features, one.closed_ms)
        for at in range(0, len(one), 3):
            if one.labels[at] < 0 or np.isnan(told[at]).any():
                continue
            model = MADE.card.models[int(one.closed_ms[at] >= ENDS[1] + GAP_MS)]
            losses.append(-np.log(told[at, one.labels[at]]))
            prior_losses.append(-np.log(model.baselines.prior[one.labels[at]]))
            counted += 1
    told = found.to_dict()
    assert told["rows"] == counted == sum(told["pairs"].values())
    assert told["log_loss"] == pytest.approx(np.mean(losses))
    assert told["prior_log_loss"] == pytest.approx(np.mean(prior_losses))


def test_evaluation_has_every_key_that_was_promised() -> None:
    told = evaluate(MADE, ROWS).to_dict()
    promised = (
        "log_loss prior_log_loss volatility_log_loss persistence_log_loss auc macro_auc ece brier "
        "top5_precision rows from to"
    )
    assert set(promised.split()) <= set(told)
    assert list(told["auc"]) == list(told["ece"]) == list(REGIMES)
    assert list(told["top5_precision"]) == ["long_squeeze", "short_squeeze"]


def test_evaluation_begins_a_gap_after_the_first_training_and_ends_with_the_last_label() -> None:
    told = evaluate(MADE, ROWS, every=1).to_dict()
    assert told["from"] == stamp(ENDS[0] + GAP_MS)
    assert told["to"] == stamp(START_MS + 14 * DAY_MS - 48 * BAR_MS)
    assert told["left_out"] == {"no_model": 2 * (5 * 288 + 48 - 1), "no_features": 0, "no_label": 2 * 48}


def stamp(moment_ms: int) -> str:
    from outrigger.market.moment import from_ms

    return from_ms(moment_ms).isoformat()


def test_evaluation_of_a_range_keeps_to_it() -> None:
    start, end = START_MS + 10 * DAY_MS, START_MS + 11 * DAY_MS
    found = evaluate(MADE, between(ROWS, start, end), every=1)
    assert found.closed_ms.min() == start
    assert found.closed_ms.max() == end
    assert len(found.labels) == 2 * 289


def test_evaluation_before_any_model_says_from_when_it_could() -> None:
    with pytest.raises(DataError, match=r"first model scores from 2025-01-06 04:00 on.*--train-until"):
        evaluate(MADE, between(ROWS, None, ENDS[0]))


def test_evaluation_at_some_candles_equals_a_recount() -> None:
    whole = evaluate(MADE, ROWS)
    late = whole.closed_ms >= START_MS + 10 * DAY_MS
    part = whole.at(late)
    again = evaluate(MADE, [one.at(np.arange(0, len(one), 3)) for one in ROWS], every=1)
    np.testing.assert_array_equal(part.told, again.told[late])
    assert part.to_dict()["rows"] == late.sum() == sum(part.pairs.values())
    assert part.pairs["SOL/USDT:USDT"] == int(late[len(late) // 2 :].sum())


def test_evaluation_of_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="widen --from and --to"):
        evaluate(MADE, between(ROWS, START_MS + 90 * DAY_MS, None))


def test_evaluation_of_unlabelled_candles_only_is_refused() -> None:
    with pytest.raises(DataError, match="labels the hours after"):
        evaluate(MADE, between(ROWS, START_MS + 14 * DAY_MS - 40 * BAR_MS, None))


def test_groups_name_inputs_by_what_they_are_made_of() -> None:
    groups = groups_of([spec.name for spec in SPECS])
    sources = {spec.name: spec.source for spec in SPECS}
    assert set(groups["funding"]) == {name for name in sources if "funding_" in sources[name]}
    assert set(groups["order_book"]) >= {name for name in sources if "book_imbalance" in sources[name]}
    assert groups["funding"]
    assert groups["order_book"]
    assert {"season_1h"} <= set(groups["time_of_day"])
    assert not set(groups["time_of_day"]) & {*groups["funding"], *groups["order_book"]}
    assert "range_1h" not in {name for names in groups.values() for name in names}


def test_without_makes_columns_missing_and_leaves_the_rows_alone() -> None:
    less = without(ROWS, (FEATURES[1], "never_heard_of"))
    assert less[0].features[FEATURES[1]].isna().all()
    assert ROWS[0].features[FEATURES[1]].notna().any()
    assert list(less[0].features) == list(ROWS[0].features)


def test_importance_finds_the_one_feature_that_a_model_reads() -> None:
    found = permutation_importance(*knowing(0.9))
    assert next(iter(found)) == FEATURES[0]
    assert found[FEATURES[0]] > 0.5
    assert all(abs(found[name]) < 1e-12 for name in FEATURES[1:])


def test_importance_is_the_same_for_the_same_seed() -> None:
    assert permutation_importance(MADE, ROWS, seed=3) == permutation_importance(MADE, ROWS, seed=3)


def test_comparison_is_positive_where_something_was_lost() -> None:
    whole = evaluate(*knowing(0.9))
    made, rows = knowing(0.9)
    lost = comparison(whole, evaluate(made, without(rows, (FEATURES[0],))))
    assert lost["log_loss_rise"] > 0.5
    assert lost["macro_auc_lost"] > 0.3
