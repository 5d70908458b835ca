"""A bot takes up a good new bundle, keeps the old one when the new is broken, and says so once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from outrigger.regime import reload
from outrigger.regime.bundle.files import write_bundle
from outrigger.regime.reload import BundleHolder
from tests.regime.bundles import bundle, forest, written

MINUTE_MS = 60_000


@pytest.fixture
def told() -> list[str]:
    return []


def replaced(directory: Path) -> str:
    made, contents = bundle(models=[forest(31), forest(32)])
    write_bundle(directory, made.card, contents)
    return made.sha256


def test_holder_reads_at_its_first_moment(tmp_path: Path, told: list[str]) -> None:
    made = written(tmp_path / "b")
    holder = BundleHolder(tmp_path / "b", told.append)
    assert holder.bundle is None
    found = holder.at(0)
    assert found is not None
    assert found.sha256 == made.sha256
    assert holder.bundle is found
    assert told == []


def test_holder_takes_up_a_newer_bundle_when_it_looks_again(tmp_path: Path, told: list[str]) -> None:
    written(tmp_path / "b")
    holder = BundleHolder(tmp_path / "b", told.append, every_ms=MINUTE_MS)
    first = holder.at(0)
    newer = replaced(tmp_path / "b")
    assert holder.at(MINUTE_MS - 1) is first
    found = holder.at(MINUTE_MS)
    assert found is not None
    assert found.sha256 == newer


def test_holder_looks_again_when_the_clock_was_set_back(tmp_path: Path, told: list[str]) -> None:
    written(tmp_path / "b")
    holder = BundleHolder(tmp_path / "b", told.append)
    holder.at(10 * MINUTE_MS)
    newer = replaced(tmp_path / "b")
    found = holder.at(9 * MINUTE_MS)
    assert found is not None
    assert found.sha256 == newer


def test_holder_does_not_read_what_has_not_changed(
    tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "b")
    holder = BundleHolder(tmp_path / "b", told.append)
    first = holder.at(0)
    monkeypatch.setattr(reload, "read_bundle", None)
    assert holder.at(5 * MINUTE_MS) is first


def test_holder_keeps_the_good_one_and_tells_of_a_broken_one_once(tmp_path: Path, told: list[str]) -> None:
    written(tmp_path / "b")
    holder = BundleHolder(tmp_path / "b", told.append)
    first = holder.at(0)
    (tmp_path / "b" / "card.json").write_text("{}")
    for minute in range(1, 9):
        os.utime(tmp_path / "b" / "card.json", ns=(minute, minute))
        assert holder.at(minute * MINUTE_MS) is first
    assert len(told) == 1
    assert "is not used, the one trained until 2025-03-02 stays" in told[0]
    assert "run `outrigger train`" in told[0]


def test_holder_tells_again_after_a_good_one_in_between(tmp_path: Path, told: list[str]) -> None:
    written(tmp_path / "b")
    holder = BundleHolder(tmp_path / "b", told.append)
    holder.at(0)
    (tmp_path / "b" / "card.json").write_text("{}")
    holder.at(MINUTE_MS)
    newer = replaced(tmp_path / "b")
    found = holder.at(2 * MINUTE_MS)
    assert found is not None
    assert found.sha256 == newer
    (tmp_path / "b" / "card.json").write_text("{}")
    holder.at(3 * MINUTE_MS)
    assert len(told) == 2


def test_holder_without_a_bundle_warns_once_and_picks_up_the_first_that_comes(
    tmp_path: Path, told: list[str]
) -> None:
    holder = BundleHolder(tmp_path / "b", told.append)
    assert holder.at(0) is None
    assert holder.at(MINUTE_MS) is None
    assert len(told) == 1
    assert "REGIME UNKNOWN, every regime multiplier is neutral" in told[0]
    assert "run `outrigger train`" in told[0]
    written(tmp_path / "b")
    assert holder.at(2 * MINUTE_MS) is not None


def test_holder_keeps_the_bundle_when_its_directory_vanishes(tmp_path: Path, told: list[str]) -> None:
    written(tmp_path / "b")
    holder = BundleHolder(tmp_path / "b", told.append)
    first = holder.at(0)
    (tmp_path / "b").rename(tmp_path / "elsewhere")
    assert holder.at(MINUTE_MS) is first
    assert len(told) == 1
