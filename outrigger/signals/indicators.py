"""From candles of three timeframes to signals, in a slow and a cheap half.

`measure_charts` does the work that no threshold changes; its columns are cached in the strategy's
frame once a run. `signals` applies the thresholds and costs little, so that hyperopt can call it
every epoch. All measures look back a fixed number of candles, so they do not depend on where the
data begins once it is long enough. A chart too short for its lookback votes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.errors import DataError, SettingsError
from outrigger.market.alignment import align, missing_chart, open_times_ms
from outrigger.market.timeframe import lookback_bars, timeframe_ms
from outrigger.settings.signals import SignalSettings
from outrigger.signals.channel import channel_position
from outrigger.signals.confluence import confluence, vote
from outrigger.signals.events import entry_events
from outrigger.signals.momentum import normalised_momentum


def charts(settings: SignalSettings, base: str) -> tuple[str, str, str]:
    """Timeframes of the three charts, fastest first.

    Parameters
    ----------
    settings : SignalSettings
        The signals' settings.
    base : str
        The strategy's timeframe, which is the fast chart.

    Returns
    -------
    tuple of str
        Fast, middle and slow timeframe.

    Raises
    ------
    SettingsError
        If a timeframe is unknown or they do not grow.
    """
    names = (base, settings.middle_chart, settings.slow_chart)
    lengths = [timeframe_ms(name) for name in names]
    if not lengths[0] < lengths[1] < lengths[2]:
        raise SettingsError(
            f"charts must grow longer: base timeframe {base}, middle_chart {names[1]}, "
            f"slow_chart {names[2]}: change the timeframe or the charts"
        )
    return names


def chart_lookbacks(settings: SignalSettings, base: str) -> tuple[int, int, int]:
    """Candles that each chart's measures look back on, fastest first.

    Parameters
    ----------
    settings : SignalSettings
        The signals' settings.
    base : str
        The strategy's timeframe.

    Returns
    -------
    tuple of int
        Candles of the fast, middle and slow chart.

    Raises
    ------
    SettingsError
        If the charts do not grow or a lookback is too short for its chart.
    """
    fast, middle, slow = charts(settings, base)
    return (
        lookback_bars(settings.fast_hours, fast, "fast_hours"),
        lookback_bars(settings.middle_hours, middle, "middle_hours"),
        lookback_bars(settings.slow_hours, slow, "slow_hours"),
    )


def quiet_bars(settings: SignalSettings, base: str) -> int:
    """Count the base candles in the quiet time before an event.

    Parameters
    ----------
    settings : SignalSettings
        The signals' settings.
    base : str
        The strategy's timeframe.

    Returns
    -------
    int
        Candles, at least 1.
    """
    return max(1, ceil(settings.quiet_hours * 3_600_000 / timeframe_ms(base)))


def startup_candles(settings: SignalSettings, base: str) -> int:
    """Candles of every timeframe that the signals need before their first answer.

    Parameters
    ----------
    settings : SignalSettings
        The signals' settings.
    base : str
        The strategy's timeframe.

    Returns
    -------
    int
        Candles; Freqtrade applies the number to each timeframe alike.
    """
    fast, middle, slow = chart_lookbacks(settings, base)
    return max(fast + quiet_bars(settings, base), middle, slow) + 2


def measure_charts(
    frames: Mapping[str, pd.DataFrame], base: str, settings: SignalSettings, pair: str
) -> pd.DataFrame:
    """What `chart_columns` gives, as a frame with the base candles' index."""
    return pd.DataFrame(chart_columns(frames, base, settings, pair), index=frames[base].index)


def chart_columns(
    frames: Mapping[str, pd.DataFrame], base: str, settings: SignalSettings, pair: str
) -> dict[str, npt.NDArray[np.float64]]:
    """Momentum and channel position of the three charts as known at each base candle's close.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Closed candles with `date` and `close` by timeframe; the base timeframe is the clock.
    base : str
        The strategy's timeframe.
    settings : SignalSettings
        The signals' settings; only charts and lookbacks are used.
    pair : str
        Pair, for error messages.

    Returns
    -------
    dict of str to ndarray of shape (n_candles,)
        `momentum_<timeframe>` (sigma) and `channel_<timeframe>` (-1 to 1) a chart; NaN where a chart is too
        short, not yet closed or stale.

    Raises
    ------
    DataError
        If a chart is missing, its dates do not increase or a close is not a positive number.
    SettingsError
        If the charts or lookbacks do not fit together.
    """
    names, bars = charts(settings, base), chart_lookbacks(settings, base)
    for name in names:
        if name not in frames or frames[name].empty:
            raise missing_chart(pair, name)
    clock = frames[base]
    columns: dict[str, npt.NDArray[np.float64]] = {}
    for name, lookback in zip(names, bars, strict=True):
        close = _closes(frames[name], pair, name)
        measures = np.column_stack((normalised_momentum(close, lookback), channel_position(close, lookback)))
        if name == base:
            open_times_ms(clock["date"], f"{pair} {base}")
        else:
            measures = align(clock["date"], base, frames[name]["date"], name, measures, pair=pair)
        columns[f"momentum_{name}"], columns[f"channel_{name}"] = measures.T
    return columns


def signals(measures: pd.DataFrame, base: str, settings: SignalSettings) -> pd.DataFrame:
    """Votes, confluence and entry events of measured charts.

    Parameters
    ----------
    measures : DataFrame
        Holds the columns that `measure_charts` made with the same charts.
    base : str
        The strategy's timeframe.
    settings : SignalSettings
        The signals' settings; thresholds, partial confidence and quiet time are used.

    Returns
    -------
    DataFrame of shape (n_candles, 7)
        `vote_<timeframe>` (int8) a chart, `side` (int8), `confidence` (float), `tag` (categorical str) and
        `entry` (int8: the side on candles where an entry fires at their close, else 0).
    """
    names = charts(settings, base)
    cuts = (settings.fast_momentum, settings.middle_momentum, settings.slow_momentum)
    momentum = np.column_stack([measures[f"momentum_{name}"].to_numpy() for name in names])
    channel = [measures[f"channel_{name}"].to_numpy() for name in names]
    votes = np.column_stack(
        [vote(momentum[:, at], channel[at], cut, settings.channel) for at, cut in enumerate(cuts)]
    )
    agreed = confluence(votes, names, settings.partial_confidence)
    agreed["entry"] = entry_events(votes, agreed["side"], ~np.isnan(momentum), quiet_bars(settings, base))
    cast = {f"vote_{name}": votes[:, at] for at, name in enumerate(names)}
    return pd.DataFrame(cast | agreed, index=measures.index)


def _closes(candles: pd.DataFrame, pair: str, timeframe: str) -> npt.NDArray[np.float64]:
    close = candles["close"].to_numpy(dtype=np.float64)
    bad = ~(np.isfinite(close) & (close > 0.0))
    if bad.any():
        where = candles["date"].iloc[int(np.argmax(bad))]
        raise DataError(f"{pair} {timeframe}: close of {where} is {close[bad][0]}: download the chart again")
    return close
