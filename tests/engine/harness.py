"""Runs single scenarios, given candle by candle, through Freqtrade's own backtesting engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from freqtrade.configuration import TimeRange
from freqtrade.configuration.config_setup import setup_utils_configuration
from freqtrade.enums import RunMode
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.persistence import LocalTrade, PairLocks

PAIR = "BTC/USDT:USDT"
START = pd.Timestamp("2025-05-05 00:00", tz="UTC")
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Outcome:
    """What the engine made of a scenario."""

    trades: list[LocalTrade]
    strategy: Any

    @property
    def trade(self) -> LocalTrade:
        assert len(self.trades) == 1, [(t.open_date, t.exit_reason) for t in self.trades]
        return self.trades[0]

    @property
    def row_of_exit(self) -> int:
        return round((self.trade.close_date_utc - START.to_pydatetime()).total_seconds() / 60)


def flat(price: float, count: int) -> list[tuple[float, float, float, float]]:
    """Candles that do nothing."""
    return [(price, price, price, price)] * count


def candles(rows: Sequence[tuple[float, float, float, float]]) -> pd.DataFrame:
    """Open, high, low, close a minute, as a frame like Freqtrade's."""
    frame = pd.DataFrame(rows, columns=["open", "high", "low", "close"], dtype=float)
    frame.insert(0, "date", pd.date_range(START, periods=len(rows), freq="1min", unit="ms"))
    frame["volume"] = 100.0
    return frame


class Engine:
    """One Freqtrade backtesting engine, used again and again with other candles and settings."""

    def __init__(self, base_config: dict[str, Any]) -> None:
        self.base_config = base_config

    def run(
        self,
        rows: Sequence[tuple[float, float, float, float]],
        entries: Sequence[tuple[int, int]],
        *,
        sigma: float | Sequence[float] = 0.01,
        leverage: float | None = None,
        outrigger: dict[str, Any] | None = None,
        frame: pd.DataFrame | None = None,
        config: dict[str, Any] | None = None,
        **scenario: Any,
    ) -> Outcome:
        """Backtest one scenario: entries as (row, side), filled at that row's open."""
        switched = config or {}
        config = setup_utils_configuration({**self.base_config}, RunMode.BACKTEST) | switched
        config["outrigger"] = outrigger or {}
        config["scenario"] = {"entries": entries, "sigma": sigma, "leverage": leverage, **scenario}
        config["strategy"], config["strategy_path"] = "Scenario", str(HERE)
        backtesting = Backtesting(config, self.exchange(config))
        strategy = backtesting.strategylist[0]
        backtesting._set_strategy(strategy)
        frame = candles(rows) if frame is None else frame
        hours = pd.date_range(START.floor("h"), periods=len(frame) // 60 + 2, freq="1h", unit="ms")
        backtesting.futures_data = {
            PAIR: pd.DataFrame({"date": hours, "open_fund": 0.0, "open_mark": float(frame["close"].iloc[0])})
        }
        backtesting.funding_fee_timeframe_secs = 3600
        backtesting.timerange = TimeRange()
        processed = strategy.advise_all_indicators({PAIR: frame})
        backtesting.backtest(
            processed, frame["date"].iloc[0].to_pydatetime(), frame["date"].iloc[-1].to_pydatetime()
        )
        found = Outcome(list(LocalTrade.bt_trades), strategy)
        PairLocks.reset_locks()
        return found

    def exchange(self, config: dict[str, Any]) -> Any:
        """Connect once; markets and tiers do not change between scenarios."""
        from freqtrade.resolvers import ExchangeResolver

        if not hasattr(self, "_exchange"):
            self._exchange = ExchangeResolver.load_exchange(config, load_leverage_tiers=True)
        self._exchange._config = config
        return self._exchange


def write_pair(directory: Path, price: float = 40_000.0) -> Path:
    """A data directory with one flat pair, enough for the replay exchange to list it."""
    futures = directory / "futures"
    futures.mkdir(parents=True)
    frame = candles(flat(price, 120))
    frame.to_feather(futures / "BTC_USDT_USDT-1m-futures.feather")
    hours = frame.iloc[::60].reset_index(drop=True)
    hours.to_feather(futures / "BTC_USDT_USDT-1h-mark.feather")
    funding = pd.DataFrame({"date": hours["date"], "funding_rate": np.zeros(len(hours))})
    funding.to_feather(futures / "BTC_USDT_USDT-1h-funding_rate.feather")
    return directory
