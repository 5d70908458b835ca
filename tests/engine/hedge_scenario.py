"""The shipped strategy on several pairs, with entries, forecasts and measured hedges taken from the test."""

from __future__ import annotations

from typing import Any

import numpy as np
from outrigger_strategy import Outrigger
from pandas import DataFrame


class HedgeScenario(Outrigger):
    """Entries at the open of given rows of given pairs; see `tests.engine.hedge_harness`."""

    startup_candle_count = 0

    def informative_pairs(self) -> list[tuple[str, ...]]:
        return []

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        told, pair = self.config["scenario"], metadata["pair"]
        dataframe["sigma"] = dataframe["protect_sigma"] = told["sigma"]
        dataframe["candle_range"], dataframe["atr"] = 0.0, np.nan
        dataframe["told"] = 0
        for row, side in told["entries"].get(pair, ()):
            dataframe.loc[row - 1, "told"] = side
        self.hedge.book._tracks |= told["tracks"]
        self.hedge.book._funding |= told.get("funding", {})
        for primary, frames in told.get("five_minutes", {}).items():
            self.hedge.book.put(primary, frames)
        self.hedge.signals.keep(pair, dataframe, self.dp.current_whitelist())
        return dataframe

    def _signals(self, dataframe: DataFrame) -> DataFrame:
        entry = dataframe["told"].astype(np.int8)
        return DataFrame({"entry": entry, "side": entry, "confidence": 1.0, "tag": "test"})
