"""Stability index against hand computation; what is usual in training is not called drift."""

from __future__ import annotations

from math import log

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.regime.drift import SHIFTED, BinTable, FeatureBins, stability_index, training_bins

HOUR_MS = 3_600_000
COINS = FeatureBins(edges=(0.0,), shares=(0.5, 0.5, 0.0), usual=0.0)


def test_stability_index_by_hand() -> None:
    """Shares .5 and .5 became .8 and .2: .3 ln 1.6 − .3 ln .4 (the missing bin is empty in both)."""
    found = stability_index(np.array([80, 20, 0]), COINS.shares)
    assert found == pytest.approx(0.3 * log(1.6) - 0.3 * log(0.4))


def test_stability_index_same_shares_is_zero() -> None:
    assert stability_index(np.array([50, 50, 0]), COINS.shares) == 0.0


def test_stability_index_missing_values_are_a_bin_of_their_own() -> None:
    """Half of the rows went missing: each side .5 → .25, missing .001 (the floor) → .5."""
    expected = 2 * (-0.25 * log(0.5)) + (0.5 - 0.001) * log(0.5 / 0.001)
    assert stability_index(np.array([25, 25, 50]), COINS.shares) == pytest.approx(expected)


@given(counts=st.lists(st.integers(0, 1000), min_size=3, max_size=3).filter(sum))
def test_stability_index_is_never_negative(counts: list[int]) -> None:
    assert stability_index(np.array(counts), COINS.shares) >= 0.0


def test_count_places_edges_below_and_missing_last() -> None:
    bins = FeatureBins((1.0, 2.0), (0.3, 0.3, 0.3, 0.1), 0.0)
    found = bins.count(np.array([0.5, 1.0, 1.5, 2.0, 2.5, np.nan, np.inf]))
    assert found.tolist() == [2, 2, 1, 2]


@given(
    edges=st.lists(st.sets(st.floats(-3, 3), max_size=5), min_size=1, max_size=4),
    seed=st.integers(0, 99),
)
def test_table_counts_and_compares_as_each_feature_alone(edges: list[set[float]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    bins = {}
    for number, found in enumerate(edges):
        shares = rng.dirichlet(np.ones(len(found) + 2))
        bins[f"f{number}"] = FeatureBins(tuple(sorted(found)), tuple(shares), float(rng.uniform(0, 2)))
    rows = np.round(rng.normal(size=(30, len(bins))), 1)
    rows[rng.random(rows.shape) < 0.2] = np.nan
    rows[0, 0], rows[-1, -1] = min(edges[0], default=np.inf), -np.inf
    table = BinTable.of(bins)
    counts = table.count(rows)
    for number, (name, found) in enumerate(bins.items()):
        alone = found.count(rows[:, number])
        assert table.names[number] == name
        assert counts[number, : len(alone) - 1].tolist() == alone[:-1].tolist()
        assert (
            counts[number].sum() - counts[number, : len(alone) - 1].sum() == counts[number, -1] == alone[-1]
        )
        drifted = stability_index(alone, found.shares) > found.limit
        assert table.drifted(counts)[number] == drifted


def test_training_bins_are_deciles() -> None:
    values = np.arange(1000.0)
    found = training_bins(pd.DataFrame({"x": values}), np.zeros(1000, dtype=np.int64))["x"]
    np.testing.assert_allclose(found.shares, [*[0.1] * 10, 0.0], rtol=0, atol=0.0011)
    np.testing.assert_allclose(found.edges, np.arange(99.0, 900.0, 100.0), rtol=0, atol=1)


def test_training_bins_of_a_few_values_have_distinct_edges() -> None:
    frame = pd.DataFrame({"two": np.arange(1000) % 2.0, "one": np.ones(1000), "none": np.full(1000, np.nan)})
    found = training_bins(frame, np.zeros(1000, dtype=np.int64))
    assert found["two"].edges == (0.0, 1.0)
    assert found["two"].shares == (0.5, 0.5, 0.0, 0.0)
    assert found["one"].shares == (1.0, 0.0, 0.0)
    assert found["none"].shares == (0.0, 1.0)


def test_training_bins_a_feature_that_wanders_is_allowed_to() -> None:
    """A slow wave visits one part of its range a week: usual here, though far above the customary limit."""
    closed = np.arange(0, 52 * 7 * 24) * HOUR_MS
    hour = np.arange(len(closed))
    frame = pd.DataFrame(
        {"slow": np.sin(hour / 800), "fast": np.random.default_rng(1).normal(size=len(hour))}
    )
    found = training_bins(frame, closed, window_ms=28 * 24 * HOUR_MS)
    assert found["slow"].limit == found["slow"].usual > SHIFTED
    assert found["fast"].limit == SHIFTED > found["fast"].usual


def test_bins_survive_json() -> None:
    bins = FeatureBins((1.0, 2.0), (0.3, 0.3, 0.3, 0.1), 0.4)
    assert FeatureBins.from_dict(bins.to_dict()) == bins


@pytest.mark.parametrize("change", [{"edges": [2.0, 1.0]}, {"shares": [1.0]}, {"edges": None}])
def test_bins_that_contradict_themselves_are_refused(change: dict[str, object]) -> None:
    body = FeatureBins((1.0, 2.0), (0.3, 0.3, 0.3, 0.1), 0.4).to_dict() | change
    with pytest.raises((ValueError, TypeError)):
        FeatureBins.from_dict(body)
