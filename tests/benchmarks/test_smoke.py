"""The benchmarks run, and their arithmetic is right; how fast anything is, is not tested here."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.__main__ import main
from tests.benchmarks.pairing import Paired, percentiles, side_by_side
from tests.benchmarks.result import Result
from tests.benchmarks.rows import ROWS
from tests.benchmarks.walk import minute_walk, resampled


@pytest.mark.engine
@pytest.mark.xdist_group("engine")
def test_benchmarks_quick_writes_every_row(tmp_path: Path) -> None:
    """Both strategies make the same trades, or their times could not be compared."""
    assert main(["--quick", "--json", str(tmp_path / "out" / "bench.json")]) == 0
    written = json.loads((tmp_path / "out" / "bench.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in written["rows"]] == list(ROWS)
    assert all(row["value"] > 0 and row["met"] == (row["value"] <= row["target"]) for row in written["rows"])
    trades = written["rows"][0]["details"]["trades"]
    assert trades["ours"] > 0
    assert trades["ours"] == trades["floor"] == trades["shared"]
    minutes = written["rows"][0]["details"]["minutes_in_trade"]
    assert minutes["ours"] == pytest.approx(minutes["floor"], abs=trades["ours"])


def test_benchmarks_unknown_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["--only", "nonsense", "--json", str(tmp_path / "bench.json")])
    assert refused.value.code != 0


def test_side_by_side_takes_turns() -> None:
    turn = count()
    found = side_by_side(lambda: next(turn), lambda: next(turn), turns=3)
    assert found == Paired([0, 2, 4], [1, 3, 5])


def test_paired_ratio_is_median_of_ratios_not_ratio_of_medians() -> None:
    """Ratios 2, 0.5 and 3: their median is 2, the ratio of the medians would be 1.5."""
    assert Paired([2.0, 3.0, 12.0], [1.0, 6.0, 4.0]).ratio(float) == 2.0


def test_percentiles_of_hundred_values_are_their_ranks() -> None:
    assert percentiles([float(value) for value in range(100, 0, -1)], 0.5, 0.99, 1.0) == [50.0, 99.0, 100.0]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0.01, 1.0))
def test_percentile_is_exceeded_by_at_most_the_rest(values: list[float], share: float) -> None:
    (found,) = percentiles(values, share)
    assert found in values
    assert sum(value > found for value in values) <= (1 - share) * len(values) + 1e-9


def test_result_exactly_on_target_is_met() -> None:
    assert Result("row", "measures", 1.25, "×", 1.25).met
    assert not Result("row", "measures", 1.2501, "×", 1.25).met


def test_resampled_candle_holds_its_minutes() -> None:
    minute = minute_walk(12)
    second = resampled(minute, "5m").iloc[1]
    part = minute.iloc[5:10]
    assert len(resampled(minute, "5m")) == 2
    assert second["date"] == part["date"].iloc[0]
    assert (second["open"], second["close"]) == (part["open"].iloc[0], part["close"].iloc[-1])
    assert (second["high"], second["low"]) == (part["high"].max(), part["low"].min())
