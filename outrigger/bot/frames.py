"""Brings together the candles of all charts that a pair needs, through Freqtrade's data provider."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from freqtrade.data.dataprovider import DataProvider
from freqtrade.enums import RunMode

from outrigger.bot.market_data import MarketData
from outrigger.errors import DataError
from outrigger.market.features.inputs import CHART
from outrigger.settings.read import Settings
from outrigger.signals.indicators import charts as signal_charts
from outrigger.signals.indicators import measure_charts
from outrigger.stops.columns import market_columns, measure_noise, stop_charts
from outrigger.stops.measured import inputs_wanted, on_base, pressures
from outrigger.stops.policies import sided_widths
from outrigger.stops.track import StopTrack, track_of

# Funding is charged every eight hours at most; more than that without any is a hole.
FUNDING_INTERVAL = pd.Timedelta(hours=9)
SIMULATED = frozenset({RunMode.BACKTEST, RunMode.HYPEROPT})


def charts(settings: Settings, base: str) -> tuple[str, ...]:
    """Timeframes that are needed beside the base candles.

    Parameters
    ----------
    settings : Settings
        Charts of the signals and of the stop.
    base : str
        The strategy's timeframe.

    Returns
    -------
    tuple of str
        Each once, without the base.
    """
    wanted = (*signal_charts(settings.signals, base), *stop_charts(settings.stop))
    return tuple(dict.fromkeys(name for name in wanted if name != base))


def informative(pairs: Iterable[str], settings: Settings, base: str) -> list[tuple[str, str]]:
    """Pair and timeframe of every further chart, for Freqtrade's `informative_pairs`."""
    names = charts(settings, base)
    return [(pair, name) for pair in pairs for name in names]


def measure(
    base_frame: pd.DataFrame,
    pair: str,
    base: str,
    provider: DataProvider,
    settings: Settings,
    market: MarketData | None = None,
) -> pd.DataFrame:
    """Add every column that signals and stops read to the base candles.

    Parameters
    ----------
    base_frame : DataFrame
        Closed base candles.
    pair : str
        The pair.
    base : str
        The strategy's timeframe.
    provider : DataProvider
        Freqtrade's; every chart of `charts` has to be an informative pair.
    settings : Settings
        What to measure.
    market : MarketData, optional
        For what is known beside prices.

    Returns
    -------
    DataFrame
        The base candles with the columns of `measure_charts` and `measure_noise`, and those inputs that the
        settings ask for.

    Raises
    ------
    DataError
        If a chart is missing, or a backtest has no funding or mark candles.
    """
    if provider.runmode in SIMULATED:
        _require_funding(pair, base_frame, provider)
    frames = {name: provider.get_pair_dataframe(pair, name) for name in charts(settings, base)}
    frames[base] = base_frame
    noise = measure_noise(frames, base, settings.stop, pair)
    votes = measure_charts(frames, base, settings.signals, pair)
    return pd.concat([base_frame, noise, votes, *_inputs(frames, pair, base, provider, market)], axis=1)


def _inputs(
    frames: dict[str, pd.DataFrame], pair: str, base: str, provider: DataProvider, market: MarketData | None
) -> list[pd.DataFrame]:
    """Inputs that are wanted, at each base candle's close; nothing is read where none is."""
    if market is None or not market.wanted:
        return []
    known = market.inputs(pair, frames[CHART], provider)[list(market.wanted)]
    return [pd.DataFrame(on_base(known, frames, base, pair), index=frames[base].index)]


def stop_track(frame: pd.DataFrame, timeframe: str, settings: Settings) -> StopTrack:
    """Lay a measured frame out for the callbacks, with what presses on the stops of either side.

    Parameters
    ----------
    frame : DataFrame
        What `measure` returned.
    timeframe : str
        The strategy's timeframe.
    settings : Settings
        As they are in effect now.

    Returns
    -------
    StopTrack
        One row a base candle.
    """
    market = market_columns(frame)
    known = {name: frame[name].to_numpy(np.float64) for name in inputs_wanted(settings) if name in frame}
    pressed = pressures(known, frame["close"].to_numpy(np.float64), market, settings)
    return track_of(frame, timeframe, market, sided_widths(market, settings.stop, pressed))


def _require_funding(pair: str, base_frame: pd.DataFrame, provider: DataProvider) -> None:
    """Refuse a backtest that would silently charge no funding (Freqtrade only warns)."""
    last = base_frame["date"].max()
    for candle_type in ("funding_rate", "mark"):
        found = provider.get_pair_dataframe(pair, "1h", candle_type=candle_type)
        if found.empty or last - found["date"].max() > FUNDING_INTERVAL:
            until = "" if found.empty else f" after {found['date'].max():%Y-%m-%d %H:%M}"
            raise DataError(
                f"no {candle_type} candles of {pair}{until}: a backtest would charge no funding; run "
                f"`freqtrade download-data --trading-mode futures --timeframes 1h --pairs {pair}` for the "
                "same timerange"
            )
