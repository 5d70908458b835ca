"""The study's page: complete, self-contained, and safe against what stands in file names and messages."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from outrigger.study.page import render, write_page
from outrigger.study.result import Failure, StudyResult

Finished = tuple[StudyResult, Path]


def figures_of(html: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', html, flags=re.DOTALL)
    assert found is not None
    told: dict[str, object] = json.loads(found[1])
    return told


def test_page_shows_every_reading_and_chart_and_loads_nothing(finished: Finished, tmp_path: Path) -> None:
    write_page(finished[0], tmp_path / "study.html")
    html = (tmp_path / "study.html").read_text()
    assert "default-src 'none'" in html
    own = html.replace(re.search(r"<script>/\*\*.*?</script>", html, flags=re.DOTALL)[0], "")  # type: ignore[index]
    assert not re.search(r"(?:src|href)\s*=", own)
    for reading in ("as_is", "matched", "equal_cvar"):
        assert f'id="reading-{reading}"' in own
    drawn = figures_of(html)
    for name in ("premature", "excess", "trade_off", "windows", "accounts"):
        assert drawn[name]
        assert f'id="{name}"' in own


def test_page_draws_the_figures_of_the_study(finished: Finished) -> None:
    drawn = figures_of(render(finished[0]))
    matched = finished[0].find("walks", "matched")
    bars = drawn["premature"][1]  # type: ignore[index]
    assert bars["y"] == [one.title for one in matched]
    assert bars["x"] == [100 * one.figures["premature_stop_rate"].value for one in matched]


def test_page_escapes_what_failed_and_from_where(finished: Finished) -> None:
    evil = "</script><script>alert(1)</script>"
    html = render(replace(finished[0], failures=[Failure(evil, "X", "", -1, evil)]))
    assert evil not in html
    assert "could not be worked out" in html
