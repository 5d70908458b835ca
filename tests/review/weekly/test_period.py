"""Weeks in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from outrigger.errors import SettingsError
from outrigger.market.moment import to_ms
from outrigger.review.weekly.period import iso_week, last_week


def moment(*parts: int) -> int:
    return to_ms(datetime(*parts, tzinfo=UTC))


def test_iso_week_runs_from_monday_to_monday() -> None:
    found = iso_week("2025-W23")
    assert (found.start_ms, found.end_ms) == (moment(2025, 6, 2), moment(2025, 6, 9))
    assert (found.name, found.days) == ("2025-W23", 7.0)
    assert found.words() == "2025-06-02 00:00 to 2025-06-09 00:00 UTC"


def test_iso_week_over_new_year_belongs_to_the_year_of_its_thursday() -> None:
    assert iso_week("2026-W01").start_ms == moment(2025, 12, 29)
    assert iso_week("2020W53").start_ms == moment(2020, 12, 28)


@pytest.mark.parametrize("text", ["2025-W54", "2025-W00", "2025-23", "last", "2025-W1"])
def test_iso_week_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="write an ISO week, such as 2025-W23"):
        iso_week(text)


def test_last_week_is_named_where_it_is_one() -> None:
    assert last_week(moment(2025, 6, 9)) == iso_week("2025-W23")
    found = last_week(moment(2025, 6, 9, 0, 5))
    assert (found.name, found.start_ms) == ("last 7 days", moment(2025, 6, 2, 0, 5))
    assert last_week(moment(2025, 6, 10)).name == "last 7 days"
