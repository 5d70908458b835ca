"""What the doctor says of recordings and archives, one state of the store at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from outrigger.doctor.finding import Finding
from outrigger.market.moment import to_ms
from outrigger.market.store.defect_notes import DefectNote
from outrigger.market.store.schema import SCHEMAS, Kind
from outrigger.market.store.store import MarketStore
from tests.doctor.desk import BTC, ETH, Desk, about, only

NOON = to_ms(datetime(2025, 3, 1, 12, tzinfo=UTC))
MINUTE = 60_000


def rows(times: list[int], kind: Kind = Kind.BOOK) -> pd.DataFrame:
    frame = pd.DataFrame({"time_ms": times, "known_ms": times}, dtype=np.int64)
    return frame.assign(**dict.fromkeys(SCHEMAS[kind].values, 1.0))


def store(desk: Desk) -> MarketStore:
    return MarketStore(desk.home / "user_data" / "outrigger" / "market")


def stored(desk: Desk) -> list[Finding]:
    return [f for f in desk.diagnose() if "store" in f.subject]


def test_diagnose_without_a_store_is_fine_and_says_how_to_start_one(desk: Desk) -> None:
    (found,) = stored(desk)
    assert found.level == "ok"
    assert "no recordings" in found.message
    assert "the stop runs on candles alone" in found.message
    assert "`outrigger record`" in found.message
    desk.config["outrigger"]["market"] = {"record": True}
    assert "with its next dry or live run" in stored(desk)[0].message


def test_diagnose_tells_how_far_each_kind_reaches_and_which_pair_has_nothing(desk: Desk) -> None:
    with store(desk) as into:
        into.append(BTC, Kind.BOOK, rows([NOON, NOON + MINUTE]))
        into.append(BTC, Kind.LIQUIDATIONS, rows([NOON, NOON + 600 * MINUTE], Kind.LIQUIDATIONS))
    found = stored(desk)
    assert {f.level for f in found} == {"ok"}
    (book,) = about(found, f"{BTC} book")
    assert book.message == "2 readings, 2025-03-01 12:00 to 2025-03-01 12:01 UTC"
    assert len(about(found, f"{BTC} liquidations")) == 1  # ten hours without a forced order are no gap
    (absent,) = about(found, "market store")
    assert absent.message.startswith(f"nothing of {ETH}:")


def test_diagnose_of_a_recording_that_has_stopped_warns_only_a_bot_that_needs_it(desk: Desk) -> None:
    with store(desk) as into:
        into.append(BTC, Kind.BOOK, rows([NOON]))
    assert about(stored(desk), BTC, "warning") == []
    desk.config["outrigger"]["market"] = {"record": True}
    told = only(stored(desk), f"{BTC} book", "warning")
    assert "days old" in told.message
    with store(desk) as into:
        into.append(BTC, Kind.METRICS, rows([to_ms(datetime.now(UTC)) - 2 * MINUTE], Kind.METRICS))
    (_, fresh) = about(stored(desk), f"{BTC} metrics", "ok")
    assert fresh.message == "the newest reading is 2 min old"


def test_diagnose_of_holes_names_the_longest_and_the_days_to_fetch(desk: Desk) -> None:
    times = [NOON + i * MINUTE // 2 for i in range(240)]
    del times[20:32]  # six and a half minutes
    late = [time + 26 * 60 * MINUTE for time in times[:10]]
    with store(desk) as into:
        into.append(BTC, Kind.BOOK, rows(times + late))
    told = only(stored(desk), f"{BTC} book", "warning")
    assert told.message.startswith("2 gaps, together 24.1 h; the longest: 2025-03-01 13:59 for 24.0 h, ")
    assert f"--pairs {BTC} --from 2025-03-01 --to 2025-03-02 --again`" in told.next_step


def test_diagnose_of_a_sparse_history_finds_no_gap_in_its_own_pace(desk: Desk) -> None:
    with store(desk) as into:
        into.append(BTC, Kind.METRICS, rows([NOON + i * 240 * MINUTE for i in range(20)], Kind.METRICS))
    assert about(stored(desk), BTC, "warning") == []


def test_diagnose_counts_defects_by_name_over_the_days_and_says_what_helps(desk: Desk) -> None:
    with store(desk) as into:
        into.append(BTC, Kind.BOOK, rows([NOON]))
        for day, count in ((1, 2880), (2, 20)):
            frozen = DefectNote("bookDepth", "frozen_asks", count, 4 * count)
            broken = DefectNote("bookDepth", "unreadable_lines", 1, 0)
            into.note_defects(BTC, Kind.BOOK, date(2025, 3, day), "bookDepth", [frozen, broken][:day])
    found = about(stored(desk), f"{BTC} book")
    (frozen,) = [f for f in found if "frozen_asks" in f.message]
    assert frozen.level == "ok"
    assert "frozen_asks: 2,900 on 2 days, 2025-03-01 to 2025-03-02" in frozen.message
    assert frozen.message.endswith("masked); the rest of each reading is used; nothing to do")
    (broken,) = [f for f in found if "unreadable_lines" in f.message]
    assert broken.level == "warning"
    assert "--from 2025-03-02 --to 2025-03-02 --again`" in broken.next_step


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda home: (home / "store.json").write_text(
                '{"format": "outrigger market store", "version": 99}'
            ),
            "newer",
        ),
        (lambda home: (home / "store.json").unlink(), "restore the file"),
    ],
)
def test_diagnose_of_a_store_of_another_version_is_an_error(desk: Desk, spoil, said: str) -> None:
    with store(desk) as into:
        into.append(BTC, Kind.BOOK, rows([NOON]))
    spoil(desk.home / "user_data" / "outrigger" / "market" / "binance")
    assert said in only(stored(desk), "market store", "error").message


def test_diagnose_of_a_day_that_cannot_be_read_says_which_file_and_goes_on(desk: Desk) -> None:
    with store(desk) as into:
        into.replace_day(BTC, Kind.BOOK, date(2025, 3, 1), rows([NOON]))
        into.append(ETH, Kind.BOOK, rows([NOON]))
    (packed,) = desk.home.rglob("2025-03-01.feather")
    packed.write_bytes(b"broken")
    found = stored(desk)
    assert str(packed.relative_to(desk.home)) in only(found, f"{BTC} book", "error").message
    assert about(found, f"{ETH} book", "ok")
