"""What a trader sees of the stop in FreqUI and in `freqtrade plot-dataframe`.

`plot-dataframe` draws columns only, so the columns say where the stop of a trade entered now would lie.
FreqUI draws annotations too: there each trade's own stop is replayed with the law that moved it.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from freqtrade.ft_types import AnnotationType
from freqtrade.persistence import LocalTrade
from pandas import DataFrame

from outrigger.bot.leg_records import is_leg
from outrigger.bot.records import side_of
from outrigger.bot.regimes import COLUMNS
from outrigger.errors import DataError
from outrigger.market.moment import from_ms, to_ms
from outrigger.settings.read import Settings
from outrigger.settings.stop import StopSettings
from outrigger.sided import Sided
from outrigger.stops.explain import Step, explain
from outrigger.stops.policies import WidthColumns
from outrigger.stops.track import StopTrack

PROTECTIVE, ARMED = "#c0392b", "#1e8449"
LONG, SHORT = "#1e8449", "#c0392b"

PLOT_CONFIG: dict[str, Any] = {
    "main_plot": {
        "stop_of_a_long": {"color": LONG},
        "stop_of_a_short": {"color": SHORT},
    },
    "subplots": {
        "Forecast": {
            "sigma": {"color": "#2e86c1"},
            "trail_of_a_long": {"color": LONG},
            "trail_of_a_short": {"color": SHORT},
        },
        "Charts agree": {"agreement": {"color": "#7d3c98", "type": "bar"}},
    },
}

_REGIME_COLOURS = ("#1e8449", "#2e86c1", "#7d3c98", "#c0392b", "#d68910")


def plot_config(settings: Settings) -> dict[str, Any]:
    """What FreqUI draws under these settings: the stop and, where it is switched on, the classifier.

    Parameters
    ----------
    settings : Settings
        As configured.

    Returns
    -------
    dict
        Freqtrade's `plot_config`.
    """
    if not settings.regime.enabled:
        return PLOT_CONFIG
    lines = {name: {"color": colour} for name, colour in zip(COLUMNS, _REGIME_COLOURS, strict=True)}
    return {**PLOT_CONFIG, "subplots": {**PLOT_CONFIG["subplots"], "Regime": lines}}


def with_plot_columns(frame: DataFrame, decided: DataFrame, widths: Sided[WidthColumns]) -> DataFrame:
    """Add the columns that `PLOT_CONFIG` names.

    Parameters
    ----------
    frame : DataFrame
        The pair's analysed candles.
    decided : DataFrame
        Side and confidence of each candle.
    widths : Sided of WidthColumns
        Widths of the stop at each candle, for longs and for shorts.

    Returns
    -------
    DataFrame
        With the columns behind the candles' own.
    """
    close = frame["close"].to_numpy(np.float64)
    drawn = {
        "stop_of_a_long": close * (1 - widths.long.protect),
        "stop_of_a_short": close * (1 + widths.short.protect),
        "trail_of_a_long": widths.long.trail,
        "trail_of_a_short": widths.short.trail,
        "agreement": decided["side"].to_numpy() * decided["confidence"].to_numpy(),
    }
    return pd.concat([frame, DataFrame(drawn, index=frame.index)], axis=1)


def of_trades(
    trades: Iterable[LocalTrade], track: StopTrack | None, settings: StopSettings, start_ms: int, end_ms: int
) -> list[AnnotationType]:
    """Lines for the stops of a pair's trades and a point where each armed.

    Parameters
    ----------
    trades : iterable of LocalTrade
        Open and closed trades of the pair.
    track : StopTrack or None
        The pair's candles and widths; None before its first analysis, when nothing is drawn.
    settings : StopSettings
        The settings that the widths were made with.
    start_ms, end_ms : int
        What the chart shows, in ms.

    Returns
    -------
    list of AnnotationType
        Trades that the candles do not cover are left out.
    """
    drawn: list[AnnotationType] = []
    if track is None:
        return drawn
    for trade in trades:
        opened = to_ms(trade.date_entry_fill_utc or trade.open_date_utc)
        until = to_ms(trade.close_date_utc) if trade.close_date_utc else end_ms
        # A leg's stop follows other rules than the law that is replayed here.
        if opened > end_ms or until < start_ms or is_leg(trade.enter_tag):
            continue
        try:
            # A trade may end in the candle it began in; its stop is still told at that candle's close.
            told_to = max(until, track.candle_end(opened))
            steps = explain(track, side_of(trade), trade.open_rate, opened, settings, told_to)
        except DataError:
            continue
        drawn += _lines(steps, until) + _arming(steps)
    return drawn


def _lines(steps: list[Step], until: int) -> list[AnnotationType]:
    """One horizontal line for each level the stop stood at."""
    corners = [step for position, step in enumerate(steps) if position == 0 or step.moved]
    ends = [corner.closed_at_ms for corner in corners[1:]] + [until]
    return [
        {
            "type": "line",
            "start": from_ms(corner.closed_at_ms),
            "end": from_ms(max(end, corner.closed_at_ms)),
            "y_start": corner.stop,
            "y_end": corner.stop,
            "color": ARMED if corner.armed else PROTECTIVE,
            "width": 2,
        }
        for corner, end in zip(corners, ends, strict=True)
    ]


def _arming(steps: list[Step]) -> list[AnnotationType]:
    """A point where the trail armed, unless it was armed from the entry on."""
    for before, step in pairwise(steps):
        if step.armed and not before.armed:
            date = from_ms(step.closed_at_ms)
            return [
                {
                    "type": "point",
                    "x": date,
                    "y": step.best,
                    "color": ARMED,
                    "label": "trail armed",
                    "size": 8,
                }
            ]
    return []
