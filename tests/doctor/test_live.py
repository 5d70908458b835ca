"""The account as the doctor sees it: both exchanges' real clients, accounts set up well and badly."""

from __future__ import annotations

import json
import threading
from typing import Any

import ccxt
import pytest
from freqtrade.enums import RunMode
from freqtrade.persistence import Trade
from freqtrade.resolvers import ExchangeResolver
from typer.testing import CliRunner

from outrigger import cli
from outrigger.doctor import live, live_clock
from outrigger.doctor.live_client import client_of, refused, secrets_of, without_secrets
from outrigger.doctor.live_clock import Ping
from outrigger.replay.overlay import exchange_overlay
from tests.bot.trading import trade
from tests.doctor.desk import BTC, KEY, SECRET, Desk, about, account_of, keep, only, shipped_config
from tests.doctor.test_exchange import case_of

VENUES = ("binance", "bybit")


@pytest.mark.parametrize("venue", VENUES)
def test_sound_account_passes_every_check(served: Any, venue: str) -> None:
    with served(venue) as desk:
        found = account_of(desk)
    subjects = (
        "API key: withdrawal",
        "API key: trading",
        "API key: addresses",
        "position mode",
        "asset mode",
    )
    for subject in (
        *subjects,
        "margin mode",
        "wallet",
        "open positions",
        "waiting orders",
        "latency",
        "clock",
    ):
        assert about(found, subject, "ok"), subject
    assert "10,000.00 USDT" in about(found, "wallet", "ok")[0].message
    # 99 % of the wallet, at today's price.
    assert "9,900 at" in about(found, f"order minimum of {BTC}")[0].message


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize(
    ("sheet", "subject", "level", "said"),
    [
        ({"withdraws": True}, "API key: withdrawal", "error", "empty the account"),
        ({"trades": False}, "API key: trading", "error", "may not trade futures"),
        ({"ip_bound": False}, "API key: addresses", "warning", "from anywhere"),
        ({"hedged": True}, "position mode", "error", "hedge mode"),
        ({"wallet": 0.0}, "wallet", "error", "no USDT"),
        ({"wallet": 20.0}, f"order minimum of {BTC}", "error", "no trade can ever be opened"),
        ({"positions": {"BTCUSDT": -0.25}}, "open positions", "warning", "-0.25 is held at the exchange"),
        (
            {"positions": {"BTCUSDT": 0.25}, "margin_mode": "cross"},
            "margin mode",
            "error",
            "liquidation prices are wrong",
        ),
    ],
)
def test_account_set_up_badly_is_told_with_what_to_do(
    served: Any, venue: str, sheet: dict[str, Any], subject: str, level: str, said: str
) -> None:
    with served(venue, **sheet) as desk:
        found = account_of(desk)
    told = [f for f in about(found, subject) if f.level != "ok"]
    assert [finding.level for finding in told if said in finding.message] == [level], found
    assert all(finding.next_step for finding in told)


def test_asset_mode_of_binance_is_an_error_in_isolated_and_a_warning_in_cross_margin(served: Any) -> None:
    with served("binance", multi_assets=True) as desk:
        assert only(account_of(desk), "asset mode", "error")
        desk.config["margin_mode"] = "cross"
        assert only(account_of(desk), "asset mode", "warning")


@pytest.mark.parametrize(("mode", "level"), [("cross", "warning"), ("portfolio", "error")])
def test_margin_mode_of_bybit_is_the_accounts(served: Any, mode: str, level: str) -> None:
    with served("bybit", margin_mode=mode) as desk:
        assert mode in only(account_of(desk), "margin mode", level).message


def test_margin_mode_of_binance_is_set_by_freqtrade_where_nothing_is_held(served: Any) -> None:
    with served("binance", margin_mode="cross") as desk:
        (told,) = about(account_of(desk), "margin mode")
    assert told.level == "ok"
    assert "Freqtrade sets isolated at the entry" in told.message


def test_hedge_mode_under_positions_says_to_close_them_first(served: Any) -> None:
    with served("bybit", hedged=True, positions={"ETHUSDT": 1.0}) as desk:
        assert "close all positions" in only(account_of(desk), "position mode", "error").next_step


@pytest.mark.parametrize("venue", VENUES)
def test_refused_key_ends_the_matter_and_is_never_printed(served: Any, venue: str) -> None:
    with served(venue, taken="another-key") as desk:
        found = account_of(desk)
    told = only(found, "API key", "error")
    assert "refuses it" in told.message
    assert "FREQTRADE__EXCHANGE__KEY" in told.next_step
    assert not about(found, "wallet")
    assert about(found, "clock")
    everything = json.dumps([finding.to_dict() for finding in found])
    assert KEY not in everything
    assert SECRET not in everything


def test_command_line_looks_at_the_account_of_a_configured_key(served: Any) -> None:
    with served("binance", withdraws=True) as desk:
        asked = ["doctor", "--config", str(desk.config_file), "--datadir", str(desk.datadir), "--json"]
        told = CliRunner().invoke(cli.app, asked)
        without = CliRunner().invoke(cli.app, [*asked, "--no-live"])
    assert told.exit_code == 1
    by_subject = {finding["subject"]: finding for finding in json.loads(told.stdout)}
    assert by_subject["API key: withdrawal"]["level"] == "error"
    assert KEY not in told.stdout + told.stderr
    assert "API key: withdrawal" not in without.stdout


def test_live_without_a_key_says_where_to_put_it(served: Any) -> None:
    with served("binance", key="") as desk:
        found = desk.diagnose(datadir=None, check_exchange=True, check_account=True)
    assert "FREQTRADE__EXCHANGE__SECRET" in only(found, "API key", "error").next_step


def test_unreached_exchange_is_a_warning(desk: Desk) -> None:
    desk.config["exchange"] |= exchange_overlay("http://127.0.0.1:9")["exchange"]
    desk.config["exchange"] |= {"key": KEY, "secret": SECRET}
    assert only(account_of(desk), live.SUBJECT, "warning")


def test_exchange_that_cannot_be_read_is_named() -> None:
    config = shipped_config()
    config["exchange"] |= {"name": "okx", "key": KEY, "secret": SECRET}
    assert only(live.check(case_of(config), {}).findings, live.SUBJECT, "warning")


def test_exchange_that_hangs_costs_no_more_than_the_limit(
    monkeypatch: pytest.MonkeyPatch, served: Any
) -> None:
    with served("binance") as desk:
        monkeypatch.setattr(live, "_ask", lambda *_: threading.Event().wait(5))
        found = live.check(case_of(desk.config), {}, limit_s=0.05)
    assert "within 0.05 s" in only(found.findings, live.SUBJECT, "warning").message


def test_trades_of_the_database_are_compared_with_the_exchange(served: Any) -> None:
    with served("binance", positions={"BTCUSDT": 0.1, "ETHUSDT": -2.0}) as desk:
        keep(desk, *(trade(Trade, pair=pair, amount=n) for pair, n in ((BTC, 0.1), ("SOL/USDT:USDT", 3.0))))
        told = [f for f in about(account_of(desk), "open positions") if f.level != "ok"]
    assert [(finding.level, finding.message.partition(":")[0]) for finding in told] == [
        ("warning", "ETH/USDT"),
        ("error", "SOL/USDT"),
    ]


def test_database_that_cannot_be_read_is_an_error_and_the_rest_is_told(served: Any) -> None:
    with served("binance") as desk:
        (desk.home / "trades.sqlite").write_text("no database")
        found = account_of(desk)
    assert only(found, live.SUBJECT, "error")
    assert about(found, "position mode", "ok")
    assert about(found, "order minimum", "ok")


@pytest.mark.parametrize("venue", VENUES)
def test_client_is_the_one_that_freqtrade_makes(venue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = shipped_config()
    config["exchange"] |= exchange_overlay("http://127.0.0.1:9", venue)["exchange"]
    config["exchange"] |= {"key": KEY, "secret": SECRET}
    config["exchange"]["ccxt_config"]["httpsProxy"] = "http://127.0.0.1:3128"
    config["exchange"]["ccxt_sync_config"] = {"options": {"recvWindow": 7_000}}
    made = client_of(case_of(config), {})
    full = config | {"runmode": RunMode.UTIL_EXCHANGE, "dry_run": False, "candle_type_def": "futures"}
    exchange_class = ExchangeResolver.load_exchange
    monkeypatch.setattr(
        f"freqtrade.exchange.{venue}.{venue.capitalize()}.additional_exchange_init", lambda _: None
    )
    theirs = exchange_class(full, validate=False)._api
    for name in ("apiKey", "secret", "password", "uid", "urls", "httpsProxy", "enableRateLimit"):
        assert getattr(made, name) == getattr(theirs, name), name
    for option in ("defaultType", "recvWindow", "fetchMarkets"):
        assert made.options[option] == theirs.options[option], option


def test_secrets_are_kept_out_of_words() -> None:
    config = shipped_config()
    config["exchange"] |= {"key": KEY, "ccxt_config": {"secret": SECRET}}
    case = case_of(config)
    assert secrets_of(case)["secret"] == SECRET
    told = without_secrets(case, f"GET http://x/y?timestamp=1&signature=abc {KEY}\n {SECRET} {'z' * 500}")
    assert told.startswith("GET http://x/y *** *** zzz")
    assert len(told) == 200


@pytest.mark.parametrize(
    ("problem", "subject", "level", "final"),
    [
        (ccxt.InvalidNonce("-1021"), "clock", "error", True),
        (ccxt.PermissionDenied("x"), "API key", "error", True),
        (ccxt.RateLimitExceeded("x"), "modes", "warning", True),
        (ccxt.RequestTimeout("x"), "modes", "warning", True),
        (ccxt.ExchangeError("x"), "modes", "warning", False),
        (KeyError("x"), "modes", "warning", False),
    ],
)
def test_refusal_is_told_by_its_kind(problem: Exception, subject: str, level: str, final: bool) -> None:
    told = refused(case_of(shipped_config()), "modes", problem)
    assert (told.finding.subject, told.finding.level, told.final) == (subject, level, final)
    assert told.finding.next_step


@pytest.mark.parametrize(
    ("offset", "level"),
    [
        (0, "ok"),
        (499, "ok"),
        (-501, "warning"),
        (-1_999, "warning"),
        (999, "warning"),
        (1_001, "error"),
        (-2_001, "error"),
    ],
)
def test_clock_is_judged_by_the_quickest_answer(offset: float, level: str) -> None:
    found = [Ping(300.0, 9_999.0), Ping(20.0, offset), Ping(80.0, -9_999.0)]
    (told,) = about(list(live_clock.judge(case_of(shipped_config()), found, 10_000.0)), "clock")
    assert told.level == level
    assert "±10 ms" in told.message


@pytest.mark.parametrize(
    ("times", "level"), [((10, 20, 1_999), "ok"), ((10, 20, 2_001), "warning"), ((401, 401, 10), "warning")]
)
def test_latency_is_judged_by_median_and_worst(times: tuple[int, ...], level: str) -> None:
    found = [Ping(float(one), 0.0) for one in times]
    (told,) = about(list(live_clock.judge(case_of(shipped_config()), found, 10_000.0)), "latency")
    assert told.level == level


def test_clock_behind_by_more_than_requests_may_be_old_is_an_error() -> None:
    found = list(live_clock.judge(case_of(shipped_config()), [Ping(20.0, -1_001.0)], 1_000.0))
    assert only(found, "clock", "error")


def test_ping_measures_the_offset_from_the_middle_of_the_request() -> None:
    class Client:
        enableRateLimit = True
        asked = 0

        def fetch_time(self) -> int:
            self.asked += 1
            assert not self.enableRateLimit
            return 1_000_000

    client = Client()
    found = live_clock.pings(client, 3, wall_s=lambda: 1_000.7)
    assert client.asked == 4
    assert client.enableRateLimit
    assert all(ping.offset_ms == pytest.approx(700 + ping.round_trip_ms / 2) for ping in found)
