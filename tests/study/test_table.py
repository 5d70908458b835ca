"""A study on the terminal and in the README."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from outrigger.errors import SettingsError
from outrigger.study.result import Failure, StudyResult
from outrigger.study.table import BEGIN, END, markdown, print_study, write_readme

Finished = tuple[StudyResult, Path]


def printed(found: StudyResult) -> str:
    out = StringIO()
    print_study(found, Console(file=out, width=80))
    return out.getvalue()


def test_tables_fit_eighty_columns_and_say_what_they_rest_on(finished: Finished) -> None:
    text = printed(finished[0])
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    told = " ".join(text.split())
    for words in (
        "matched at equal mean notional",
        "equal CVaR 95 %",
        "walk-forward: scales",
        "leverage 5.0",
    ):
        assert words in told


def test_failures_are_told_with_pair_policy_and_reason(finished: Finished) -> None:
    broken = replace(finished[0], failures=[Failure("walks", "BTC/USDT:USDT", "fixed", 1, "out of memory")])
    assert "walks BTC/USDT:USDT fixed window 1: out of memory" in printed(broken)


def test_readme_table_has_a_line_a_policy_and_names_its_data(finished: Finished) -> None:
    lines = markdown(finished[0]).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:5]] == ["volatility", "fixed 3 %", "trail 3 %"]
    assert all(line.count("|") == lines[0].count("|") for line in lines[:5])
    assert "walks (5m); 40 entries (random)" in lines[-1]


def test_readme_is_rewritten_between_its_markers_only(finished: Finished, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nstale\n{END}\nafter\n")
    write_readme(finished[0], page)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "stale" not in text
    assert markdown(finished[0]) in text


def test_page_without_markers_is_left_alone(finished: Finished, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here")
    with pytest.raises(SettingsError, match="add both markers"):
        write_readme(finished[0], page)
    assert page.read_text() == "nothing here"
