"""The shipped config.json: complete, valid, without secrets, and Freqtrade finds the strategy with it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from freqtrade.configuration.config_validation import validate_config_consistency, validate_config_schema
from freqtrade.enums import RunMode

from outrigger.settings.configured import block_of
from outrigger.settings.read import Settings
from tests.conftest import REPOSITORY


@pytest.fixture
def config() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REPOSITORY / "config.json").read_text(encoding="utf-8"))
    return found


def test_outrigger_block_is_every_default_and_nothing_else(config: dict[str, Any]) -> None:
    assert config["outrigger"] == Settings().model_dump()
    assert block_of(REPOSITORY / "config.json") == Settings()


def test_outrigger_block_names_its_keys_in_the_order_of_their_declaration(config: dict[str, Any]) -> None:
    told = {section: list(values) for section, values in config["outrigger"].items()}
    assert list(told.items()) == [(key, list(value)) for key, value in Settings().model_dump().items()]


@pytest.mark.parametrize("runmode", [RunMode.DRY_RUN, RunMode.LIVE, RunMode.BACKTEST, RunMode.HYPEROPT])
def test_configuration_satisfies_freqtrades_schema(config: dict[str, Any], runmode: RunMode) -> None:
    config["runmode"] = runmode
    # Freqtrade fills these in from the strategy before it validates for good.
    config |= {"stoploss": -0.3, "minimal_roi": {}}
    config["dataformat_trades"] = "feather"
    validate_config_schema(config)
    validate_config_consistency(config)


def test_configuration_is_dry_and_holds_no_secret(config: dict[str, Any]) -> None:
    assert config["dry_run"] is True
    assert config["initial_state"] == "running"

    def strings(value: Any, path: str = "") -> list[tuple[str, str]]:
        if isinstance(value, dict):
            return [found for key, inner in value.items() for found in strings(inner, f"{path}.{key}")]
        return [(path, value)] if isinstance(value, str) else []

    secret = ("key", "secret", "password", "token", "chat_id", "jwt_secret_key", "uid")
    assert {path: text for path, text in strings(config) if path.rpartition(".")[2] in secret and text} == {}


def test_configuration_trades_isolated_futures_at_order_book_prices(config: dict[str, Any]) -> None:
    assert (config["trading_mode"], config["margin_mode"]) == ("futures", "isolated")
    for side in ("entry_pricing", "exit_pricing"):
        assert config[side]["use_order_book"] is True


def test_nothing_in_the_configuration_overrides_the_stop(config: dict[str, Any]) -> None:
    own = ("stoploss", "minimal_roi", "trailing_stop", "use_custom_stoploss", "use_exit_signal")
    assert not set(own) & set(config)
    assert config["order_types"]["stoploss_on_exchange"] is False


def test_order_types_are_those_of_the_strategy(config: dict[str, Any]) -> None:
    from outrigger_strategy import Outrigger

    assert config["order_types"] == Outrigger.order_types
    assert config["timeframe"] == Outrigger.timeframe


def test_pairs_are_unique_and_leave_eth_for_last(config: dict[str, Any]) -> None:
    """Freqtrade works through the list in order: the pair that others are hedged with comes after them."""
    pairs = config["exchange"]["pair_whitelist"]
    assert len(pairs) == len(set(pairs)) == config["max_open_trades"]
    assert all(pair.endswith("/USDT:USDT") for pair in pairs)
    assert (pairs[0], pairs[-1]) == ("BTC/USDT:USDT", "ETH/USDT:USDT")
    assert config["pairlists"] == [{"method": "StaticPairList"}]


def freqtrade(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "freqtrade", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.engine
def test_freqtrade_lists_the_hyperoptable_strategy_in_the_repository_root(tmp_path: Path) -> None:
    listed = freqtrade("list-strategies", "--userdir", str(tmp_path))
    row = next(line for line in listed.splitlines() if "outrigger_strategy.py" in line)
    assert "Outrigger" in row
    assert "OK" in row
    assert "Yes" in row


@pytest.mark.engine
def test_freqtrade_shows_the_configuration_in_the_repository_root(tmp_path: Path) -> None:
    shown = freqtrade("show-config", "--userdir", str(tmp_path), "--show-sensitive")
    told = json.loads(shown[shown.index("{") : shown.rindex("}") + 1])
    assert told["strategy"] == "Outrigger"
    assert told["outrigger"] == Settings().model_dump()
