"""A pair's market as the stop lab needs it: candles, funding and the columns that policies read.

The slow charts may begin long before the base candles, so that forecasts are known from the first base
candle on. Funding is charged in the base candle in which its event lies, on that candle's open: the mark
price's small difference from it is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outrigger.errors import DataError
from outrigger.market.alignment import open_times_ms
from outrigger.market.candles import candle_path, mend, read_candles
from outrigger.market.store.store import MarketStore
from outrigger.market.timeframe import timeframe_ms
from outrigger.review.inputs_on_disk import inputs_on_disk
from outrigger.review.lab_trade import PairCandles
from outrigger.settings.read import Settings
from outrigger.settings.stop import StopSettings
from outrigger.stops.columns import ATR_CHART, FORECAST_CHART, market_columns, measure_noise
from outrigger.stops.measured import on_base
from outrigger.stops.policies import Floats, MarketColumns

BASES = ("1m", "3m", "5m")


@dataclass(frozen=True, slots=True)
class PairMarket:
    """One pair, ready for replays.

    Parameters
    ----------
    pair : str
        Such as `BTC/USDT:USDT`.
    timeframe : str
        Length of a base candle.
    opened_at_ms : ndarray of int64, shape (n_candles,)
        Opening times in ms since the epoch.
    candles : PairCandles
        Prices and funding, shape (n_candles,).
    columns : MarketColumns
        Forecasts and noise known at each close, shape (n_candles,).
    frames : dict of str to DataFrame
        The charts behind it, for other horizons.
    inputs : mapping of str to ndarray of shape (n_candles,)
        What was known beside prices at each close, by name; empty where nothing was asked for.
    regimes : ndarray of shape (n_candles, 5) or None
        Probabilities of the regimes at each close, where they were asked for.
    """

    pair: str
    timeframe: str
    opened_at_ms: NDArray[np.int64]
    candles: PairCandles
    columns: MarketColumns
    frames: dict[str, pd.DataFrame]
    inputs: Mapping[str, Floats] = field(default_factory=dict)
    regimes: Floats | None = None

    def measured(self, settings: StopSettings) -> MarketColumns:
        """Columns under other horizons than the default ones."""
        return market_columns(measure_noise(self.frames, self.timeframe, settings, self.pair))


def bars(hours: float, timeframe: str) -> int:
    """Whole candles in a span of hours."""
    return round(hours * 3_600_000 / timeframe_ms(timeframe))


def base_timeframe(datadir: Path) -> str:
    """Finest timeframe of the futures candles in a data directory.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory.

    Returns
    -------
    str
        `1m`, `3m` or `5m`.

    Raises
    ------
    DataError
        If there are candles of none of them.
    """
    for timeframe in BASES:
        if pairs_of(datadir, timeframe):
            return timeframe
    raise DataError(
        f"{datadir}/futures holds no futures candles of {', '.join(BASES)}: name a Freqtrade data directory, "
        f"or run `freqtrade download-data --trading-mode futures --datadir {datadir} --timeframes 1m 5m 1h`"
    )


def pairs_of(datadir: Path, timeframe: str) -> list[str]:
    """Pairs with futures candles of a timeframe in a data directory, sorted."""
    suffix = f"-{timeframe}-futures.feather"
    stems = sorted(path.name.removesuffix(suffix) for path in (datadir / "futures").glob(f"*{suffix}"))
    return [f"{stem.split('_')[0]}/{':'.join(stem.split('_')[1:])}" for stem in stems]


def load_pair(
    datadir: Path,
    pair: str,
    timeframe: str,
    pressing: Settings | None = None,
    store: MarketStore | None = None,
) -> PairMarket:
    """Read one pair and measure its noise under default settings.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory.
    pair : str
        Such as `BTC/USDT:USDT`.
    timeframe : str
        Base timeframe.
    pressing : Settings, optional
        Whose switches say which inputs are read; none by default.
    store : MarketStore, optional
        Recordings of book and open interest.

    Returns
    -------
    PairMarket
        A pair without a funding file pays none.

    Raises
    ------
    DataError
        If candles of the base, 5m or 1h chart are missing or malformed.
    """
    names = dict.fromkeys((timeframe, FORECAST_CHART, ATR_CHART))
    frames = {name: mend(read_candles(datadir, pair, name)) for name in names}
    # The Chandelier needs every chart that any policy needs.
    settings = StopSettings(policy="chandelier")
    columns = market_columns(measure_noise(frames, timeframe, settings, pair))
    base = frames[timeframe]
    opened = open_times_ms(base["date"], f"{pair} {timeframe}")
    has_funding = candle_path(datadir, pair, "1h", "funding_rate").is_file()
    events = read_candles(datadir, pair, "1h", "funding_rate") if has_funding else None
    prices = {name: base[name].to_numpy(dtype=np.float64) for name in ("open", "high", "low", "close")}
    candles = PairCandles(**prices, funding=funding_by_candle(opened, events, timeframe))
    inputs = inputs_on_disk(datadir, pair, frames[FORECAST_CHART], pressing, store) if pressing else None
    known = {} if inputs is None else on_base(inputs, frames, timeframe, pair)
    market = PairMarket(pair, timeframe, opened, candles, columns, frames, known)
    return with_regimes(market, datadir, pressing, store) if pressing and pressing.regime.enabled else market


def with_regimes(
    market: PairMarket, datadir: Path, settings: Settings, store: MarketStore | None = None
) -> PairMarket:
    """Let a bundle say what it thinks of a pair's candles.

    Parameters
    ----------
    market : PairMarket
        A pair that was read without.
    datadir : Path
        Freqtrade data directory, with the bundle's charts.
    settings : Settings
        Whether, and which bundle.
    store : MarketStore, optional
        Recordings, where the bundle was trained on more than candles.

    Returns
    -------
    PairMarket
        The same one where the classifier is switched off.

    Raises
    ------
    OutriggerError
        If candles or the bundle cannot be used.
    """
    # The models' libraries take seconds to import, which most replays can do without.
    from outrigger.review.regimes_on_disk import regimes_on_disk  # noqa: PLC0415  (slow)

    told = regimes_on_disk(datadir, market.pair, settings, store)
    if told is None:
        return market
    columns = on_base(told, market.frames, market.timeframe, market.pair)
    return replace(market, regimes=np.column_stack([*columns.values()]))


def funding_by_candle(opened_at_ms: NDArray[np.int64], events: pd.DataFrame | None, timeframe: str) -> Floats:
    """Sum of the funding rates charged in each candle.

    Parameters
    ----------
    opened_at_ms : ndarray of int64, shape (n_candles,)
        Opening times, increasing.
    events : DataFrame or None
        `date` and `funding_rate`, one row an event; None for no funding.
    timeframe : str
        Length of a candle.

    Returns
    -------
    ndarray of shape (n_candles,)
        0 where nothing is charged; events outside the candles are dropped.
    """
    rates = np.zeros(len(opened_at_ms))
    if events is None or not len(opened_at_ms):
        return rates
    dates = pd.DatetimeIndex(events["date"]).as_unit("ms").asi8
    row = np.searchsorted(opened_at_ms, dates, side="right") - 1
    inside = (row >= 0) & (dates - opened_at_ms[row] < timeframe_ms(timeframe))
    known = inside & np.isfinite(events["funding_rate"].to_numpy(dtype=np.float64))
    np.add.at(rates, row[known], events["funding_rate"].to_numpy(dtype=np.float64)[known])
    return rates
