"""`outrigger review` from the command line: a bot's database, a backtest, bad input, a message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from outrigger import review_cli
from outrigger.bot.outbox import folder_in
from tests.commands.terminal import refused, run
from tests.conftest import REPOSITORY
from tests.review.freqtrade_database import closed, document, opened, started, write_database
from tests.review.ledger import HOUR_MS, PAIR, START_MS, exported, exported_trade, write_export
from tests.review.weekly.books import chart, stepped, write_charts

NOW_MS = START_MS + 6 * 24 * HOUR_MS


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_cli, "now_ms", lambda: NOW_MS)


@pytest.fixture
def desk(empty_desk: Path) -> Path:
    """A trader's directory: configuration, database with a secret in its address, candles."""
    config: dict[str, Any] = {
        "strategy": "Outrigger",
        "db_url": "sqlite:///user_data/trades.sqlite",
        "dry_run": True,
        "dry_run_wallet": 10_000,
        "stake_currency": "USDT",
        "timeframe": "5m",
        "exchange": {"name": "binance", "pair_whitelist": [PAIR]},
    }
    (empty_desk / "config.json").write_text(json.dumps(config))
    (empty_desk / "user_data").mkdir()
    rows = (*closed(1), *opened(2), *closed(3, strategy="Other"), document(1), started(START_MS))
    write_database(f"sqlite:///{empty_desk / 'user_data' / 'trades.sqlite'}", *rows)
    write_charts(empty_desk / "user_data" / "data" / "binance", BTC=stepped(6, (20, 40_400.0)))
    return empty_desk


def test_review_alone_in_a_traders_directory_finds_everything(desk: Path) -> None:
    told = run("review")
    page = desk / "user_data" / "outrigger" / "reviews" / "review-2026-03-10.html"
    assert page.is_file()
    assert f"Page: {page.relative_to(desk)}" in told
    assert "1 trade of strategy Other left out" in told
    assert "100% (1/1)" in told  # stopped at 39,600, then 40,400 within the day
    assert "BTC long #2" in told
    assert "Overridden: BTC/USDT:USDT #1: stop 39,600 by hand" in told


def test_review_reads_the_files_that_a_configuration_adds(desk: Path) -> None:
    (desk / "private.json").write_text('{"exchange": {"key": "x"}, "dry_run_wallet": 20000}')
    (desk / "more.json").write_text('{"add_config_files": ["private.json"], "dry_run_wallet": 5}')
    told = json.loads(run("review", "--json", "--config", "config.json", "--config", "more.json"))
    # The loss of 440 by hand, and the open trade's 20.2 and exit fee, of 20,000 and no longer of 10,000.
    alone = json.loads(run("review", "--json"))["since_start"]["result"]
    assert told["since_start"]["result"]["share"] == pytest.approx(alone["profit"] / 20_000)
    assert alone["share"] == pytest.approx(alone["profit"] / 10_000)


@pytest.mark.parametrize("whitelist", [[], [".*/USDT:USDT"]])
def test_review_without_named_pairs_takes_those_that_were_traded(desk: Path, whitelist: list[str]) -> None:
    (desk / "dynamic.json").write_text(json.dumps({"exchange": {"pair_whitelist": whitelist}}))
    told = json.loads(run("review", "--json", "--config", "config.json", "--config", "dynamic.json"))
    assert told["since_start"]["result"]["hold"] == pytest.approx(0.01)  # 40,000 to 40,400
    assert told["missing"] == ["1 trade of strategy Other left out"]


def test_review_prints_strict_json_and_no_page_unless_asked(desk: Path) -> None:
    told = json.loads(run("review", "--json"))
    assert told["since_start"]["trading"]["trades"] == 1
    assert told["week"]["stopping"]["premature"][0]["count"] == 1
    assert told["open_trades"][0]["number"] == 2
    assert not (desk / "user_data" / "outrigger").exists()
    run("review", "--json", "--html", desk / "page.html")
    assert (desk / "page.html").is_file()


def test_review_of_a_named_week(desk: Path) -> None:
    told = json.loads(run("review", "--json", "--week", "2026-W10"))
    assert told["week"]["name"] == "2026-W10"
    assert told["week"]["to"] == "2026-03-09T00:00:00+00:00"
    assert json.loads(run("review", "--json", "--until", "2026-03-08"))["week"]["name"] == "2026-W10"


def test_review_leaves_the_database_as_it_is(desk: Path) -> None:
    path = desk / "user_data" / "trades.sqlite"
    before = path.read_bytes()
    run("review")
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.glob("trades.sqlite*")] == ["trades.sqlite"]


def test_review_of_a_backtest(empty_desk: Path) -> None:
    trades = (
        exported_trade(),
        exported_trade(exit_reason="force_exit", close_timestamp=START_MS + 24 * HOUR_MS),
    )
    archive = write_export(empty_desk / "results", Outrigger=exported(*trades))
    datadir = write_charts(empty_desk / "data", BTC=chart(3))
    told = json.loads(run("review", "--export", archive, "--datadir", datadir, "--json"))
    assert (told["kind"], told["since_start"]["trading"]["trades"]) == ("backtest", 1)
    assert len(told["open_trades"]) == 1
    assert told["drift"] is None


def test_review_of_an_empty_backtest_and_an_empty_database_says_so(desk: Path) -> None:
    archive = write_export(desk / "results", Outrigger=exported())
    assert "No closed trade yet" in run("review", "--export", archive)
    write_database(f"sqlite:///{desk / 'empty.sqlite'}")
    assert "No closed trade yet" in run("review", "--db", desk / "empty.sqlite")


def test_review_asks_a_bundle_and_the_bots_watch_over_it(desk: Path) -> None:
    memory = {"bundle": "b", "days": {}, "counted_ms": {}, "judged_ms": {}}
    state = {"status": "drifting", "since_ms": NOW_MS, "wanted": "drifting", "wanted_since_ms": NOW_MS}
    drift = desk / "user_data" / "outrigger" / "drift.json"
    drift.parent.mkdir()
    drift.write_text(json.dumps({"memory": memory, "state": state}))
    # Where lines break follows from the length of the repository's path.
    told = " ".join(run("review", "--bundle", REPOSITORY / "models" / "default").split())
    assert "short squeeze" in told
    assert "Classifier: many of the regime model's features have left the range of its training" in told
    assert "Due for review: regime bundle" in told
    assert "without a word" in told


def test_review_shows_the_first_overridden_trades_only(desk: Path) -> None:
    more = [row for number in range(11, 21) for row in (*closed(number), document(number))]
    write_database(f"sqlite:///{desk / 'many.sqlite'}", *more)
    told = run("review", "--db", desk / "many.sqlite")
    assert told.count("Overridden: BTC/USDT:USDT #") == 6
    assert "Overridden: 4 more, see the page" in told


def test_review_sends_a_short_text(desk: Path) -> None:
    run("review", "--send")
    (waiting,) = folder_in(desk / "user_data").iterdir()
    assert waiting.read_text().startswith("Review of last 7 days (Outrigger)\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--db", "nowhere.sqlite"), "nowhere.sqlite: no such database"),
        (("--db", "config.json"), "file is not a database"),
        (
            ("--db", "postgresql+psycopg://me:s3cret@127.0.0.1:1/x"),
            "postgresql+psycopg://me:***@127.0.0.1:1/x",
        ),
        (("--export", "nowhere.zip"), "no such backtest export"),
        (("--export", "a.zip", "--db", "b"), "name several accounts"),
        (("--week", "2026-W99"), "write an ISO week"),
        (("--week", "2026-W10", "--until", "2026-03-08"), "--week and --until name two weeks"),
        (("--week", "2020-W10"), "but the account lived from 2026-03-04"),
        (("--config", "nowhere.json"), "nowhere.json does not exist"),
    ],
)
def test_review_refuses_what_it_cannot_read(
    arguments: tuple[str, ...],
    said: str,
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = refused(monkeypatch, capsys, "review", *arguments)
    assert said in told
    assert "s3cret" not in told


def test_review_of_several_strategies_wants_one_named(
    empty_desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = write_export(empty_desk / "results", A=exported(), B=exported(exported_trade()))
    told = refused(monkeypatch, capsys, "review", "--export", archive)
    assert "holds backtests of A, B: name one of them with --strategy" in told
    assert "1" in run("review", "--export", archive, "--strategy", "B", "--html", empty_desk / "b.html")


def test_review_of_a_list_of_trades(desk: Path) -> None:
    header = "pair,side,opened,closed,entry,exit,notional,reason"
    line = f"{PAIR},long,2026-03-04 00:30,2026-03-04 01:00,40000,39600,4000,stop_loss"
    (desk / "journal.csv").write_text(f"{header}\n{line}\n")
    told = json.loads(run("review", "--trades", "journal.csv", "--json"))
    assert (told["strategy"], told["kind"]) == ("journal", "backtest")
    assert told["since_start"]["result"]["share"] == pytest.approx(-40 / 10_000)
    assert told["since_start"]["stopping"]["premature"][0]["count"] == 1


def test_review_without_candles_keeps_what_there_is(desk: Path) -> None:
    told = json.loads(run("review", "--json", "--datadir", desk / "nowhere"))
    assert told["since_start"]["trading"]["trades"] == 1
    assert told["since_start"]["stopping"]["premature"][0]["judged"] == 0
    assert any("no candles" in one for one in told["missing"])
    assert told["since_start"]["result"]["hold"] is None
