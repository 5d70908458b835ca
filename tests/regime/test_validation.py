from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import SettingsError
from outrigger.regime.validation import CANDLE_MS, WalkForward


@given(
    rows=st.integers(50, 3000), folds=st.integers(1, 6), embargo=st.integers(48, 300), seed=st.integers(0, 9)
)
def test_walk_forward_never_trains_within_an_embargo_of_its_test(
    rows: int, folds: int, embargo: int, seed: int
) -> None:
    # Two pairs pooled, in no order.
    times = np.random.default_rng(seed).permutation(np.repeat(np.arange(rows) * CANDLE_MS, 2))
    tested = []
    for train, test in WalkForward(folds, embargo_bars=embargo).split(times):
        assert times[train].max() + embargo * CANDLE_MS <= times[test].min()
        tested.append(test)
    seen = np.concatenate(tested) if tested else np.empty(0)
    assert len(np.unique(seen)) == len(seen)


def test_walk_forward_tests_everything_after_the_first_share() -> None:
    times = np.arange(4000) * CANDLE_MS
    tests = [test for _, test in WalkForward(4, 0.5, 288).split(times)]
    assert [len(test) for test in tests] == [500] * 4
    assert tests[-1][-1] == 3999


def test_walk_forward_of_no_rows_gives_no_fold() -> None:
    assert not list(WalkForward().split(np.empty(0, dtype=np.int64)))


@pytest.mark.parametrize("wrong", [{"folds": 0}, {"first_share": 1.0}, {"embargo_bars": 47}])
def test_walk_forward_that_would_leak_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="walk-forward"):
        WalkForward(**wrong)  # type: ignore[arg-type]
