"""The memory counts every candle once, forgets after a week, and reads as a plain recount does."""

from __future__ import annotations

import json
from math import log

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import StateError
from outrigger.regime.drift import WINDOW_MS, BinTable, training_bins
from outrigger.regime.drift_memory import DriftMemory, ScoredRows, excess_log_loss, reading, remember
from outrigger.regime.drift_state import DriftReading

BAR_MS, DAY_MS = 300_000, 86_400_000
START_MS = 1_735_689_600_000
PRIOR = (0.2, 0.54, 0.06, 0.11, 0.09)
RNG = np.random.default_rng(11)
TRAINED = pd.DataFrame(RNG.normal(size=(20_000, 3)), columns=["a", "b", "c"])
BINS = BinTable.of(training_bins(TRAINED, START_MS - BAR_MS * np.arange(20_000)[::-1]))


def candles(
    n_rows: int, *, shift: float = 0.0, skill: float = 0.0, start_ms: int = START_MS, pair: str = "BTC"
) -> ScoredRows:
    """Rows whose regimes come with the prior's shares and whose model is right `skill` of the time."""
    rng = np.random.default_rng(n_rows)
    labels = rng.choice(5, n_rows, p=PRIOR).astype(np.int8)
    said = np.tile(PRIOR, (n_rows, 1))
    right = np.eye(5)[labels]
    wrong = np.eye(5)[(labels + 1) % 5]
    told = (1 - abs(skill)) * said + abs(skill) * (right if skill >= 0 else wrong)
    return ScoredRows(
        pair,
        start_ms + BAR_MS * np.arange(1, n_rows + 1, dtype=np.int64),
        pd.DataFrame(rng.normal(size=(n_rows, 3)) + shift, columns=["a", "b", "c"]),
        told,
        labels,
    )


def part(rows: ScoredRows, start: int, end: int) -> ScoredRows:
    here = slice(start, end)
    return ScoredRows(
        rows.pair, rows.closed_ms[here], rows.features[here], rows.probabilities[here], rows.labels[here]
    )


def taken(rows: ScoredRows, memory: DriftMemory | None = None) -> DriftMemory:
    return remember(memory or DriftMemory("b"), rows, BINS, PRIOR)


def now(rows: ScoredRows) -> int:
    return int(rows.closed_ms[-1])


def test_excess_log_loss_by_hand() -> None:
    told = np.array([[0.5, 0.2, 0.1, 0.1, 0.1], [0.2, 0.2, 0.2, 0.2, 0.2], [1.0, 0, 0, 0, 0]])
    found = excess_log_loss(told, np.array([0, 3, -1], dtype=np.int8), PRIOR)
    np.testing.assert_allclose(found[:2], [log(0.2) - log(0.5), log(0.11) - log(0.2)])
    assert np.isnan(found[2])


def test_excess_log_loss_of_the_impossible_is_bounded() -> None:
    found = excess_log_loss(np.array([[0.0, 1, 0, 0, 0]]), np.array([0], dtype=np.int8), PRIOR)
    assert found[0] == pytest.approx(log(0.2) - log(1e-6))


def test_reading_of_a_skilled_model_is_below_the_prior_and_of_a_misled_one_above() -> None:
    good, bad = candles(1500, skill=0.3), candles(1500, skill=-0.3)
    assert reading(taken(good), BINS, now(good)).excess < -0.1
    assert reading(taken(bad), BINS, now(bad)).excess > 0.1


def test_reading_equals_a_recount_of_the_days_inside_the_window() -> None:
    rows = candles(12 * 288, skill=0.2)
    found = reading(taken(rows), BINS, now(rows))
    day = rows.closed_ms // DAY_MS
    inside = day > (now(rows) - WINDOW_MS) // DAY_MS
    expected = excess_log_loss(rows.probabilities, rows.labels, PRIOR)[inside].mean()
    assert found.excess == pytest.approx(expected)


def test_reading_finds_features_that_moved_and_leaves_others_alone() -> None:
    still, moved = candles(1500), candles(1500, shift=2.0)
    assert reading(taken(still), BINS, now(still)).share == 0.0
    assert reading(taken(moved), BINS, now(moved)).share == 1.0


@pytest.mark.parametrize("n_rows", [0, 100, 2 * 288 - 1])
def test_reading_of_too_little_says_nothing(n_rows: int) -> None:
    assert reading(taken(candles(n_rows)), BINS, START_MS + DAY_MS) == DriftReading(None, None)


def test_reading_of_days_long_gone_says_nothing() -> None:
    rows = candles(1500)
    assert reading(taken(rows), BINS, now(rows) + 2 * WINDOW_MS) == DriftReading(None, None)


def test_remember_counts_a_candle_once_however_often_it_is_passed() -> None:
    rows = candles(1500, skill=0.2)
    once = taken(rows)
    pieces = DriftMemory("b")
    for end in range(100, 1501, 100):
        pieces = taken(part(rows, max(0, end - 400), end), pieces)
    assert pieces.counted_ms == once.counted_ms
    for day, found in once.days.items():
        assert np.array_equal(pieces.days[day].features, found.features)
        assert pieces.days[day].judged == found.judged
        assert pieces.days[day].excess == pytest.approx(found.excess)


def test_remember_judges_a_candle_when_its_regime_becomes_known() -> None:
    rows = candles(600, skill=0.2)
    unknown = ScoredRows(
        rows.pair,
        rows.closed_ms,
        rows.features,
        rows.probabilities,
        np.where(np.arange(600) < 552, rows.labels, np.int8(-1)),
    )
    early = taken(unknown)
    assert sum(found.judged for found in early.days.values()) == 552
    assert sum(found.judged for found in taken(rows, early).days.values()) == 600


def test_remember_passes_over_candles_without_probabilities() -> None:
    rows = candles(600)
    rows.probabilities[:100] = np.nan
    memory = taken(rows)
    assert sum(found.judged for found in memory.days.values()) == 500
    assert sum(found.features[0].sum() for found in memory.days.values()) == 500


def test_remember_adds_pairs_up() -> None:
    both = taken(candles(600, pair="ETH"), taken(candles(600, pair="BTC")))
    assert sum(found.judged for found in both.days.values()) == 1200


def test_remember_holds_no_more_than_the_window() -> None:
    memory = taken(candles(30 * 288))
    assert len(memory.days) == WINDOW_MS // DAY_MS


def test_memory_through_json_goes_on_as_if_it_had_not() -> None:
    rows = candles(1500, skill=0.2)
    stored = DriftMemory.from_dict(json.loads(json.dumps(taken(part(rows, 0, 700)).to_dict())))
    assert taken(rows, stored).to_dict() == taken(rows, taken(part(rows, 0, 700))).to_dict()


def day(features: object) -> dict[str, object]:
    one = {"features": features, "excess": 0.0, "judged": 0}
    return {"bundle": "b", "days": {"20000": one}, "counted_ms": {}, "judged_ms": {}}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"bundle": "b", "days": [], "counted_ms": {}, "judged_ms": {}},
        day({"a": [1, 2]}),
        day([1, 2]),
        day([[1, -2]]),
    ],
)
def test_memory_that_is_none_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(StateError, match="the watch has to start anew"):
        DriftMemory.from_dict(body)


def test_memory_of_other_bins_does_not_fit() -> None:
    memory = taken(candles(600))
    assert memory.fits(BINS)
    assert DriftMemory("b").fits(BINS)
    assert not DriftMemory.from_dict(day([[1, 2]])).fits(BINS)
