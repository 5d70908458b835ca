"""Windows of a walk forward."""

from __future__ import annotations

from itertools import pairwise

import pytest
from freqtrade.configuration import TimeRange
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError, SettingsError
from outrigger.tuning.folds import DAY_MS, Steps, Window, lay_out

START = 1_772_582_400_000  # 2026-03-04 00:00 UTC


def days(count: float) -> Window:
    return Window(START, START + round(count * DAY_MS))


def test_lay_out_counts_back_from_the_end_of_the_data() -> None:
    # 62 days: 30 + 1 + 3 × 10 = 61, one is left over at the beginning.
    folds = lay_out(days(62), Steps(30, 10))
    assert [fold.number for fold in folds] == [1, 2, 3]
    first, last = folds[0], folds[-1]
    assert (first.train.start_ms - START) / DAY_MS == 1
    assert (first.train.end_ms - START) / DAY_MS == 31
    assert (first.test.start_ms - START) / DAY_MS == 32
    assert (last.test.end_ms - START) / DAY_MS == 62


def test_lay_out_with_a_number_takes_the_newest() -> None:
    every, one = lay_out(days(62), Steps(30, 10)), lay_out(days(62), Steps(30, 10, folds=1))
    assert (one[0].train, one[0].test) == (every[-1].train, every[-1].test)
    assert one[0].number == 1


@given(st.floats(1, 40), st.floats(0.5, 20), st.floats(0, 5), st.one_of(st.none(), st.integers(1, 3)))
def test_lay_out_never_trains_on_what_it_tests(
    train: float, test: float, gap: float, count: int | None
) -> None:
    data = days(train + gap + 3 * test + 1)
    folds = lay_out(data, Steps(train, test, gap, count))
    assert len(folds) == (count or len(folds))
    for fold in folds:
        assert data.start_ms <= fold.train.start_ms < fold.train.end_ms
        assert fold.test.start_ms - fold.train.end_ms == pytest.approx(gap * DAY_MS, abs=30_000)
        assert fold.test.end_ms <= data.end_ms
    for before, after in pairwise(folds):
        assert before.test.end_ms == after.test.start_ms
    assert folds[-1].test.end_ms == data.end_ms


def test_lay_out_in_too_little_data_says_how_many_folds_fit() -> None:
    with pytest.raises(DataError, match=r"holds 1 of 2 folds of 30 \+ 1 \+ 10 days"):
        lay_out(days(42), Steps(30, 10, folds=2))
    with pytest.raises(DataError, match="holds 0 of 1 folds"):
        lay_out(days(20), Steps(30, 10))


@pytest.mark.parametrize("steps", [Steps(0, 10), Steps(30, -1), Steps(30, 10, -0.5)])
def test_lay_out_of_impossible_lengths_is_refused(steps: Steps) -> None:
    with pytest.raises(SettingsError, match="windows have to be longer than nothing"):
        lay_out(days(62), steps)


def test_timerange_is_read_by_freqtrade_without_the_candle_at_its_end() -> None:
    read = TimeRange.parse_timerange(Window(START, START + DAY_MS).timerange)
    assert read.startts == START // 1000
    assert read.stopts == (START + DAY_MS) // 1000 - 1
