"""Exports written by hand: what is read out of them, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from outrigger.errors import DataError
from outrigger.review.backtest_export import read_export
from outrigger.review.trade import Fill
from tests.review.ledger import HOUR_MS, START_MS, exported, exported_trade, trade, write_export


def test_read_export_of_a_zip_gives_trades_in_price_and_notional(tmp_path: Path) -> None:
    archive = write_export(tmp_path, Outrigger=exported(exported_trade()))
    (found,) = read_export(archive)
    assert (found.strategy, found.timeframe, found.currency) == ("Outrigger", "1m", "USDT")
    assert (found.start_ms, found.end_ms) == (START_MS, START_MS + 24 * HOUR_MS)
    (only,) = found.trades
    # Fees: 0.05 % of 40,000 and of 39,600. Notional: 8,000 of margin at 5x.
    assert only == trade(fees=pytest.approx(39.8), funding=-0.2)
    assert only.net_return == pytest.approx(-0.011)
    assert only.move == pytest.approx(-0.01)
    assert only.left_by_stop
    assert not only.liquidated


def test_read_export_of_a_resized_trade_pays_fees_for_each_fill(tmp_path: Path) -> None:
    def order(hours: float, price: float, amount: float, entry: bool) -> dict[str, Any]:
        filled = START_MS + round(hours * HOUR_MS)
        told = {"order_filled_timestamp": filled, "safe_price": price, "amount": amount}
        return {**told, "ft_is_entry": entry}

    orders = [order(0, 40_000.0, 1.0, True), order(0.5, 39_800.0, 0.4, False), order(1, 39_600.0, 0.6, False)]
    resized = exported_trade(orders=orders, amount=0.6)
    (only,) = read_export(write_export(tmp_path, Outrigger=exported(resized)))[0].trades
    # 0.05 % of 40,000, of 15,920 and of 23,760.
    assert only.fees == pytest.approx(20.0 + 7.96 + 11.88)


def test_read_export_of_the_json_alone_is_the_same(tmp_path: Path) -> None:
    body = {"strategy": {"Outrigger": exported(exported_trade())}}
    plain = tmp_path / "backtest-result-1.json"
    plain.write_text(json.dumps(body))
    assert read_export(plain) == read_export(write_export(tmp_path / "zip", **body["strategy"]))


def test_read_export_of_a_directory_reads_its_latest_result(tmp_path: Path) -> None:
    archive = write_export(tmp_path, Outrigger=exported(exported_trade()))
    assert read_export(tmp_path) == read_export(archive)


def test_read_export_of_several_strategies_keeps_their_order(tmp_path: Path) -> None:
    archive = write_export(tmp_path, B=exported(), A=exported(exported_trade()))
    assert [(one.strategy, len(one.trades)) for one in read_export(archive)] == [("B", 0), ("A", 1)]


def test_read_export_sorts_trades_by_their_exit(tmp_path: Path) -> None:
    late, early = exported_trade(close_timestamp=START_MS + 2 * HOUR_MS), exported_trade()
    (found,) = read_export(write_export(tmp_path, A=exported(late, early)))
    assert [one.closed_ms for one in found.trades] == [START_MS + HOUR_MS, START_MS + 2 * HOUR_MS]


def test_read_export_of_a_short_turns_the_move_round(tmp_path: Path) -> None:
    short = exported_trade(is_short=True, exit_reason="stop_crossed", enter_tag=None, funding_fees=None)
    (found,) = read_export(write_export(tmp_path, A=exported(short)))
    assert found.trades[0].move == pytest.approx(0.01)
    assert found.trades[0].left_by_stop
    assert (found.trades[0].enter_tag, found.trades[0].funding) == ("", 0.0)


def test_read_export_of_an_added_to_trade_takes_its_largest_stake(tmp_path: Path) -> None:
    grown = exported_trade(stake_amount=4_000.0, max_stake_amount=8_000.0)
    (found,) = read_export(write_export(tmp_path, A=exported(grown)))
    assert found.trades[0].notional == 40_000.0


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.json", b"", "the file is empty"),
        ("empty.zip", b"", "damaged or incomplete"),
        ("cut.json", b'{"strategy": {"A"', "cut short"),
        ("list.json", b"[]", "no results by strategy"),
        ("meta.json", b'{"Outrigger": {"run_id": "1"}}', "no results by strategy"),
        ("none.json", b'{"strategy": {}}', "no results by strategy"),
        ("named.json", b'{"strategy": "Outrigger"}', "no results by strategy"),
        ("noise.zip", b"PK\x03\x04 nothing", "damaged or incomplete"),
        ("deep.json", b"[" * 100_000, "not readable"),
        ("bytes.json", b"\xff\xfe\xfa", "not readable"),
    ],
)
def test_read_export_of_a_foreign_file_says_what_is_wrong(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(DataError, match=said) as refused:
        read_export(file)
    assert str(file) in str(refused.value)


def test_read_export_of_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    archive = write_export(tmp_path, A=exported(exported_trade()))
    whole = archive.read_bytes()
    for kept in range(0, len(whole), 97):
        archive.write_bytes(whole[:kept])
        with pytest.raises(DataError):
            read_export(archive)


def test_read_export_of_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    archive = write_export(tmp_path, A=exported(exported_trade()))
    whole = bytearray(archive.read_bytes())
    place = whole.index(b"40000")
    whole[place] = ord("5")
    archive.write_bytes(bytes(whole))
    with pytest.raises(DataError, match="damaged"):
        read_export(archive)


def test_read_export_of_a_renamed_archive_names_the_missing_member(tmp_path: Path) -> None:
    archive = write_export(tmp_path, A=exported()).rename(tmp_path / "mine.zip")
    with pytest.raises(DataError, match=r"mine\.json is not in the archive"):
        read_export(archive)


def test_read_export_of_nothing_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="freqtrade backtesting"):
        read_export(tmp_path / "absent.zip")
    with pytest.raises(DataError, match="no backtest result in this directory"):
        read_export(tmp_path)
    (tmp_path / ".last_result.json").write_text("{}")
    with pytest.raises(DataError, match="does not name the latest"):
        read_export(tmp_path)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"open_rate": 0.0}, "open_rate is 0"),
        ({"profit_abs": None}, "profit_abs is 'None'"),
        ({"profit_abs": float("nan")}, "profit_abs is nan"),
        ({"profit_abs": True}, "profit_abs is 'True'"),
        ({"is_short": 1}, "is_short is '1'"),
        ({"close_timestamp": START_MS - 1}, "closed before it was opened"),
        ({"exit_reason": None}, "exit_reason"),
    ],
)
def test_read_export_of_an_unusable_trade_names_trade_and_field(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    archive = write_export(tmp_path, A=exported(exported_trade(), exported_trade(**changed)))
    with pytest.raises(DataError, match=said) as refused:
        read_export(archive)
    assert "strategy A, trade 2" in str(refused.value)


def test_read_export_without_a_start_is_refused(tmp_path: Path) -> None:
    archive = write_export(tmp_path, A=exported(backtest_start_ts="2026-03-04"))
    with pytest.raises(DataError, match="backtest_start_ts"):
        read_export(archive)


def test_read_export_keeps_fills_in_their_order_and_the_worst_price(tmp_path: Path) -> None:
    later = {
        "order_filled_timestamp": START_MS + HOUR_MS,
        "safe_price": 39_600.0,
        "amount": 1.0,
        "ft_is_entry": False,
    }
    first = {**later, "order_filled_timestamp": START_MS, "safe_price": 40_000.0, "ft_is_entry": True}
    never = {**later, "order_filled_timestamp": None}
    told = exported_trade(orders=[later, first, never], min_rate=39_500.0, max_rate=40_100.0)
    (found,) = read_export(write_export(tmp_path, Outrigger=exported(told)))
    (only,) = found.trades
    assert only.fills == (
        Fill(START_MS, 40_000.0, 1.0, entry=True),
        Fill(START_MS + HOUR_MS, 39_600.0, 1.0, entry=False),
    )
    assert only.worst == 39_500.0
    (short,) = read_export(write_export(tmp_path, S=exported({**told, "is_short": True})))[0].trades
    assert short.worst == 40_100.0
