"""The unmodified freqtrade command against the exchange, from a data directory made here."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from outrigger.replay.offline import offline
from tests.replay.data_directory import write_market
from tests.replay.dry_run import run_until_sold

pytestmark = pytest.mark.engine

STRATEGY = """
from datetime import timedelta

from freqtrade.strategy import IStrategy


class Clockwork(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "1m"
    stoploss = -0.9
    minimal_roi = {"0": 10}
    startup_candle_count = 10
    process_only_new_candles = False
    order_types = {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        at = dataframe["date"].dt
        live = self.dp.runmode.value == "dry_run"
        dataframe["enter_long"] = ((at.minute == 0) & (at.hour % 6 == 0) | live).astype(int)
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe["exit_long"] = (dataframe["date"].dt.minute == 30).astype(int)
        return dataframe

    def custom_exit(self, pair, trade, current_time, current_rate, current_profit, **kwargs):
        live = self.dp.runmode.value == "dry_run"
        return "seen enough" if live and current_time - trade.open_date_utc > timedelta(seconds=1) else None
"""

CONFIG = {
    "max_open_trades": 1,
    "stake_currency": "USDT",
    "stake_amount": 500,
    "dry_run": True,
    "trading_mode": "futures",
    "margin_mode": "isolated",
    "strategy": "Clockwork",
    "strategy_path": "strategies",
    "entry_pricing": {"price_side": "other", "use_order_book": True},
    "exit_pricing": {"price_side": "other", "use_order_book": True},
    "exchange": {"name": "binance", "pair_whitelist": ["BTC/USDT:USDT"]},
    "pairlists": [{"method": "StaticPairList"}],
    "internals": {"process_throttle_secs": 1},
}


@pytest.fixture
def datadir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory, and a working directory that is set up as a trader's."""
    desk = tmp_path / "desk"
    (desk / "strategies").mkdir(parents=True)
    (desk / "user_data").mkdir()
    (desk / "strategies" / "clockwork.py").write_text(STRATEGY)
    (desk / "config.json").write_text(json.dumps(CONFIG))
    monkeypatch.chdir(desk)
    monkeypatch.setenv("COLUMNS", "500")  # Freqtrade wraps its log at the width of the terminal
    return write_market(tmp_path / "data", bases=("BTC", "ETH"))


def run(datadir: Path, *argv: str) -> str:
    """Run a command that has to succeed and return what it printed."""
    log = datadir.parent / "output.log"
    with log.open("wb") as output:
        code = offline(datadir, list(argv), output=output)
    printed = log.read_text()
    assert code == 0, printed
    return printed


def test_offline_backtesting_finds_the_trades_the_clock_dictates(datadir: Path) -> None:
    printed = run(datadir, "backtesting", "--cache", "none")
    # Every six hours over three days; the first signal falls into the startup candles.
    assert "│     11 │" in next(line for line in printed.splitlines() if "│ Clockwork │" in line)
    assert json.loads(Path("config.json").read_text()) == CONFIG
    assert list(Path("user_data/backtest_results").glob("*.zip"))
    assert sorted(path.name for path in datadir.iterdir()) == ["futures"]


def test_offline_download_data_returns_what_was_recorded(datadir: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    terms = ["--timerange", "20250303-", "--timeframes", "1m", "--pairs", "ETH/USDT:USDT"]
    run(datadir, "download-data", "--datadir", str(target), *terms)
    for name, dropped in (("1m-futures", 1), ("1h-mark", 1), ("1h-funding_rate", 0)):
        file = f"futures/ETH_USDT_USDT-{name}.feather"
        recorded, returned = pd.read_feather(datadir / file), pd.read_feather(target / file)
        # Freqtrade drops the last candle of a download, as it might still be forming.
        expected = recorded.iloc[: len(recorded) - dropped]
        pd.testing.assert_frame_equal(returned, expected, check_dtype=False)


def test_offline_list_pairs_without_a_configuration_lists_the_directory(datadir: Path) -> None:
    Path("config.json").unlink()
    printed = run(datadir, "list-pairs", "--exchange", "binance", "--print-list")
    assert "has 2 active pairs: BTC/USDT:USDT, ETH/USDT:USDT." in printed


def test_offline_trade_opens_and_closes_a_trade_and_ends_on_a_signal(datadir: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from outrigger.replay.offline import offline;"
        "sys.exit(offline(Path(sys.argv[1]), ['trade']))"
    )
    code, printed = run_until_sold(script, datadir)
    assert "MARKET_BUY has been fulfilled" in printed, printed
    assert "MARKET_SELL has been fulfilled" in printed, printed
    assert "Time offset to Binance" in printed
    assert code in {0, 130, 143}, printed
    assert not list(Path().glob("*.sqlite*"))
