"""Entries that somebody else chose: read, placed on candles, refused with the line that is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.review.pair_market import load_pair
from outrigger.study.entries import NOTIONAL, read_entries, rows_of
from tests.review.ledger import exported, exported_trade, write_export
from tests.review.walks import START
from tests.study.markets import PAIRS

BTC, ETH = PAIRS


def csv(home: Path, text: str) -> str:
    path = home / "entries.csv"
    path.write_text(text)
    return str(path)


def test_random_entries_are_nobodys_list() -> None:
    assert read_entries("random") is None


def test_csv_reads_pairs_times_sides_and_sizes(tmp_path: Path) -> None:
    lines = f"pair, time, side, size\n{BTC},2025-05-05T12:00,long,500\n{ETH},1746446400000,SHORT,\n"
    found = read_entries(csv(tmp_path, lines))
    assert found is not None
    noon = int(pd.Timestamp("2025-05-05T12:00Z").timestamp() * 1000)
    assert found.frame.to_dict("records") == [
        {"pair": BTC, "opened_ms": noon, "side": 1, "notional": 500.0},
        {"pair": ETH, "opened_ms": noon, "side": -1, "notional": NOTIONAL},
    ]
    assert found.of(ETH)["side"].tolist() == [-1]


def test_csv_times_with_a_zone_are_converted(tmp_path: Path) -> None:
    found = read_entries(csv(tmp_path, f"pair,time,side\n{BTC},2025-05-05 14:00+02:00,1\n"))
    assert found is not None
    assert found.frame["opened_ms"].tolist() == [1746446400000]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("pair,when,side\nX,1,long\n", "column time is missing"),
        (f"pair,time,side\n{BTC},2025-05-05,up\n", "line 2: side is 'up'"),
        (f"pair,time,side\n{BTC},yesterday-ish,long\n", "line 2: time is 'yesterday-ish'"),
        (f"pair,time,side\n{BTC},,long\n", "line 2: "),
        ("pair,time,side\n,2025-05-05,long\n", "line 2: no pair"),
        (f"pair,time,side,size\n{BTC},2025-05-05,long,-3\n", "line 2: size is '-3'"),
        (f"pair,time,side,size\n{BTC},2025-05-05,long,much\n", "line 2: size is 'much'"),
        ("pair,time,side\n", "holds no entry"),
        ("", "not readable as CSV"),
    ],
)
def test_csv_that_cannot_be_used_names_the_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DataError, match=told):
        read_entries(csv(tmp_path, text))


def test_a_file_that_is_not_there_names_what_could_be() -> None:
    with pytest.raises(DataError, match="no such file; name a CSV"):
        read_entries("nowhere.csv")


def test_export_gives_primaries_and_leaves_legs_out(tmp_path: Path) -> None:
    trades = [exported_trade(), exported_trade(enter_tag="hedge:BTC#1", is_short=True)]
    found = read_entries(str(write_export(tmp_path, Outrigger=exported(*trades))))
    assert found is not None
    assert found.frame["side"].tolist() == [1]


def test_entry_inside_a_candle_waits_for_the_next_open_and_others_are_counted(datadir: Path) -> None:
    market = load_pair(datadir, BTC, "5m")
    start = int(START.timestamp() * 1000)
    at = [0, 1000 * 300_000, 1000 * 300_000 + 1, 99_999 * 300_000]
    entries = pd.DataFrame(
        {"pair": BTC, "opened_ms": [start + one for one in at], "side": 1, "notional": 1.0}
    )
    rows, sides, sizes, left_out = rows_of(market, entries)
    assert rows.tolist() == [1000, 1001]
    assert (sides == 1).all()
    assert np.isfinite(sizes).all()
    assert left_out == {0, 3}
