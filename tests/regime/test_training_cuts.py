"""Cuts fall on turns of the month, leave the first model enough, and always end with the data."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError, SettingsError
from outrigger.market.moment import to_ms
from outrigger.regime.training_cuts import DAY_MS, training_cuts


def ms(*date: int) -> int:
    return to_ms(datetime(*date, tzinfo=UTC))


def test_cuts_of_nine_months_are_the_turns_after_the_first_ninety_days() -> None:
    cuts = training_cuts(ms(2024, 10, 1), ms(2025, 7, 1), "monthly", 90)
    assert cuts == (*(ms(2025, month, 1) for month in range(1, 7)), ms(2025, 7, 1))


def test_cuts_a_month_nearly_over_is_not_worth_two_models() -> None:
    assert training_cuts(ms(2025, 1, 1), ms(2025, 4, 5), "monthly", 30) == (
        ms(2025, 2, 1),
        ms(2025, 3, 1),
        ms(2025, 4, 5),
    )


def test_cuts_over_the_turn_of_the_year() -> None:
    assert training_cuts(ms(2024, 11, 15), ms(2025, 1, 20), "monthly", 1) == (
        ms(2024, 12, 1),
        ms(2025, 1, 1),
        ms(2025, 1, 20),
    )


def test_cuts_by_number_lie_at_equal_distances() -> None:
    assert training_cuts(0, 100 * DAY_MS, "4", 40) == tuple(day * DAY_MS for day in (40, 60, 80, 100))
    assert training_cuts(0, 100 * DAY_MS, "1", 40) == (100 * DAY_MS,)


@given(
    days=st.integers(90, 900),
    models=st.one_of(st.just("monthly"), st.integers(1, 20).map(str)),
    minimum=st.integers(1, 90),
)
def test_cuts_increase_end_with_the_data_and_leave_the_first_enough(
    days: int, models: str, minimum: int
) -> None:
    first = ms(2024, 3, 7)
    cuts = training_cuts(first, first + days * DAY_MS, models, minimum)
    assert cuts[-1] == first + days * DAY_MS
    assert list(cuts) == sorted(cuts)
    assert cuts[0] >= first + minimum * DAY_MS


def test_cuts_of_too_little_data_say_how_much_there_is() -> None:
    with pytest.raises(DataError, match=r"spans 30\.0 days, a first model needs 90: download more"):
        training_cuts(0, 30 * DAY_MS, "monthly", 90)


@pytest.mark.parametrize("models", ["0", "-1", "weekly", "1.5", ""])
def test_cuts_models_that_are_neither_are_refused(models: str) -> None:
    with pytest.raises(SettingsError, match="neither 'monthly' nor a number"):
        training_cuts(0, 100 * DAY_MS, models, 1)
