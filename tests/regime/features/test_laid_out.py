from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outrigger.regime.features import LaidOut
from outrigger.regime.features.slow_charts import chart_columns
from tests.regime.markets import charts, walk

PAIR = "BTC/USDT:USDT"


@pytest.fixture(scope="module")
def quarters() -> pd.DataFrame:
    return charts(walk(30, 5))["15m"]


def test_slow_columns_of_the_same_candles_are_made_once(quarters: pd.DataFrame) -> None:
    laid_out, wanted = LaidOut(), len(quarters) - 2
    made = laid_out.slow_columns(PAIR, "15m", quarters, wanted)
    assert laid_out.slow_columns(PAIR, "15m", quarters.copy(), wanted) is made


@pytest.mark.parametrize("change", ["longer", "other close", "other row", "other pair"])
def test_slow_columns_of_other_candles_are_made_anew(quarters: pd.DataFrame, change: str) -> None:
    laid_out, frame, wanted, pair = LaidOut(), quarters, len(quarters) - 2, PAIR
    laid_out.slow_columns(PAIR, "15m", quarters.iloc[:-1] if change == "longer" else quarters, wanted)
    if change == "other close":
        frame = quarters.copy()
        frame.loc[frame.index[-1], "close"] = frame["low"].iloc[-1]
    elif change == "other row":
        wanted -= 1
    elif change == "other pair":
        pair = "ETH/USDT:USDT"
    told, alone = laid_out.slow_columns(pair, "15m", frame, wanted), chart_columns(frame, "15m", wanted)
    assert told.keys() == alone.keys()
    for name in told:
        np.testing.assert_array_equal(told[name], alone[name])
