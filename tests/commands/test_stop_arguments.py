"""Arguments of explain-stop: what can be used is used, what cannot is refused with the way out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from outrigger.commands import stop_arguments as given
from outrigger.errors import DataError, SettingsError
from outrigger.settings.read import Settings
from outrigger.settings.stop import StopSettings


def export(path: Path, **changed: Any) -> Path:
    trade = {
        "pair": "BTC/USDT:USDT",
        "is_short": True,
        "open_timestamp": 1_000_000,
        "close_timestamp": 2_000_000,
        "open_rate": 40_000.0,
        "close_rate": 39_000.0,
        "leverage": 3.0,
        "amount": 0.1,
        "stake_amount": 1_333.0,
        "max_stake_amount": 1_333.0,
        "profit_abs": 95.0,
        "fee_open": 0.0005,
        "fee_close": 0.0005,
        "stop_loss_abs": 41_200.0,
        "exit_reason": "trailing_stop_loss",
        **changed,
    }
    later = {**trade, "is_short": False, "open_timestamp": 3_000_000, "close_timestamp": 4_000_000}
    found = {
        "trades": [later, trade],
        "pairlist": ["BTC/USDT:USDT"],
        "timeframe": "5m",
        "stake_currency": "USDT",
        "backtest_start_ts": 0,
        "backtest_end_ts": 9_000_000,
        "starting_balance": 1000.0,
    }
    path.write_text(json.dumps({"strategy": {"Outrigger": found}}))
    return path


def test_stop_settings_without_a_configuration_are_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert given.stop_settings(None, None, None, None) == Settings()


def test_stop_settings_come_from_the_configuration_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text('{"outrigger": {"stop": {"trail_sigma": 0.9,},}, /* mine */}')
    monkeypatch.chdir(tmp_path)
    assert given.stop_settings(None, None, None, None).stop.trail_sigma == 0.9


@pytest.mark.parametrize(
    ("policy", "width", "activation", "changed"),
    [
        ("trailing", 0.02, None, {"policy": "trailing", "trailing_width": 0.02}),
        ("fixed", 0.05, None, {"policy": "fixed", "fixed_distance": 0.05}),
        ("trailing", None, 0.04, {"policy": "trailing", "trailing_activation": 0.04}),
        ("volatility", None, 0.03, {"activation": 0.03}),
        (None, None, 0.03, {"activation": 0.03}),
        ("chandelier", None, None, {"policy": "chandelier"}),
    ],
)
def test_stop_settings_single_values_replace_those_of_the_policy(
    tmp_path: Path, policy: str | None, width: float | None, activation: float | None, changed: dict[str, Any]
) -> None:
    empty = tmp_path / "config.json"
    empty.write_text("{}")
    found = given.stop_settings(empty, policy, width, activation)
    assert found == Settings(stop=StopSettings(**changed))


@pytest.mark.parametrize(
    ("policy", "width", "activation", "message"),
    [
        ("volatility", 0.02, None, "policy volatility has no --width: it knows trailing, fixed"),
        ("chandelier", 0.02, None, "has no --width"),
        ("fixed", None, 0.02, "policy fixed has no --activation: it knows trailing, volatility"),
        ("nonsense", None, None, "policy"),
        ("trailing", 0.9, None, r"trailing_width.*allowed: 0\.002 to 0\.5"),
        ("trailing", 0.03, 0.001, "trailing_activation"),
        ("trailing", float("nan"), None, "trailing_width"),
    ],
)
def test_stop_settings_unusable_values_are_refused(
    tmp_path: Path, policy: str, width: float | None, activation: float | None, message: str
) -> None:
    empty = tmp_path / "config.json"
    empty.write_text("{}")
    with pytest.raises(SettingsError, match=message):
        given.stop_settings(empty, policy, width, activation)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "does not exist: name your configuration with --config"),
        ("{", "cannot be read as JSON"),
        ("[]", "holds no JSON object"),
        ('{"outrigger": []}', "it has to be an object"),
        ('{"outrigger": {"stop": {"trial_sigma": 1.0}}}', "nearest valid key is 'trail_sigma'"),
    ],
)
def test_stop_settings_unreadable_configuration_is_refused(
    tmp_path: Path, content: str | None, message: str
) -> None:
    path = tmp_path / "mine.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=message):
        given.stop_settings(path, None, None, None)


def test_stop_settings_directory_as_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        given.stop_settings(tmp_path, None, None, None)


@pytest.mark.parametrize(("name", "side"), [("long", 1), ("short", -1)])
def test_side_of(name: str, side: int) -> None:
    assert given.side_of(name) == side


@pytest.mark.parametrize("name", ["", "Long", "buy", "1"])
def test_side_of_other_words_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="say long or short"):
        given.side_of(name)


def test_prices_of_reads_numbers_with_blanks() -> None:
    assert given.prices_of("40000, 42e3,41000.5") == [40_000.0, 42_000.0, 41_000.5]


@pytest.mark.parametrize("text", ["", ",", "1,,2", "a", "1;2", "1,0", "1,-2", "nan", "inf", "40 000"])
def test_prices_of_unusable_prices_are_refused(text: str) -> None:
    with pytest.raises(DataError, match="--path"):
        given.prices_of(text)


def test_prices_of_nothing_names_both_sources() -> None:
    with pytest.raises(DataError, match=r"--path.*--data"):
        given.prices_of(None)


def test_require_entry() -> None:
    assert given.require_entry(40_000.0) == 40_000.0
    with pytest.raises(DataError, match="--entry 40000"):
        given.require_entry(None)


@pytest.mark.parametrize(
    ("path", "data", "result", "message"),
    [
        ("1,2", Path("data"), None, "--path and --data exclude each other"),
        (None, None, Path("result.zip"), "add --data"),
        ("1,2", None, Path("result.zip"), "add --data"),
    ],
)
def test_refuse_mixture_contradicting_sources(
    path: str | None, data: Path | None, result: Path | None, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        given.refuse_mixture(path, data, result)


def test_refuse_mixture_lets_single_sources_pass() -> None:
    given.refuse_mixture("1,2", None, None)
    given.refuse_mixture(None, Path("data"), None)
    given.refuse_mixture(None, Path("data"), Path("result.zip"))
    given.refuse_mixture(None, None, None)


def test_trade_by_hand_takes_the_time_in_ms(tmp_path: Path) -> None:
    opened = datetime(2025, 5, 10, 12, tzinfo=UTC)
    asked = given.trade_by_hand(tmp_path, "ETH/USDT:USDT", "5m", "short", opened, None)
    assert (asked.side, asked.opened_ms, asked.entry) == (-1, 1_746_878_400_000, None)
    with pytest.raises(DataError, match="--opened '2025-05-10 12:00'"):
        given.trade_by_hand(tmp_path, "ETH/USDT:USDT", "5m", "short", None, None)


def test_trade_of_export_counts_from_one_in_order_of_exits(tmp_path: Path) -> None:
    result = export(tmp_path / "result.json")
    first, second = (given.trade_of_export(tmp_path, result, number) for number in (1, 2))
    assert (first.side, first.opened_ms, first.closed_ms, first.entry) == (-1, 1_000_000, 2_000_000, 40_000.0)
    assert (second.side, second.opened_ms, second.timeframe) == (1, 3_000_000, "5m")


@pytest.mark.parametrize("number", [0, 3, -1])
def test_trade_of_export_number_out_of_range_is_refused(tmp_path: Path, number: int) -> None:
    with pytest.raises(DataError, match=f"holds 2 trades: there is no number {number}"):
        given.trade_of_export(tmp_path, export(tmp_path / "result.json"), number)
