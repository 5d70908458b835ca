"""Lists of trades from CSV files: results worked out from prices, and lines that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from outrigger.errors import DataError
from outrigger.review.trade_list import read_trade_list
from tests.review.ledger import HOUR_MS, PAIR, START_MS

FULL = "pair,side,opened,closed,entry,exit,notional,leverage,fees,funding,stop,reason,tag\n"
LONG = f"{PAIR},long,2026-03-04 00:00,2026-03-04T01:00:00Z,40000,39600,40000,5,40,-0.2,39600,stop_loss,x\n"
SHORT = f"{PAIR}, short ,2026-03-04 02:00+01:00,2026-03-04 02:00,2000,1900,1000\n"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "journal.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_read_trade_list_works_out_results(tmp_path: Path) -> None:
    found = read_trade_list(write(tmp_path, FULL + LONG + SHORT), 10_000.0, "5m", "USDT")
    assert (found.strategy, found.pairs, found.starting_balance) == ("journal", (PAIR,), 10_000.0)
    assert (found.start_ms, found.end_ms) == (START_MS, START_MS + 2 * HOUR_MS)
    long, short = found.trades
    assert long.profit == pytest.approx(-400 - 40 - 0.2)
    assert (long.leverage, long.left_by_stop, long.enter_tag) == (5.0, True, "x")
    assert short.opened_ms == START_MS + HOUR_MS
    assert short.profit == pytest.approx(50.0)
    assert (short.side, short.leverage, short.fees, short.exit_reason) == (-1, 1.0, 0.0, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no trade in it"),
        (FULL, "no trade in it"),
        ("pair,side\nx,long\n", "column opened, closed, entry, exit, notional is missing"),
        (FULL + LONG.replace("long", "up"), "line 2: side is 'up'; write long or short"),
        (FULL + LONG + LONG.replace("2026-03-04 00:00", "yesterday"), "line 3: opened is 'yesterday'"),
        (FULL + LONG.replace("2026-03-04 00:00", "2026-03-05"), "line 2: closed before it was opened"),
        (
            FULL + LONG.replace("39600,40000", "0,40000"),
            "exit is '0'; it has to be a positive number",
        ),
        (FULL + LONG.replace("-0.2", "some"), "line 2: funding is 'some'; it has to be a number"),
        (FULL + LONG.replace(",40000,5", ",nan,5"), "notional is 'nan'"),
    ],
)
def test_read_trade_list_names_line_and_field(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        read_trade_list(write(tmp_path, text), 1.0, "5m", "USDT")


def test_read_trade_list_of_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(b"\xff\xfe\x00pair")
    for file in (path, tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(DataError, match="no list of trades can be read"):
            read_trade_list(file, 1.0, "5m", "USDT")
