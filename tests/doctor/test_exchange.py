"""The exchange as the doctor meets it: answering, refusing, silent, with orders too large for an account."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from outrigger.doctor.case import Case
from outrigger.doctor.exchange import check as check_exchange
from outrigger.doctor.leverage_tiers import check as check_leverage
from outrigger.doctor.minimums import check as check_minimums
from outrigger.doctor.minimums import smallest_notional
from outrigger.doctor.protective_range import protective_range
from outrigger.doctor.wallet import wallet
from outrigger.replay.exchange import ReplayServer, open_market
from outrigger.replay.overlay import exchange_overlay
from outrigger.replay.venues import BYBIT
from outrigger.settings.read import read_settings
from tests.doctor.desk import BTC, ETH, Desk, about, only, shipped_config
from tests.replay.data_directory import write_market as market_with_funding


@pytest.fixture(scope="module")
def exchange_url(sound_market: Path) -> Iterator[str]:
    with ReplayServer(open_market(sound_market, replay=False)) as server:
        yield server.url


@pytest.fixture(scope="module")
def bybit_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The second pair is charged every four hours."""
    datadir = market_with_funding(
        tmp_path_factory.mktemp("bybit"), days=2, bases=("BTC", "ETH"), funding_hours={"ETH": 4}
    )
    with ReplayServer(open_market(datadir, replay=True), venue=BYBIT) as server:
        yield server.url


def case_of(config: dict[str, Any]) -> Case:
    from freqtrade.configuration import TimeRange

    settings = read_settings(config)
    return Case(config, (), "5m", settings, None, Path("data"), True, TimeRange.parse_timerange(None))


def test_diagnose_reaches_the_exchange_through_the_configuration(desk: Desk, exchange_url: str) -> None:
    desk.config["exchange"] |= exchange_overlay(exchange_url)["exchange"]
    found = desk.diagnose(check_exchange=True)
    assert about(found, "exchange", "ok")
    assert about(found, "pairs", "ok")
    assert about(found, f"order minimum of {BTC}", "ok")
    assert [f for f in found if f.level != "ok"] == []


def test_diagnose_on_bybit_reaches_the_exchange_and_tells_funding_intervals(
    desk: Desk, bybit_url: str
) -> None:
    desk.config["exchange"] |= exchange_overlay(bybit_url, "bybit")["exchange"]
    found = desk.diagnose(check_exchange=True)
    assert about(found, "exchange", "ok")[-1].message == "bybit answers with 2 markets"
    assert about(found, "pairs", "ok")
    assert about(found, "funding", "ok")[-1].message == f"charged every 4 h: {ETH}; every 8 h: {BTC}"
    assert about(found, f"order minimum of {BTC}", "ok")
    assert [f.subject for f in found if f.level != "ok"] == ["leverage"]
    assert "leverage_tiers_USDT.json" in only(found, "leverage", "warning").message


def test_diagnose_on_binance_tells_funding_intervals(desk: Desk, exchange_url: str) -> None:
    desk.config["exchange"] |= exchange_overlay(exchange_url)["exchange"]
    found = desk.diagnose(check_exchange=True)
    assert about(found, "funding", "ok")[-1].message == f"charged every 8 h: {BTC}, {ETH}"


def test_diagnose_on_bybit_works_out_leverage_from_the_tiers_that_freqtrade_keeps(desk: Desk) -> None:
    desk.config["exchange"]["name"] = "bybit"
    tier = {"minNotional": 0.0, "maxNotional": 2e6, "maintenanceMarginRate": 0.005, "maxLeverage": 100.0}
    kept = {"updated": "2026-01-01T00:00:00+00:00", "data": {pair: [tier] for pair in (BTC, ETH)}}
    file = desk.datadir / "futures" / "leverage_tiers_USDT.json"
    file.write_text(json.dumps(kept))
    assert "liquidation is" in about(desk.diagnose(), f"leverage of {BTC}, {ETH}", "ok")[0].message
    file.write_text("{}")
    assert "remove it" in only(desk.diagnose(), "leverage_tiers", "error").message


def test_diagnose_of_a_pair_that_the_exchange_lacks_is_an_error(desk: Desk, exchange_url: str) -> None:
    desk.config["exchange"] |= exchange_overlay(exchange_url)["exchange"]
    desk.config["exchange"]["pair_whitelist"] = [BTC, "SOL/USDT:USDT"]
    found = only(desk.diagnose(check_exchange=True), "pairs", "error")
    assert "does not list SOL/USDT:USDT" in found.message
    assert "list-pairs" in found.next_step


def test_diagnose_of_an_account_too_small_for_an_order_says_how_much_it_takes(
    desk: Desk, exchange_url: str
) -> None:
    desk.config["exchange"] |= exchange_overlay(exchange_url)["exchange"]
    desk.config["dry_run_wallet"] = 100
    found = desk.diagnose(check_exchange=True)
    assert "no trade can ever be opened" in only(found, f"order minimum of {BTC}", "error").message


def test_diagnose_offline_warns_and_names_the_offline_command(desk: Desk) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    desk.config["exchange"] |= exchange_overlay(url)["exchange"]
    found = only(desk.diagnose(check_exchange=True), "exchange", "warning")
    assert "cannot be reached" in found.message
    assert f"outrigger offline --datadir {desk.datadir} -- backtesting" in found.next_step


def test_exchange_that_never_answers_is_given_up(desk: Desk) -> None:
    """It accepts the connection and says nothing."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        desk.config["exchange"] |= exchange_overlay(f"http://127.0.0.1:{silent.getsockname()[1]}")["exchange"]
        markets, found = check_exchange(case_of(desk.config), limit_s=0.2)
    assert markets is None
    assert "no answer within 0.2 s" in only(found, "exchange", "warning").message


@pytest.mark.parametrize("name", ["mtgox", "", "__init__", "Exchange"])
def test_exchange_that_is_none_is_an_error(name: str) -> None:
    config = shipped_config()
    config["exchange"]["name"] = name
    markets, found = check_exchange(case_of(config))
    assert markets is None
    assert only(found, "exchange", "error")


def test_smallest_notional_has_freqtrades_reserves() -> None:
    """Cost 100: × 1.05 / (1 − .3) = 150; amount .001 at 90,000: × 1.05 = 94.5."""
    case = case_of(shipped_config())
    limits = {"cost": {"min": 100.0}, "amount": {"min": 0.001}}
    assert smallest_notional(case, {"limits": limits}, 90_000.0) == pytest.approx(150.0)
    limits["cost"]["min"] = 5.0
    assert smallest_notional(case, {"limits": limits}, 90_000.0) == pytest.approx(94.5)
    assert smallest_notional(case, {"limits": {"cost": {"min": None}}}, None) == 0.0


@pytest.mark.parametrize(("cost", "level"), [(20.0, "ok"), (100.0, "warning"), (1000.0, "error")])
def test_minimums_judge_the_whole_range_of_sizes(cost: float, level: str) -> None:
    """A wallet of 1,000 at .5 % risk: 4.95 / (.082) / 2 = 30.2 to 4.95 / .012 = 412.5."""
    config = shipped_config() | {"dry_run_wallet": 1_000}
    config["outrigger"] = {"stop": {"protect_min": 0.01, "protect_max": 0.08, "protect_sigma": 2.0}}
    found = list(check_minimums(case_of(config), {BTC: {"limits": {"cost": {"min": cost}}}}, {}))
    assert [f.level for f in found] == [level]
    assert "30.18" in found[0].message
    assert "412.50" in found[0].message


def test_minimums_without_a_known_wallet_say_so() -> None:
    config = shipped_config() | {"dry_run": False}
    assert [f.level for f in check_minimums(case_of(config), {BTC: {}}, {})] == ["ok"]
    assert list(check_minimums(case_of(config), None, {})) == []


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"dry_run": True, "dry_run_wallet": 1000, "tradable_balance_ratio": 0.5}, 500.0),
        ({"dry_run": True, "dry_run_wallet": {"USDT": 200}, "stake_currency": "USDT"}, 198.0),
        ({"dry_run": True, "dry_run_wallet": {"EUR": 200}, "stake_currency": "USDT"}, None),
        ({"dry_run": True, "dry_run_wallet": 1000, "available_capital": 300}, 300.0),
        ({"dry_run": False, "dry_run_wallet": 1000}, None),
        ({"dry_run": True, "dry_run_wallet": "1000"}, None),
    ],
)
def test_wallet_reads_what_a_configuration_says(config: dict[str, Any], expected: float | None) -> None:
    assert wallet(config) == (None if expected is None else pytest.approx(expected))


def test_leverage_states_liquidation_as_the_textbook_has_it() -> None:
    """At 5x and 0.4 % maintenance a long is liquidated (1/5 − .004)/(1 − .004) = 19.68 % down.

    A short (1/5 − .004)/(1 + .004) = 19.52 % up, less a buffer of 5 %: 18.5 %.
    """
    config = shipped_config() | {"liquidation_buffer": 0.05}
    config["outrigger"] = {"stop": {"protect_max": 0.08}, "risk": {"max_leverage": 5}}
    found = list(check_leverage(case_of(config)))
    assert [f.level for f in found] == ["ok"]
    assert "a stop 8.0% away gets 5x, liquidation is 18.5% away" in found[0].message


def test_leverage_of_a_stop_that_no_liquidation_leaves_room_for_is_an_error() -> None:
    config = shipped_config()
    config["outrigger"] = {"stop": {"policy": "fixed", "fixed_distance": 0.5}}
    found = only(list(check_leverage(case_of(config))), "leverage", "error")
    assert "refused" in found.message
    assert "stop.fixed_distance" in found.next_step


def test_leverage_of_a_pair_without_tiers_is_an_error() -> None:
    config = shipped_config()
    config["exchange"]["pair_whitelist"] = [ETH, "NONE/USDT:USDT"]
    assert "NONE/USDT:USDT" in only(list(check_leverage(case_of(config))), "leverage", "error").message


def test_leverage_of_another_exchange_is_said_to_be_unknown() -> None:
    config = shipped_config()
    config["exchange"]["name"] = "bybit"
    assert only(list(check_leverage(case_of(config))), "leverage", "warning")


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        (
            {"policy": "volatility", "protect_min": 0.01, "protect_max": 0.3, "protect_sigma": 2.0},
            (0.01, 0.16),
        ),
        ({"policy": "trailing", "trailing_width": 0.03}, (0.03, 0.03)),
        ({"policy": "fixed", "fixed_distance": 0.05}, (0.05, 0.05)),
        # Three hourly ranges of √(8/π) × 4 %.
        ({"policy": "chandelier", "horizon_hours": 4.0, "noise_floor": 0.004}, (0.004, 3 * 1.595769 * 0.04)),
    ],
)
def test_protective_range_is_bounded_by_max_sigma(
    stop: dict[str, Any], expected: tuple[float, float]
) -> None:
    settings = read_settings({"outrigger": {"stop": stop, "risk": {"max_sigma": 0.08}}})
    assert protective_range(settings) == pytest.approx(expected, rel=1e-5)
