"""The shipped strategy with entries, forecast and leverage taken from the test; the rest is its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from outrigger_strategy import Outrigger
from pandas import DataFrame


class Scenario(Outrigger):
    """Entries at the open of given rows; see `tests.engine.harness`."""

    startup_candle_count = 0

    def informative_pairs(self) -> list[tuple[str, str]]:
        return []

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        told = self.config["scenario"]
        dataframe["sigma"] = np.broadcast_to(np.asarray(told["sigma"], dtype=float), len(dataframe))
        dataframe["protect_sigma"] = dataframe["sigma"]
        dataframe["candle_range"] = 0.0
        dataframe["atr"] = told.get("atr", np.nan)
        for name, values in told.get("inputs", {}).items():
            dataframe[name] = values
        return dataframe

    def _signals(self, dataframe: DataFrame) -> DataFrame:
        told = self.config["scenario"]
        entry = np.zeros(len(dataframe), dtype=np.int8)
        for row, side in told["entries"]:
            entry[row - 1] = side
        return DataFrame(
            {"entry": entry, "side": entry, "confidence": 1.0, "tag": told.get("tag", "test")},
            index=dataframe.index,
        )

    def leverage(self, pair: str, **kwargs: Any) -> float:
        chosen, told = super().leverage(pair=pair, **kwargs), self.config["scenario"].get("leverage")
        ticket = self.desk._tickets.get(pair)
        if told is None or ticket is None or ticket.leverage is None:
            return chosen
        ticket.leverage = replace(ticket.leverage, leverage=int(told), stop_inside=True)
        return float(told)

    def adjust_trade_position(self, trade: Any, current_time: Any, **kwargs: Any) -> float | None:
        """Double the position in the minute the test names; fills call the stop with `after_fill`."""
        minute = self.config["scenario"].get("add_at")
        elapsed = round((current_time - trade.open_date_utc).total_seconds() / 60)
        return float(trade.stake_amount) if minute == elapsed else None

    def custom_stoploss(
        self, pair: str, trade: Any, current_time: Any, after_fill: bool, **kwargs: Any
    ) -> float | None:
        # Freqtrade passes fills on only to a callback whose signature names `after_fill`.
        row = self.config["scenario"].get("broken_from")
        moment = None if row is not None and current_time.minute >= row else current_time
        return super().custom_stoploss(
            pair=pair, trade=trade, current_time=moment, after_fill=after_fill, **kwargs
        )
