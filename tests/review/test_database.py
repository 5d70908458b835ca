"""Trades read from real Freqtrade databases, SQLite and PostgreSQL alike, and what is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from outrigger.errors import DataError
from outrigger.review.database import read_database
from outrigger.review.trade import Fill
from tests.review import postgres_server
from tests.review.freqtrade_database import (
    DOCUMENT,
    closed,
    document,
    empty_database,
    naive,
    opened,
    order,
    row,
    started,
    wallet,
    write_database,
)
from tests.review.ledger import HOUR_MS, PAIR, START_MS, trade

NOW_MS = START_MS + 100 * HOUR_MS
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    why = postgres_server.absence()
    if why is not None:
        pytest.skip(why)
    with postgres_server.server() as url:
        yield url


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that does not exist yet (SQLite), or is empty (PostgreSQL)."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'trades.sqlite'}"
        return
    address = request.getfixturevalue("postgres")
    yield address
    empty_database(address)


def test_read_database_gives_the_trade_of_an_export_with_number_fills_and_documents(url: str) -> None:
    write_database(
        url, *closed(7), document(7), document(7, "{}", key="foreign"), started(START_MS - HOUR_MS)
    )
    found = read_database(url, NOW_MS)
    assert (found.strategy, found.currency, found.left_out) == ("Outrigger", "USDT", {})
    assert found.started_ms == START_MS - HOUR_MS
    (only,) = found.trades
    # Fees: 0.05 % of 40,000 and of 39,600. Notional: 8,000 of margin at 5x.
    assert only == trade(
        fees=pytest.approx(39.8),
        funding=-0.2,
        number=7,
        liquidation=32_000.0,
        worst=39_500.0,
        fills=(
            Fill(START_MS, 40_000.0, 1.0, entry=True),
            Fill(START_MS + HOUR_MS, 39_600.0, 1.0, entry=False),
        ),
        documents={"outrigger": DOCUMENT},
    )


def test_read_database_leaves_other_strategies_out_and_counts_them(url: str) -> None:
    write_database(url, *closed(1), *closed(2, strategy="Other"), *closed(3, strategy="Other"))
    found = read_database(url, NOW_MS, "Outrigger")
    assert [one.number for one in found.trades] == [1]
    assert found.left_out == {"Other": 2}
    assert read_database(url, NOW_MS, "Nobody").trades == ()
    with pytest.raises(DataError, match=r"several strategies, Outrigger \(1\), Other \(2\): name one"):
        read_database(url, NOW_MS)


def test_read_database_tells_open_trades_apart_and_passes_over_those_without_a_position(url: str) -> None:
    waiting = opened(3)
    waiting[1] = order(3, 1, filled=0.0, ft_is_open=True, order_filled_date=None)
    short = closed(4, is_short=True, close_date=naive(START_MS + 2 * HOUR_MS))
    short[1].ft_order_side, short[2].ft_order_side = "sell", "buy"
    write_database(url, *opened(2), *waiting, *short, *closed(1))
    found = read_database(url, NOW_MS).trades
    assert [(one.number, one.is_open) for one in found] == [(1, False), (4, False), (2, True)]
    assert found[1].side == -1
    assert [fill.entry for fill in found[1].fills] == [True, False]
    assert found[1].worst == 40_100.0
    # Entry fee of 20 and funding of 0.2 are paid already.
    assert found[2].profit == pytest.approx(-20.2)
    assert (found[2].closed_ms, found[2].close_rate) == (NOW_MS, 40_000.0)


def test_read_database_adds_up_what_was_added_to_and_taken_from(url: str) -> None:
    more = {"average": 41_000.0, "filled": 0.5, "order_filled_date": naive(START_MS + 60_000)}
    never = {"average": 45_000.0, "filled": 0.0, "status": "canceled"}
    write_database(url, *closed(1, max_stake_amount=12_100.0), order(1, 3, **more), order(1, 4, **never))
    (only,) = read_database(url, NOW_MS).trades
    assert only.notional == pytest.approx(60_500.0)
    assert [(fill.price, fill.amount, fill.entry) for fill in only.fills] == [
        (40_000.0, 1.0, True),
        (41_000.0, 0.5, True),
        (39_600.0, 1.0, False),
    ]
    assert only.fees == pytest.approx(0.0005 * (40_000 + 20_500 + 39_600))


def test_read_database_keeps_what_can_be_read_and_names_the_rest(url: str) -> None:
    write_database(url, *closed(1), *closed(2, close_profit_abs=None), *closed(3, close_rate=None))
    found = read_database(url, NOW_MS)
    assert [one.number for one in found.trades] == [1]
    assert found.unreadable == (
        f"trade 2 of {PAIR}: closed, but without a date or a result",
        f"trade 3 of {PAIR}: close_rate is None, it has to be positive",
    )


def test_read_database_takes_the_first_day_of_the_wallet(url: str) -> None:
    day = 24 * HOUR_MS
    lines = (wallet(START_MS, 900.0), wallet(START_MS, 100.0, "BTC"), wallet(START_MS + day, 5_000.0))
    write_database(url, *closed(1), *lines)
    assert read_database(url, NOW_MS).wallet == (START_MS, 1_000.0)


def test_read_database_without_trades_is_empty(url: str) -> None:
    write_database(url)
    found = read_database(url, NOW_MS, "Outrigger")
    assert (found.trades, found.strategy, found.currency) == ((), "Outrigger", "")
    assert (found.started_ms, found.wallet) == (None, None)


def test_read_database_of_an_empty_postgres_or_sqlite_is_no_freqtrade_database(url: str) -> None:
    if url.startswith("sqlite"):
        sqlite3.connect(url.removeprefix("sqlite:///")).execute(
            "create table other (id int)"
        ).connection.close()
    with pytest.raises(DataError, match="not a Freqtrade database, it has no trades table"):
        read_database(url, NOW_MS)


@pytest.mark.postgres
def test_read_database_with_a_wrong_password_is_told_without_it(postgres: str) -> None:
    wrong = postgres.replace("s3cret", "wr0ng")
    with pytest.raises(DataError, match="password authentication failed") as refused:
        read_database(wrong, NOW_MS)
    assert "wr0ng" not in str(refused.value)
    assert "outrigger:***@127.0.0.1" in str(refused.value)


def test_read_database_takes_a_path_and_never_writes(tmp_path: Path) -> None:
    path = tmp_path / "a folder" / "trades #1.sqlite"
    path.parent.mkdir()
    write_database(f"sqlite:///{path}", *closed(1))
    before = path.read_bytes()
    path.chmod(0o444)
    assert len(read_database(str(path), NOW_MS).trades) == 1
    assert path.read_bytes() == before
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name]


def test_read_database_beside_a_bot_that_is_writing_sees_the_last_whole_state(
    tmp_path: Path,
) -> None:
    path = tmp_path / "trades.sqlite"
    write_database(f"sqlite:///{path}", *closed(1))
    writer = sqlite3.connect(path, isolation_level=None)
    # As Freqtrade has it.
    writer.execute("pragma journal_mode = wal")
    writer.execute("begin immediate")
    writer.execute("update trades set pair = 'half/written:x'")
    assert [one.pair for one in read_database(str(path), NOW_MS).trades] == [PAIR]
    writer.execute("commit")
    assert [one.pair for one in read_database(str(path), NOW_MS).trades] == ["half/written:x"]
    writer.close()


def test_read_database_of_an_older_freqtrade_without_documents_and_history(tmp_path: Path) -> None:
    path = tmp_path / "trades.sqlite"
    write_database(f"sqlite:///{path}", row(1), order(1, 1))
    with sqlite3.connect(path) as connection:
        for name in ("trade_custom_data", "KeyValueStore", "wallet_history"):
            connection.execute(f'drop table "{name}"')
    connection.close()
    found = read_database(str(path), NOW_MS)
    assert [one.documents for one in found.trades] == [{}]
    assert (found.started_ms, found.wallet) == (None, None)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nowhere.sqlite", "no such database"),
        ("sqlite:///nowhere.sqlite", "no such database"),
        ("sqlite://", "in memory"),
        ("::://", "no SQLAlchemy URL"),
        ("foo://trader:s3cret@host/name", "no driver for this database"),
        ("postgresql+psycopg://trader:s3cret@127.0.0.1:1/name", "cannot be read"),
    ],
)
def test_read_database_that_is_not_there_says_so_without_the_password(
    address: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=said) as refused:
        read_database(address, NOW_MS)
    assert "s3cret" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_read_database_of_a_file_that_is_none_says_so(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("shopping list " * 100)
    with pytest.raises(DataError, match="file is not a database"):
        read_database(str(file), NOW_MS)
