"""What the doctor finds in a configuration, one planted defect at a time."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrigger.doctor.diagnose import diagnose
from outrigger.doctor.finding import exit_code
from tests.conftest import REPOSITORY
from tests.doctor.desk import ETH, Desk, about, only, shipped_config


def test_diagnose_without_a_defect_finds_nothing(desk: Desk) -> None:
    found = desk.diagnose()
    assert [f for f in found if f.level != "ok"] == []
    assert exit_code(found) == 0
    assert all(f.subject and f.message for f in found)
    assert not (desk.home / "user_data").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ("\x00\xff", "cannot be read"),
        ("3", "cannot be read"),
    ],
)
def test_diagnose_with_an_unreadable_configuration_is_one_error(
    tmp_path: Path, content: str, told: str
) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content.encode("latin-1"))
    found = diagnose([path])
    assert told in only(found, "broken.json", "error").message
    assert exit_code(found) == 1


def test_diagnose_with_a_missing_configuration_names_it(tmp_path: Path) -> None:
    assert "not found" in only(diagnose([tmp_path / "absent.json"]), "absent.json", "error").message
    assert only(diagnose([tmp_path]), str(tmp_path), "error")
    assert only(diagnose([]), "configuration", "error")
    assert only(diagnose(["-"]), "-", "error")


def test_diagnose_with_an_unknown_key_repeats_what_the_settings_say(desk: Desk) -> None:
    desk.config["outrigger"]["stop"]["trail_sigmas"] = 1.0
    told = only(desk.configured(), '"outrigger" block', "error").message
    assert "outrigger.stop.trail_sigmas" in told
    assert "'trail_sigma'" in told


def test_diagnose_of_another_trading_mode_says_what_to_set(desk: Desk) -> None:
    desk.config["trading_mode"] = "spot"
    assert '"trading_mode": "futures"' in only(desk.configured(), "trading_mode", "error").next_step


def test_diagnose_of_cross_margin_explains_it(desk: Desk) -> None:
    desk.config["margin_mode"] = "cross"
    assert "one liquidation can take the account" in only(desk.configured(), "margin_mode", "warning").message


def test_diagnose_without_a_liquidation_buffer_warns(desk: Desk) -> None:
    desk.config["liquidation_buffer"] = 0.0
    assert "0.05" in only(desk.configured(), "liquidation_buffer", "warning").next_step


def test_diagnose_of_real_money_warns(desk: Desk) -> None:
    desk.config["dry_run"] = False
    found = desk.configured()
    assert "real money" in only(found, "dry_run", "warning").message
    # Live, a stop that lives in the bot alone is a risk of its own.
    assert '"stoploss_on_exchange": true' in only(found, "stoploss_on_exchange", "warning").next_step


def test_diagnose_of_charts_that_do_not_grow_is_an_error(desk: Desk) -> None:
    assert "charts must grow" in only(desk.diagnose(timeframe="15m"), "timeframe", "error").message
    assert "'5x'" in only(desk.diagnose(timeframe="5x"), "timeframe", "error").message


@pytest.mark.parametrize(
    ("count", "level"), [(2495, "error"), (2494, "ok"), ("many", "error"), (50, "warning")]
)
def test_diagnose_of_startup_candles_that_freqtrade_or_the_signals_cannot_use(
    desk: Desk, count: Any, level: str
) -> None:
    """Of 5m candles the signals need four hours of lookback and four of quiet: 96, and two more."""
    desk.config["startup_candle_count"] = count
    found = about(desk.configured(), "startup_candle_count")
    assert [f.level for f in found] == ([level] if level != "ok" else [])


@pytest.mark.parametrize(
    ("slots", "risk", "level"),
    [(0, 0.005, "error"), ("many", 0.005, "error"), (2, 0.02, "warning")],
)
def test_diagnose_of_max_open_trades_that_cannot_work(
    desk: Desk, slots: Any, risk: float, level: str
) -> None:
    desk.config["max_open_trades"] = slots
    desk.config["outrigger"]["risk"]["risk_per_trade"] = risk
    assert only(desk.configured(), "max_open_trades", level)


def test_diagnose_of_an_unknown_class_says_where_to_look(desk: Desk) -> None:
    desk.config["strategy"] = "Inrigger"
    found = only(desk.configured(), "strategy", "error")
    assert "Inrigger" in found.message
    assert str(REPOSITORY / "strategies") in found.next_step
    del desk.config["strategy"]
    assert '"strategy": "Outrigger"' in only(desk.configured(), "strategy", "error").next_step


def test_diagnose_of_code_that_cannot_be_imported_says_why(desk: Desk) -> None:
    (desk.home / "broken").mkdir()
    (desk.home / "broken" / "one.py").write_text("import nowhere_to_be_found\nclass One(object): pass\n")
    desk.config |= {"strategy": "One", "strategy_path": str(desk.home / "broken")}
    assert "No module named 'nowhere_to_be_found'" in only(desk.configured(), "strategy", "error").message


@pytest.mark.parametrize(
    ("change", "subject", "level"),
    [
        ({"trailing_stop": True}, "trailing_stop", "error"),
        ({"use_custom_stoploss": False}, "use_custom_stoploss", "error"),
        ({"use_exit_signal": False}, "use_exit_signal", "error"),
        ({"minimal_roi": {"0": 0.02}}, "minimal_roi", "warning"),
        ({"stoploss": -0.99}, "stoploss", "warning"),
        ({"stoploss": -0.01}, "stoploss", "warning"),
    ],
)
def test_diagnose_of_an_override_that_defeats_the_stop_names_its_key(
    desk: Desk, change: dict[str, Any], subject: str, level: str
) -> None:
    desk.config |= change
    found = [f for f in desk.configured() if f.subject == subject]
    assert [f.level for f in found] == [level]
    assert "in the configuration" in found[0].message
    assert f'remove "{subject}"' in found[0].next_step


@pytest.mark.parametrize(
    ("key", "value", "subject", "level"),
    [
        ("stoploss", "limit", "order_types.stoploss", "error"),
        ("emergency_exit", "limit", "order_types.emergency_exit", "warning"),
    ],
)
def test_diagnose_of_limit_orders_for_exits(
    desk: Desk, key: str, value: str, subject: str, level: str
) -> None:
    desk.config["order_types"][key] = value
    found = [f for f in desk.configured() if f.subject == subject]
    assert [f.level for f in found] == [level]


@pytest.mark.parametrize(("interval", "level"), [(60, "ok"), (600, "warning"), (1, "warning")])
def test_diagnose_of_the_interval_on_the_exchange(desk: Desk, interval: int, level: str) -> None:
    desk.config["order_types"] |= {"stoploss_on_exchange": True, "stoploss_on_exchange_interval": interval}
    assert [f.level for f in about(desk.configured(), "stoploss_on_exchange")] == [level]


def test_diagnose_of_a_key_that_all_can_read_warns_only_where_there_is_one(desk: Desk) -> None:
    desk.config_file.chmod(0o644)
    assert about(desk.configured(), "secrets", "ok")
    desk.config["exchange"] |= {"key": "k", "secret": "s"}
    found = only(desk.configured(), "config.json", "warning")
    assert "exchange.key, exchange.secret" in found.message
    assert found.next_step == f"chmod 600 {desk.config_file}"
    assert "'k'" not in json.dumps([f.to_dict() for f in desk.configured()])
    desk.config_file.chmod(0o600)
    assert about(desk.configured(), "secrets", "ok")


def test_diagnose_of_pairs_that_cannot_be_checked_warns(desk: Desk) -> None:
    desk.config["exchange"]["pair_whitelist"] = [ETH, "B.*/USDT:USDT"]
    assert "B.*/USDT:USDT" in only(desk.configured(), "pair_whitelist", "warning").message
    desk.config["pairlists"] = [{"method": "VolumePairList", "number_assets": 20}]
    assert "VolumePairList" in only(desk.configured(), "pairlists", "warning").message


def test_diagnose_of_spot_pairs_gives_the_futures_name(desk: Desk) -> None:
    desk.config["exchange"]["pair_whitelist"] = ["ETH/USDT"]
    found = about(desk.configured(), "pair_whitelist", "error")
    assert "ETH/USDT:USDT" in found[0].next_step


@pytest.mark.parametrize(
    "change",
    [
        {"exchange": "binance"},
        {"exchange": {"name": "binance", "pair_whitelist": "BTC/USDT:USDT"}},
        {"order_types": 3},
        {"stoploss": "tight"},
        {"liquidation_buffer": "small"},
        {"outrigger": []},
        {"pairlists": {}},
        {"minimal_roi": {"now": 0.1}},
        {"timeframe": 5},
        {"dry_run_wallet": "much"},
        {"startup_candle_count": "many"},
        {"strategy": 9},
        {"strategy_path": ["a"]},
    ],
)
def test_diagnose_of_values_of_the_wrong_type_finds_an_error_and_does_not_raise(
    desk: Desk, change: dict[str, Any]
) -> None:
    desk.config |= change
    for found in (desk.diagnose(), desk.configured()):
        assert exit_code(found) == 1
        assert all(f.next_step for f in found if f.level != "ok")


def anything() -> st.SearchStrategy[Any]:
    """Whatever JSON can say."""
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
        max_leaves=4,
    )


@settings(max_examples=20)
@given(
    key=st.sampled_from([*sorted(shipped_config()), "user_data_dir", "datadir", "minimal_roi"]),
    value=anything(),
)
def test_diagnose_never_raises_whatever_a_key_holds(key: str, value: Any) -> None:
    with TemporaryDirectory() as home:
        found = Desk(Path(home), shipped_config() | {key: value}).configured()
    assert found
    assert all(f.next_step for f in found if f.level != "ok")


def test_diagnose_of_a_timerange_that_is_none_says_how_to_write_it(desk: Desk) -> None:
    assert "20250501-20250601" in only(desk.diagnose(timerange="yesterday"), "timerange", "error").next_step


def test_finding_to_dict_is_json(desk: Desk) -> None:
    found = desk.configured()
    kept = json.loads(json.dumps([f.to_dict() for f in found]))
    assert set(kept[0]) == {"level", "subject", "message", "next_step"}
