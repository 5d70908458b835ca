"""The real Freqtrade on both venues: the same trades from the same candles, and every difference explained.

What differs on Bybit is Freqtrade's and ccxt's doing, not the market's: the taker fee, the formula of the
liquidation price, and where leverage tiers come from.
"""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import ccxt
import pandas as pd
import pytest

from outrigger.replay.offline import offline
from tests.replay.data_directory import write_market
from tests.replay.dry_run import run_until_sold
from tests.replay.test_offline_freqtrade import CONFIG, STRATEGY

pytestmark = pytest.mark.engine

LEVERAGE = 3.0
STAKE = 500.0
BUFFER = 0.05
LEVERED = """
    def leverage(self, pair, current_time, current_rate, proposed_leverage, max_leverage, *args, **kwargs):
        return 3.0

    def custom_stoploss(self, pair, trade, current_time, current_rate, current_profit, **kwargs):
        if not trade.get_custom_data("told"):
            trade.set_custom_data("told", True)
            print("LIQUIDATION", trade.open_rate, trade.amount, trade.liquidation_price)
        return None

    use_custom_stoploss = True
"""
EXIT = '(dataframe["date"].dt.minute == 30)'
# Hours after the entry, so that funding is charged in between.
LATER = f'({EXIT} & (dataframe["date"].dt.hour % 6 == 5))'
SAME = [
    "pair", "open_date", "close_date", "open_rate", "close_rate", "amount", "stake_amount", "leverage",
    "is_short", "exit_reason", "stop_loss_abs", "initial_stop_loss_abs", "funding_fees",
]  # fmt: skip


@pytest.fixture
def datadir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two days of one pair whose funding is charged every four hours, and a trader's directory."""
    desk = tmp_path / "desk"
    (desk / "strategies").mkdir(parents=True)
    (desk / "user_data").mkdir()
    (desk / "strategies" / "clockwork.py").write_text(STRATEGY.replace(EXIT, LATER) + LEVERED)
    (desk / "config.json").write_text(json.dumps(CONFIG | {"liquidation_buffer": BUFFER}))
    (desk / "config-bybit.json").write_text(json.dumps({"exchange": {"name": "bybit"}}))
    monkeypatch.chdir(desk)
    monkeypatch.setenv("COLUMNS", "500")
    return write_market(tmp_path / "data", days=2, bases=("BTC",), funding_hours={"BTC": 4})


def backtest(datadir: Path, name: str, *configs: str) -> tuple[pd.DataFrame, list[list[float]]]:
    """Trades, and of each its open rate, amount and liquidation price."""
    out, log = Path(f"out-{name}"), Path(f"{name}.log")
    out.mkdir()
    files = [word for file in ("config.json", *configs) for word in ("--config", file)]
    named = ["--cache", "none", "--export", "trades", "--backtest-directory", str(out)]
    with log.open("wb") as output:
        code = offline(datadir, ["backtesting", *files, *named], output=output)
    printed = log.read_text()
    assert code == 0, printed
    archive = zipfile.ZipFile(next(out.glob("*.zip")))
    inside = next(n for n in archive.namelist() if re.fullmatch(r"backtest-result-[\d_-]+\.json", n))
    result: dict[str, Any] = json.loads(archive.read(inside))
    told = [[float(x) for x in m.split()] for m in re.findall(r"LIQUIDATION (.+)", printed)]
    return pd.DataFrame(result["strategy"]["Clockwork"]["trades"]), told


def test_backtest_on_bybit_makes_the_trades_of_binance_but_for_fee_and_liquidation(datadir: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in datadir.rglob("*")}
    binance, by_binance = backtest(datadir, "binance")
    bybit, by_bybit = backtest(datadir, "bybit", "config-bybit.json")
    # Entries, exits, prices, stops, and funding charged every four hours.
    assert len(bybit) >= 6
    assert EXIT in STRATEGY
    pd.testing.assert_frame_equal(bybit[SAME], binance[SAME])
    assert bybit["funding_fees"].ne(0).any()
    # Freqtrade's own leverage tiers of Bybit are not left in the trader's data.
    assert {path: path.stat().st_mtime_ns for path in datadir.rglob("*")} == before

    # The fee is the taker fee of ccxt's market, and the only reason for another profit.
    assert set(bybit["fee_open"]) == {0.0006}
    assert set(binance["fee_open"]) == {ccxt.binance().describe()["fees"]["linear"]["trading"]["taker"]}
    turnover = bybit["amount"] * (bybit["open_rate"] + bybit["close_rate"])
    dearer = turnover * (bybit["fee_open"] - binance["fee_open"])
    assert (binance["profit_abs"] - bybit["profit_abs"]).to_numpy() == pytest.approx(
        dearer.to_numpy(), abs=2e-6
    )

    # Liquidation, by hand: tier 1 of BTC holds 0.4 % of the position as maintenance margin.
    assert len(by_binance) == len(by_bybit) == len(bybit)
    for (rate, amount, at_binance), (same_rate, same_amount, at_bybit) in zip(
        by_binance, by_bybit, strict=True
    ):
        assert (rate, amount) == (same_rate, same_amount)
        stake = amount * rate / LEVERAGE
        # Binance: margin is left where the loss and the maintenance at the price of then take it.
        price = (amount * rate - stake) / (amount * (1 - 0.004))
        assert at_binance == pytest.approx(price + BUFFER * (rate - price), rel=1e-4)
        # Bybit: maintenance is that of the entry price.
        price = rate - (rate / LEVERAGE - rate * 0.004)
        assert at_bybit == pytest.approx(price + BUFFER * (rate - price), rel=1e-4)


def test_download_data_from_bybit_returns_what_was_recorded(datadir: Path, tmp_path: Path) -> None:
    target, log = tmp_path / "target", Path("download.log")
    terms = ["--timerange", "20250303-", "--timeframes", "1m", "--pairs", "BTC/USDT:USDT"]
    configs = ["--config", "config.json", "--config", "config-bybit.json"]
    with log.open("wb") as output:
        code = offline(datadir, ["download-data", *configs, "--datadir", str(target), *terms], output=output)
    assert code == 0, log.read_text()
    # Freqtrade drops the last candle of a download, as it might still be forming.
    for name, dropped in (("1m-futures", 1), ("1h-mark", 1), ("1h-funding_rate", 0)):
        file = f"futures/BTC_USDT_USDT-{name}.feather"
        recorded, returned = pd.read_feather(datadir / file), pd.read_feather(target / file)
        columns = [c for c in recorded.columns if c != "volume" or name == "1m-futures"]
        expected = recorded[columns].iloc[: len(recorded) - dropped]
        pd.testing.assert_frame_equal(returned[columns], expected, check_dtype=False)


def test_dry_run_on_bybit_opens_and_closes_a_trade_at_the_replayed_book(datadir: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from outrigger.replay.offline import offline;"
        "sys.exit(offline(Path(sys.argv[1]), ['trade'], exchange='bybit'))"
    )
    code, printed = run_until_sold(script, datadir)
    assert "Time offset to Bybit" in printed, printed
    assert "MARKET_BUY has been fulfilled" in printed, printed
    rate, _, liquidation = (float(x) for x in re.search(r"LIQUIDATION (.+)", printed)[1].split())  # type: ignore[index]
    price = rate - (rate / LEVERAGE - rate * 0.004)
    assert liquidation == pytest.approx(price + BUFFER * (rate - price), rel=1e-4)
    assert code in {0, 130, 143}, printed
    assert not list(datadir.rglob("leverage_tiers*"))
