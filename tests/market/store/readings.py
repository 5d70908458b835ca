"""Rows for the store's tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outrigger.market.store.schema import SCHEMAS, Kind

PAIR = "BTC/USDT:USDT"
# 2025-10-10 00:00:00 UTC, reckoned by hand: 20,371 days after the epoch.
MIDNIGHT = 20_371 * 86_400_000
DAY = 86_400_000


def readings(times: list[int], kind: Kind = Kind.METRICS, value: float = 0.0, delay: int = 0) -> pd.DataFrame:
    """One row for each time, each value different: value + row + column / 100."""
    frame = pd.DataFrame({"time_ms": times, "known_ms": [time + delay for time in times]}, dtype=np.int64)
    names = SCHEMAS[kind].values
    values = value + np.arange(len(times))[:, None] + np.arange(len(names)) / 100
    frame[list(names)] = values.reshape(len(times), len(names))
    return frame
