"""Whoever competes gives all five probabilities of every row, whatever the data lack."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outrigger.regime.candidates import candidates
from outrigger.regime.classes import CALM, LONG_SQUEEZE, SHORT_SQUEEZE, TRENDING, WHIPSAW
from outrigger.regime.features import CANDLE_FEATURES, DIRECTIONAL
from outrigger.regime.model.classifier import RegimeClassifier

KNOWN = candidates()
ROWS, HOUR_MS = 300, 3_600_000


@pytest.fixture(scope="module")
def taught() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Rows an hour apart of which one column tells; one regime never comes, one column never changes."""
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.standard_normal((ROWS, len(CANDLE_FEATURES))), columns=list(CANDLE_FEATURES))
    features = features.mask(rng.random(features.shape) < 0.1).assign(width_1h=2.0)
    others = rng.choice([CALM, TRENDING, LONG_SQUEEZE, SHORT_SQUEEZE], ROWS)
    labels = np.where(features["range_5m"].fillna(0) > 0.5, CALM, others).astype(np.int8)
    return features, labels, np.arange(ROWS) * HOUR_MS


@pytest.mark.parametrize("name", list(KNOWN))
def test_candidate_that_never_saw_a_regime_still_gives_it_a_chance(
    name: str, taught: tuple[pd.DataFrame, np.ndarray, np.ndarray]
) -> None:
    features, labels, times = taught
    columns = list(KNOWN[name].columns)
    told = KNOWN[name].fit(features[columns], labels, times)(features[columns])
    assert told.shape == (ROWS, 5)
    np.testing.assert_allclose(told.sum(axis=1), 1.0)
    assert (told > 0).all()
    assert (told[:, WHIPSAW] < 0.05).all()


@pytest.mark.parametrize(("name", "part"), [("its logistic half", 0), ("its boosting half", 1)])
def test_half_alone_says_what_it_says_inside_the_shipped_classifier(
    name: str, part: int, taught: tuple[pd.DataFrame, np.ndarray, np.ndarray]
) -> None:
    features, labels, times = taught
    whole = RegimeClassifier().fit(features, labels, times)
    whole.weights_ = np.eye(2)[part]
    told = KNOWN[name].fit(features, labels, times)(features)
    np.testing.assert_allclose(told, whole.predict_proba(features), rtol=0, atol=1e-12)


def test_candidates_see_candles_only_and_each_set_leaves_out_what_it_says() -> None:
    assert all(set(one.columns) <= set(CANDLE_FEATURES) for one in KNOWN.values())
    left_out = {name: set(CANDLE_FEATURES) - set(one.columns) for name, one in KNOWN.items()}
    assert "sin_7" in left_out["blend without clock"]
    assert left_out["blend without forecast"] == {
        *(f"forecast_{length}" for length in ("1h", "4h", "1d")),
        *(f"leader_forecast_{length}" for length in ("1h", "4h")),
    }
    assert {"leader_move_1h", "together_1d", "alone_1h", "livelier_than_leader"} <= left_out[
        "blend without leader"
    ]
    assert left_out["blend without direction"] == set(DIRECTIONAL) & set(CANDLE_FEATURES)
    assert not left_out["shipped blend"]
