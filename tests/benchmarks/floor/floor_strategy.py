"""The least that Outrigger's backtest could cost: the same signals, and callbacks that answer constants.

It is told the trades of an Outrigger run and makes the same ones: of its own entry signals it keeps those
that were traded, and it leaves by exit signals at the minute at which Outrigger's stops left. So both run
Freqtrade's engine over the same minutes in trade, and what differs is what Outrigger's stops and sizes cost.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from freqtrade.strategy import IStrategy
from pandas import DataFrame

from outrigger.market.timeframe import timeframe_ms
from outrigger.settings.read import read_settings
from outrigger.signals.indicators import charts, measure_charts, signals

SIDES = {"long": 1, "short": -1}


class Floor(IStrategy):
    """Outrigger's entries without its stops."""

    INTERFACE_VERSION = 3
    can_short = True
    timeframe = "1m"
    startup_candle_count = 2016
    # At leverage 1 this is never reached, so that trades end where they are told to.
    stoploss = -0.99
    use_custom_stoploss = True
    use_exit_signal = True
    minimal_roi: dict[str, float] = {}  # noqa: RUF012

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.settings = read_settings(config).signals
        self.trades = json.loads(Path(config["benchmark_trades"]).read_text(encoding="utf-8"))

    def informative_pairs(self) -> list[tuple[str, str]]:
        _, *slower = charts(self.settings, self.timeframe)
        return [(pair, name) for pair in self.dp.current_whitelist() for name in slower]

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        pair = metadata["pair"]
        _, *slower = charts(self.settings, self.timeframe)
        frames = {name: self.dp.get_pair_dataframe(pair, name) for name in slower}
        frames[self.timeframe] = dataframe
        return pd.concat([dataframe, measure_charts(frames, self.timeframe, self.settings, pair)], axis=1)

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        decided = signals(dataframe, self.timeframe, self.settings)
        for name, side in SIDES.items():
            traded = dataframe["date"].isin(self._signal_dates(metadata["pair"], name, "opened_ms"))
            dataframe[f"enter_{name}"] = ((decided["entry"] == side) & traded).astype(int)
        dataframe["enter_tag"] = decided["tag"].astype(object).where(decided["entry"] != 0, None)
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        for name in SIDES:
            left = dataframe["date"].isin(self._signal_dates(metadata["pair"], name, "closed_ms"))
            dataframe[f"exit_{name}"] = left.astype(int)
        return dataframe

    def _signal_dates(self, pair: str, side: str, event: str) -> pd.DatetimeIndex:
        """Open dates of the candles whose close signals an entry or exit; Freqtrade acts one candle later."""
        length = timeframe_ms(self.timeframe)
        moments = [
            # A signal cannot both enter and leave: a trade that ended in its first candle ends in its second.
            max(trade[event], trade["opened_ms"] + (length if event == "closed_ms" else 0)) - length
            for trade in self.trades
            if trade["pair"] == pair and trade["is_short"] == (side == "short")
        ]
        return pd.to_datetime(moments, unit="ms", utc=True)

    def bot_start(self, **kwargs: Any) -> None:
        return None

    def bot_loop_start(self, current_time: Any, **kwargs: Any) -> None:
        return None

    def leverage(self, *args: Any, **kwargs: Any) -> float:
        return 1.0

    def custom_stake_amount(self, *args: Any, **kwargs: Any) -> float:
        return 100.0

    # Freqtrade passes fills on only to a callback whose signature names `after_fill`, as Outrigger's does.
    def custom_stoploss(
        self, pair: str, trade: Any, current_time: Any, after_fill: bool, **kwargs: Any
    ) -> float | None:
        return None

    def custom_exit(self, pair: str, trade: Any, **kwargs: Any) -> str | None:
        return None
