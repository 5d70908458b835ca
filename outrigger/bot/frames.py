"""Brings together the candles of all charts that a pair needs, through Freqtrade's data provider."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from freqtrade.data.dataprovider import DataProvider
from freqtrade.enums import RunMode

from outrigger.bot.outlook import Outlook
from outrigger.bot.regimes import COLUMNS
from outrigger.errors import DataError
from outrigger.market.alignment import open_times_ms
from outrigger.market.features.funding_interval import charge_intervals_ms
from outrigger.regime.effects import RegimeEffects, regime_effects
from outrigger.settings.read import Settings
from outrigger.sided import Sided
from outrigger.signals.indicators import chart_columns
from outrigger.signals.indicators import charts as signal_charts
from outrigger.stops.columns import market_columns, noise_columns, stop_charts
from outrigger.stops.measured import inputs_wanted, pressures
from outrigger.stops.policies import sided_widths
from outrigger.stops.track import StopTrack, track_of

# A pair's own interval and this much more without any funding is a hole.
FUNDING_SLACK = pd.Timedelta(hours=1)
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
    outlook: Outlook | None = None,
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
    outlook : Outlook, optional
        For what is known beside prices.

    Returns
    -------
    DataFrame
        The base candles with the columns of noise, of the signals' charts and of the outlook.

    Raises
    ------
    DataError
        If a chart is missing, or a backtest has no funding or mark candles.
    """
    if provider.runmode in SIMULATED:
        _require_funding(pair, base_frame, provider)
    frames = {name: provider.get_pair_dataframe(pair, name) for name in charts(settings, base)}
    frames[base] = base_frame
    columns = noise_columns(frames, base, settings.stop, pair)
    columns |= chart_columns(frames, base, settings.signals, pair)
    if outlook is not None:
        columns |= outlook.columns(frames, pair, base, provider)
    return pd.concat([base_frame, pd.DataFrame(columns, index=base_frame.index)], axis=1)


def effects_of(frame: pd.DataFrame, settings: Settings) -> Sided[RegimeEffects] | None:
    """What the regimes of a measured frame ask for; None where they are off and the trader names none."""
    if not settings.regime.enabled and COLUMNS[0] not in frame:
        return None
    missing = np.full(len(frame), np.nan)
    told = [frame[name].to_numpy(np.float64) if name in frame else missing for name in COLUMNS]
    return regime_effects(np.column_stack(told), settings.regime)


def mark_entries(
    frame: pd.DataFrame, decided: pd.DataFrame, effects: Sided[RegimeEffects] | None = None
) -> None:
    """Mark entries as Freqtrade wants them, without those that the regimes advise against.

    Parameters
    ----------
    frame : DataFrame
        Gets `enter_long`, `enter_short` and `enter_tag`.
    decided : DataFrame
        `entry` (+1, -1, 0) and `tag` of each candle.
    effects : Sided of RegimeEffects, optional
        What the regimes ask for.
    """
    entry = decided["entry"].to_numpy()
    if effects is not None:
        entry = np.where(np.where(entry > 0, effects.long.blocked, effects.short.blocked), 0, entry)
    tags, entered = np.full(len(entry), None, dtype=object), np.flatnonzero(entry)
    tags[entered] = decided["tag"].iloc[entered].astype(object)
    frame["enter_long"] = (entry > 0).astype(int)
    frame["enter_short"] = (entry < 0).astype(int)
    # Told to stay objects: Freqtrade asks for None where there is no tag.
    frame["enter_tag"] = pd.Series(tags, index=frame.index, dtype=object)


def stop_track(
    frame: pd.DataFrame, timeframe: str, settings: Settings, effects: Sided[RegimeEffects] | None = None
) -> StopTrack:
    """Lay a measured frame out for the callbacks, with what presses on the stops of either side.

    Parameters
    ----------
    frame : DataFrame
        What `measure` returned.
    timeframe : str
        The strategy's timeframe.
    settings : Settings
        As they are in effect now.
    effects : Sided of RegimeEffects, optional
        What the regimes ask for.

    Returns
    -------
    StopTrack
        One row a base candle.
    """
    market = market_columns(frame)
    known = {name: frame[name].to_numpy(np.float64) for name in inputs_wanted(settings) if name in frame}
    pressed = pressures(known, frame["close"].to_numpy(np.float64), market, settings, effects)
    return track_of(frame, timeframe, market, sided_widths(market, settings.stop, pressed))


def _require_funding(pair: str, base_frame: pd.DataFrame, provider: DataProvider) -> None:
    """Refuse a backtest that would silently charge no funding (Freqtrade only warns)."""
    last, wait = base_frame["date"].max(), FUNDING_SLACK
    for candle_type in ("funding_rate", "mark"):
        found = provider.get_pair_dataframe(pair, "1h", candle_type=candle_type)
        if candle_type == "funding_rate" and not found.empty:
            charged = open_times_ms(found["date"], f"{pair} funding")
            wait += pd.Timedelta(milliseconds=int(charge_intervals_ms(charged)[-1]))
        if found.empty or last - found["date"].max() > wait:
            until = "" if found.empty else f" after {found['date'].max():%Y-%m-%d %H:%M}"
            raise DataError(
                f"no {candle_type} candles of {pair}{until}: a backtest would charge no funding; run "
                f"`freqtrade download-data --trading-mode futures --timeframes 1h --pairs {pair}` for the "
                "same timerange"
            )
