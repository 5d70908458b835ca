"""What a request to the Bybit venue selects, against the definition written out row by row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.replay.bybit_terms import PERIODS_MS, Span, integer, page, period_ms, span
from outrigger.replay.request_terms import LARGEST_INTEGER, RefusedRequest

BOUND = st.none() | st.integers(-5, 60)


@given(st.lists(st.integers(0, 50), max_size=20, unique=True), BOUND, BOUND, st.integers(1, 8))
def test_newest_rows_are_the_last_before_the_end_newest_first(
    times: list[int], start: int | None, end: int | None, limit: int
) -> None:
    times.sort()
    inside = [
        row
        for row, time in enumerate(times)
        if (start is None or time >= start) and (end is None or time <= end)
    ]
    found = Span(start, end, limit).newest(np.array(times, dtype=np.int64))
    assert found.tolist() == inside[::-1][:limit]


@given(st.lists(st.integers(), max_size=30), st.integers(1, 7))
def test_pages_hold_every_item_once_and_in_order(items: list[int], size: int) -> None:
    seen, cursor, asked = [], "", 0
    while asked == 0 or cursor:
        part, cursor = page(items, {"cursor": cursor}, size)
        assert len(part) <= size
        seen += part
        asked += 1
    assert seen == items
    assert asked == max(1, -(-len(items) // size))


def test_absent_and_empty_numbers_are_none_and_huge_ones_are_bounded() -> None:
    assert integer({}, "limit") is None
    assert integer({"limit": ""}, "limit") is None
    assert integer({"limit": "9" * 20}, "limit") == LARGEST_INTEGER


@pytest.mark.parametrize("text", ["-1", "1.5", "many", "9" * 21])
def test_malformed_numbers_are_refused_as_bybit_does(text: str) -> None:
    with pytest.raises(RefusedRequest) as refused:
        span({"limit": text}, 50, 200, ("startTime", "endTime"))
    assert (refused.value.code, refused.value.status) == (10001, 200)


def test_periods_are_the_documented_ones() -> None:
    assert [period_ms({"p": name}, "p") for name in PERIODS_MS] == list(PERIODS_MS.values())
    with pytest.raises(RefusedRequest):
        period_ms({"p": "2h"}, "p")
