"""What `offline` refuses before anything is started, and what its overlay changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from outrigger.errors import DataError, ReplayError
from outrigger.replay.offline import offline
from outrigger.replay.overlay import environment_without, exchange_overlay, trade_overlay
from tests.replay.data_directory import write_market

FUTURES = {"trading_mode": "futures", "margin_mode": "isolated", "exchange": {"name": "binance"}}


@pytest.fixture
def datadir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory, and an empty working directory."""
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    return write_market(tmp_path / "data", days=1, bases=("BTC",))


def configure(**changes: object) -> None:
    Path("config.json").write_text(json.dumps({**FUTURES, **changes}))


def test_offline_trade_for_real_is_refused(datadir: Path) -> None:
    configure(dry_run=False)
    with pytest.raises(ReplayError, match=r'"dry_run": false.*add --dry-run'):
        offline(datadir, ["trade"])


def test_offline_trade_made_real_by_the_environment_is_refused(
    datadir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(dry_run=True)
    monkeypatch.setenv("FREQTRADE__DRY_RUN", "false")
    with pytest.raises(ReplayError, match="no place for real orders"):
        offline(datadir, ["trade"])


@pytest.mark.parametrize("change", [{"exchange": {"name": "kraken"}}, {"trading_mode": "spot"}])
def test_offline_for_another_market_is_refused(datadir: Path, change: dict[str, object]) -> None:
    configure(**change)
    with pytest.raises(ReplayError, match="speaks the futures of binance and bybit, the configuration names"):
        offline(datadir, ["backtesting"])


def test_offline_with_a_silent_configuration_is_spot_and_refused(datadir: Path) -> None:
    Path("config.json").write_text(json.dumps({"exchange": {"name": "binance"}}))
    with pytest.raises(ReplayError, match="trading mode spot"):
        offline(datadir, ["backtesting"])


def test_offline_with_an_unreadable_configuration_is_refused(datadir: Path) -> None:
    with pytest.raises(ReplayError, match=r'"absent\.json" not found'):
        offline(datadir, ["backtesting", "--config", "absent.json"])
    with pytest.raises(ReplayError, match="standard input"):
        offline(datadir, ["backtesting", "--config", "-"])


def test_offline_download_without_its_own_directory_is_refused(datadir: Path) -> None:
    configure()
    with pytest.raises(ReplayError, match="name another directory"):
        offline(datadir, ["download-data"])
    with pytest.raises(ReplayError, match="name another directory"):
        offline(datadir, ["download-data", "--datadir", str(datadir / ".." / "data")])


def test_offline_with_a_pair_that_is_not_there_names_the_file(datadir: Path) -> None:
    configure()
    with pytest.raises(
        DataError, match=r"futures/SOL_USDT_USDT-<timeframe>-futures\.feather; it has BTC/USDT"
    ):
        offline(datadir, ["backtesting", "--pairs", "SOL/USDT:USDT"])


def test_offline_without_a_command_is_refused(datadir: Path) -> None:
    with pytest.raises(ReplayError, match="no freqtrade command given"):
        offline(datadir, [])


def test_offline_with_an_empty_data_directory_is_refused(datadir: Path, tmp_path: Path) -> None:
    configure()
    with pytest.raises(DataError, match="no futures candles"):
        offline(tmp_path / "desk", ["backtesting"])


def test_trade_overlay_silences_only_what_is_configured() -> None:
    user = {
        "telegram": {"enabled": True},
        "fiat_display_currency": "EUR",
        "entry_pricing": {"price_side": "other"},
    }
    overlay = trade_overlay(user, "sqlite://")
    assert overlay["telegram"] == {"enabled": False}
    assert "discord" not in overlay
    assert overlay["fiat_display_currency"] == ""
    assert overlay["entry_pricing"] == {"use_order_book": True, "price_side": "other"}
    assert (overlay["dry_run"], overlay["initial_state"], overlay["db_url"]) == (True, "running", "sqlite://")


def test_environment_without_drops_what_would_undo_the_overlay() -> None:
    overlay = {**exchange_overlay("http://127.0.0.1:1"), "dry_run": True}
    kept = {"PATH": "/bin", "FREQTRADE__MAX_OPEN_TRADES": "3", "FREQTRADE__EXCHANGE__KEY": "k"}
    undone = {
        "FREQTRADE__DRY_RUN": "false",
        "FREQTRADE__EXCHANGE__NAME": "kraken",
        "FREQTRADE__EXCHANGE__CCXT_CONFIG__urls__api__fapiPublic": "http://elsewhere",
    }
    assert environment_without({**kept, **undone}, overlay) == kept
