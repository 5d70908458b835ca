"""Every candle is scored by a model that cannot have seen it, whatever is asked beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError
from outrigger.regime.bundle.card import Card
from outrigger.regime.features import INPUT_FEATURES
from outrigger.regime.scoring import CLOCK_FEATURES, model_at, score
from tests.regime.bundles import DAY_MS, FEATURES, GAP_MS, HOUR_MS, START_MS, bundle, noise

ENDS = (START_MS + 30 * DAY_MS, START_MS + 60 * DAY_MS, START_MS + 61 * DAY_MS)
MADE, _ = bundle(ENDS)
BAR_MS = 300_000


def clock(start_ms: int, n_rows: int, step_ms: int = BAR_MS) -> np.ndarray:
    return start_ms + step_ms * np.arange(n_rows, dtype=np.int64)


def newest_allowed(closed_ms: int, ends: tuple[int, ...], gap_ms: int) -> int:
    """The rule in words, one candle and one model at a time."""
    allowed = [position for position, end in enumerate(ends) if end + gap_ms <= closed_ms]
    return allowed[-1] if allowed else -1


def test_model_at_matches_the_rule_candle_by_candle() -> None:
    closed = clock(START_MS + 29 * DAY_MS, 33 * 24, HOUR_MS)
    expected = [newest_allowed(int(moment), ENDS, GAP_MS) for moment in closed]
    assert model_at(MADE.card, closed).tolist() == expected
    assert set(expected) == {-1, 0, 1, 2}


@given(
    offset=st.integers(-3 * DAY_MS, 3 * DAY_MS),
    end=st.sampled_from(ENDS),
    gap_bars=st.integers(48, 600),
)
def test_model_at_never_takes_a_model_trained_within_the_gap(offset: int, end: int, gap_bars: int) -> None:
    card = bundle_card(gap_bars * BAR_MS)
    moment = end + offset
    chosen = int(model_at(card, np.array([moment]))[0])
    assert chosen == newest_allowed(moment, ENDS, gap_bars * BAR_MS)
    if chosen >= 0:
        assert card.models[chosen].trained_until_ms + card.horizon_ms <= moment


def bundle_card(gap_ms: int) -> Card:

    return replace(MADE.card, gap_ms=gap_ms)


def test_model_at_first_candle_after_the_gap_is_scored_and_the_one_before_is_not() -> None:
    at = ENDS[0] + GAP_MS
    assert model_at(MADE.card, np.array([at - 1, at])).tolist() == [-1, 0]


def test_score_equals_each_model_asked_alone() -> None:
    closed = clock(ENDS[1] - HOUR_MS, 24 * 3 * 12)
    rows = noise(len(closed), 4)
    found = score(MADE, rows, closed)
    for at in range(0, len(closed), 97):
        position = newest_allowed(int(closed[at]), ENDS, GAP_MS)
        expected = MADE.models[position].predict_proba(rows.iloc[[at]])[0]
        np.testing.assert_allclose(found[at], expected, rtol=0, atol=1e-12)


def test_score_rows_add_up_to_one_and_older_ones_are_unknown() -> None:
    closed = clock(ENDS[0] - DAY_MS, 700)
    found = score(MADE, noise(len(closed), 4), closed)
    early = closed < ENDS[0] + GAP_MS
    assert np.isnan(found[early]).all()
    np.testing.assert_allclose(found[~early].sum(axis=1), 1.0)


@given(cut=st.integers(1, 899), start=st.integers(0, 898))
def test_score_does_not_depend_on_how_the_frame_is_cut(cut: int, start: int) -> None:
    """The seam between two models lies inside the frame."""
    closed = clock(ENDS[1] + GAP_MS - 400 * BAR_MS, 900)
    rows = noise(900, 6)
    whole = score(MADE, rows, closed)
    np.testing.assert_allclose(score(MADE, rows[:cut], closed[:cut]), whole[:cut], rtol=0, atol=1e-12)
    np.testing.assert_allclose(score(MADE, rows[start:], closed[start:]), whole[start:], rtol=0, atol=1e-12)


def test_score_row_without_features_is_unknown() -> None:
    closed = clock(ENDS[0] + GAP_MS, 3)
    rows = noise(3, 1).fillna(0.0)
    rows.iloc[1] = np.nan
    assert np.isnan(score(MADE, rows, closed)).all(axis=1).tolist() == [False, True, False]


def test_score_row_that_knows_only_the_time_is_unknown() -> None:
    wave = sorted(CLOCK_FEATURES)[0]
    made, _ = bundle(ENDS, features=(*FEATURES[:3], wave))
    rows = pd.DataFrame({**dict.fromkeys(FEATURES[:3], np.nan), wave: [0.5]})
    assert np.isnan(score(made, rows, clock(ENDS[0] + GAP_MS, 1))).all()


def test_score_input_that_is_not_there_counts_as_missing() -> None:
    features = (*FEATURES[:4], INPUT_FEATURES[0])
    made, _ = bundle(ENDS, features=features)
    closed = clock(ENDS[0] + GAP_MS, 20)
    rows = noise(20, 2, features)
    rows[INPUT_FEATURES[0]] = np.nan
    without = score(made, rows.drop(columns=INPUT_FEATURES[0]), closed)
    np.testing.assert_array_equal(without, score(made, rows, closed))


def test_score_candle_feature_that_is_not_there_is_refused() -> None:
    with pytest.raises(DataError, match=rf"{FEATURES[2]} are missing: pass what regime_features returns"):
        score(MADE, noise(5, 1).drop(columns=FEATURES[2]), clock(ENDS[0] + GAP_MS, 5))


def test_score_order_and_further_columns_do_not_matter() -> None:
    closed = clock(ENDS[0] + GAP_MS, 20)
    rows = noise(20, 2)
    mixed = rows[list(FEATURES[::-1])].assign(something=1.0)
    np.testing.assert_array_equal(score(MADE, mixed, closed), score(MADE, rows, closed))


def test_score_rows_and_closes_that_differ_in_number_are_refused() -> None:
    with pytest.raises(DataError, match="5 rows of features for 4 closes"):
        score(MADE, noise(5, 1), clock(ENDS[0], 4))


def test_score_nothing_gives_nothing() -> None:
    assert score(MADE, noise(5, 1)[:0], clock(ENDS[0], 0)).shape == (0, 5)
