"""The shipped config-bybit.json on top of config.json: valid, dry, and what Freqtrade's Bybit can do."""

from __future__ import annotations

import json
from typing import Any

import ccxt
import pytest
from freqtrade.configuration.config_validation import validate_config_consistency, validate_config_schema
from freqtrade.configuration.load_config import load_from_files
from freqtrade.enums import MarginMode, RunMode, TradingMode
from freqtrade.exchange import Bybit

from outrigger.settings.read import read_settings
from tests.conftest import REPOSITORY

FILES = [str(REPOSITORY / name) for name in ("config.json", "config-bybit.json")]


@pytest.fixture
def config() -> dict[str, Any]:
    found: dict[str, Any] = load_from_files(FILES)
    return found


@pytest.mark.parametrize("runmode", [RunMode.DRY_RUN, RunMode.LIVE, RunMode.BACKTEST, RunMode.HYPEROPT])
def test_overlay_satisfies_freqtrades_schema(config: dict[str, Any], runmode: RunMode) -> None:
    config["runmode"] = runmode
    config |= {"stoploss": -0.3, "minimal_roi": {}, "dataformat_trades": "feather"}
    validate_config_schema(config)
    validate_config_consistency(config)


def test_overlay_changes_the_exchange_and_keeps_the_rest(config: dict[str, Any]) -> None:
    plain = json.loads((REPOSITORY / "config.json").read_text())
    overlay = json.loads((REPOSITORY / "config-bybit.json").read_text())
    assert config["exchange"] == plain["exchange"] | {"name": "bybit"}
    assert {key for key in plain if config[key] != plain[key]} == set(overlay)
    assert config["dry_run"] is True
    # Trades of one exchange never mix with those of another.
    assert config["db_url"] != plain["db_url"]
    assert config["bot_name"] != plain["bot_name"]


def test_overlay_counts_the_fee_that_a_backtest_charges(config: dict[str, Any]) -> None:
    perpetual = {
        "symbol": "BTCUSDT", "contractType": "LinearPerpetual", "status": "Trading", "baseCoin": "BTC",
        "quoteCoin": "USDT", "settleCoin": "USDT",
    }  # fmt: skip
    client = ccxt.bybit()
    client.publicGetV5MarketInstrumentsInfo = lambda _: {
        "result": {"category": "linear", "list": [perpetual]}
    }
    taker = {market["taker"] for market in client.fetch_future_markets({"category": "linear"})}
    assert taker == {read_settings(config).risk.fee}


def test_freqtrades_bybit_supports_what_the_configuration_asks_for(config: dict[str, Any]) -> None:
    assert (TradingMode.FUTURES, MarginMode.ISOLATED) in Bybit._supported_trading_mode_margin_pairs
    assert (config["trading_mode"], config["margin_mode"]) == ("futures", "isolated")
    assert Bybit._ft_has_futures["stoploss_on_exchange"] is True
    assert config["order_types"]["stoploss"] in Bybit._ft_has_futures["stoploss_order_types"]
