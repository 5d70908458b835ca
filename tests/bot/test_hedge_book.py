"""What the hedge is told of funding: per eight hours, whatever interval a pair is charged at."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from outrigger.bot.hedge_book import HedgeBook
from outrigger.settings.hedge import HedgeSettings

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
START = pd.Timestamp("2025-05-05", tz="UTC")


def book(hours: int, rates: list[float]) -> HedgeBook:
    """A hedge that has read a primary's funding, charged every so many hours."""
    dates = pd.date_range(START, periods=len(rates), freq=f"{hours}h", unit="ms")
    frames = {
        "1h": pd.DataFrame({"date": dates, "funding_rate": rates}),
        "5m": pd.DataFrame({"date": dates[:0]}),
    }
    found = HedgeBook(HedgeSettings(candidates={BTC: [ETH]}))
    found.measure(BTC, SimpleNamespace(get_pair_dataframe=lambda _, chart, **__: frames[chart]))
    return found


@pytest.mark.parametrize(("hours", "factor"), [(8, 1), (4, 2), (1, 8)])
def test_funding_of_a_pair_is_told_per_eight_hours(hours: int, factor: int) -> None:
    now = int(START.timestamp() * 1000) + (2 * hours) * 3_600_000
    assert book(hours, [1e-4, 1e-4, 3e-4]).funding(BTC, now) == pytest.approx(factor * 3e-4)


def test_funding_before_the_first_charge_or_of_another_pair_is_unknown() -> None:
    found = book(4, [1e-4, 2e-4])
    assert np.isnan(found.funding(BTC, int(START.timestamp() * 1000) - 1))
    assert np.isnan(found.funding(ETH, int(START.timestamp() * 1000)))
