"""A small data directory: one market that three coins follow, as Freqtrade stores it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.hedge.samples import START

BETAS = {"AAA": 0.6, "BBB": 1.0, "CCC": 1.2}


def write_market(root, *, days=12, base="5m", seed=1, rho=0.9, funding=0.0001):
    """Candles of `BETAS` coins with funding; every pair of them has a correlation of about rho squared."""
    folder = root / "futures"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    minutes = int(base.removesuffix("m"))
    count = days * 1440 // minutes
    market = rng.normal(0, 0.0015, count)
    for coin, beta in BETAS.items():
        own = rng.normal(0, 0.0015 * np.sqrt(1 / rho**2 - 1), count)
        close = 100 * np.exp(np.cumsum(beta * (market + own)))
        candles = _candles(close, rng, minutes)
        for name in {base, "5m", "1h"}:
            _resampled(candles, name).to_feather(folder / f"{coin}_USDT_USDT-{name}-futures.feather")
        events = pd.date_range(START, periods=3 * days, freq="8h", unit="ms")
        rates = pd.DataFrame({"date": events, "funding_rate": funding})
        rates.to_feather(folder / f"{coin}_USDT_USDT-1h-funding_rate.feather")
    return root


def _candles(close, rng, minutes):
    opened = np.concatenate(([close[0]], close[:-1]))
    reach = 1 + 0.0005 * rng.random((2, len(close)))
    return pd.DataFrame(
        {
            "date": pd.date_range(START, periods=len(close), freq=f"{minutes}min", unit="ms"),
            "open": opened,
            "high": np.maximum(opened, close) * reach[0],
            "low": np.minimum(opened, close) / reach[1],
            "close": close,
            "volume": 10.0,
        }
    )


def _resampled(candles, timeframe):
    rule = timeframe.replace("m", "min")
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    return candles.set_index("date").resample(rule).agg(how).reset_index()
