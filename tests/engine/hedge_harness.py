"""Runs scenarios of several pairs, a primary and its candidates, through Freqtrade's own engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from freqtrade.configuration import TimeRange
from freqtrade.configuration.config_setup import setup_utils_configuration
from freqtrade.enums import RunMode
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.persistence import LocalTrade, PairLocks

from outrigger.hedge.measure import HedgeTrack
from outrigger.hedge.state import hedge_states
from outrigger.settings.hedge import HedgeSettings
from tests.engine.harness import HERE, START, Engine, Outcome, candles, flat

BTC, ETH, BNB = (f"{coin}/USDT:USDT" for coin in ("BTC", "ETH", "BNB"))
PRICES = {BTC: 40_000.0, ETH: 2_000.0, BNB: 500.0}
FIVE = 300_000

Rows = Sequence[tuple[float, float, float, float]]


def hedge_track(
    minutes: int, *, beta: Any = 0.5, correlation: float = 0.8, settings: HedgeSettings | None = None
) -> HedgeTrack:
    """A hedge that measures the same at every close, or a beta for each of them."""
    count = minutes // 5 + 2
    closed = START.value // 1_000_000 + FIVE * np.arange(count)
    told = np.full(count, correlation)
    return HedgeTrack(
        closed,
        np.broadcast_to(np.asarray(beta, dtype=float), (count,)).copy(),
        np.full(count, 0.02),
        told,
        told,
        np.full(count, 1.6),
        np.full(count, 0.005),
        hedge_states(told, settings or HedgeSettings()),
        FIVE,
    )


class HedgeEngine(Engine):
    """One engine for scenarios of several pairs."""

    def run_pairs(
        self,
        frames: Mapping[str, Rows | pd.DataFrame],
        entries: Mapping[str, Sequence[tuple[int, int]]],
        *,
        hedge: dict[str, Any],
        tracks: dict[str, dict[str, HedgeTrack]] | None = None,
        outrigger: dict[str, Any] | None = None,
        config: dict[str, Any] | None = None,
        sigma: float = 0.01,
        **scenario: Any,
    ) -> Outcome:
        """Backtest: pairs in the whitelist's order, entries as (row, side) a pair."""
        told = setup_utils_configuration({**self.base_config}, RunMode.BACKTEST)
        told |= {"max_open_trades": 6, **(config or {})}
        told["exchange"] = {**told["exchange"], "pair_whitelist": list(frames)}
        told["outrigger"] = {**(outrigger or {}), "hedge": hedge}
        told["scenario"] = {"entries": entries, "sigma": sigma, "tracks": tracks or {}, **scenario}
        told["strategy"], told["strategy_path"] = "HedgeScenario", str(HERE)
        backtesting = Backtesting(told, self.exchange(told))
        strategy = backtesting.strategylist[0]
        backtesting._set_strategy(strategy)
        made = {
            pair: found.copy() if isinstance(found, pd.DataFrame) else candles(found)
            for pair, found in frames.items()
        }
        dates = next(iter(made.values()))["date"]
        hours = pd.date_range(START.floor("h"), periods=len(dates) // 60 + 2, freq="1h", unit="ms")
        backtesting.futures_data = {
            pair: pd.DataFrame({"date": hours, "open_fund": 0.0, "open_mark": float(frame["close"].iloc[0])})
            for pair, frame in made.items()
        }
        backtesting.funding_fee_timeframe_secs = 3600
        backtesting.timerange = TimeRange()
        processed = strategy.advise_all_indicators(made)
        backtesting.backtest(processed, dates.iloc[0].to_pydatetime(), dates.iloc[-1].to_pydatetime())
        found = Outcome([*LocalTrade.bt_trades], strategy)
        PairLocks.reset_locks()
        return found


def write_pairs(directory: Path) -> Path:
    """A data directory with flat pairs, enough for the replay exchange to list them."""
    futures = directory / "futures"
    futures.mkdir(parents=True)
    for pair, price in PRICES.items():
        name = pair.replace("/", "_").replace(":", "_")
        frame = candles(flat(price, 120))
        frame.to_feather(futures / f"{name}-1m-futures.feather")
        five = frame.iloc[::5].reset_index(drop=True)
        five.to_feather(futures / f"{name}-5m-futures.feather")
        hours = frame.iloc[::60].reset_index(drop=True)
        hours.to_feather(futures / f"{name}-1h-mark.feather")
        rates = pd.DataFrame({"date": hours["date"], "funding_rate": np.zeros(len(hours))})
        rates.to_feather(futures / f"{name}-1h-funding_rate.feather")
    return directory
