"""Cells on disk: named by what they follow from, whole or not there."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outrigger.market.candles import candle_path
from outrigger.review.lab_trade import ReplayTerms
from outrigger.study.cells import cell_path, read_cell, write_cell
from outrigger.study.keys import cell_key
from outrigger.study.plan import DataSet, Entered, StudyTerms, data_sets
from outrigger.study.policies import catalogue
from tests.study.markets import PAIRS

KNOWN = catalogue("no-such-bundle")
TERMS = StudyTerms(ReplayTerms(0), 5.0, 10, 1, "no-such-bundle")


def entered(row: int = 700) -> Entered:
    rows, sides = np.array([row]), np.array([1])
    return Entered(rows, sides, np.array([10_000.0]), rows, sides)


@pytest.fixture
def data(datadir: Path) -> DataSet:
    return data_sets([datadir], None, 1)[0]


def key(data: DataSet, **changed: object) -> str:
    values = {"pair": PAIRS[0], "policy": KNOWN["fixed"], "entered": entered(), "terms": TERMS, "factor": 1.0}
    return cell_key(data, **(values | changed))  # type: ignore[arg-type]


def test_key_changes_with_everything_the_cell_follows_from(data: DataSet) -> None:
    slipped = replace(TERMS, replay=ReplayTerms(0, slippage=0.001))
    keys = [
        key(data),
        key(data, policy=KNOWN["trail-3"]),
        key(data, entered=entered(701)),
        key(data, terms=slipped),
        key(data, terms=replace(TERMS, leverage=10.0)),
        key(data, factor=1.1),
        key(data, factor=None),
        key(data, pair=PAIRS[1]),
    ]
    assert len(set(keys)) == len(keys)
    assert key(data) == keys[0]


def test_key_changes_with_the_candles_of_the_pair_and_of_its_legs(data: DataSet) -> None:
    plain, hedged = key(data), key(data, policy=KNOWN["volatility-hedge"])
    path = candle_path(data.datadir, PAIRS[1], "5m")
    before = path.stat()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert key(data) == plain
    assert key(data, policy=KNOWN["volatility-hedge"]) != hedged
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_cell_is_read_as_it_was_written(tmp_path: Path) -> None:
    trades = pd.DataFrame({"r": [0.5, np.nan], "null": [True, False], "window": np.array([1, 1], np.int16)})
    write_cell(tmp_path, "ab" * 32, trades)
    pd.testing.assert_frame_equal(read_cell(tmp_path, "ab" * 32), trades)


@pytest.mark.parametrize("left", [b"", b"half a file"])
def test_cell_that_is_damaged_or_absent_counts_as_missing(tmp_path: Path, left: bytes) -> None:
    assert read_cell(tmp_path, "ab" * 32) is None
    path = cell_path(tmp_path, "ab" * 32)
    path.parent.mkdir(parents=True)
    path.write_bytes(left)
    assert read_cell(tmp_path, "ab" * 32) is None
