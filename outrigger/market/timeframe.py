"""Lengths of timeframes and hours counted in their candles.

Freqtrade has a parser of its own, but the domain imports nothing of Freqtrade. Months are left
out on purpose: they have no fixed length, and nothing here trades on them.
"""

from __future__ import annotations

import re

from outrigger.errors import SettingsError

_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_PATTERN = re.compile(r"([1-9]\d*)([smhdw])")
# Fewer returns than this make a normalised move mean nothing.
MIN_BARS = 8


def timeframe_ms(timeframe: str) -> int:
    """Length of one candle.

    Parameters
    ----------
    timeframe : str
        A number and one of s, m, h, d, w: `"15m"`.

    Returns
    -------
    int
        Milliseconds.

    Raises
    ------
    SettingsError
        If the timeframe cannot be read.
    """
    match = _PATTERN.fullmatch(timeframe)
    if match is None:
        raise SettingsError(
            f"timeframe {timeframe!r} is not understood: write a number and s, m, h, d or w: '15m'"
        )
    return int(match[1]) * _UNIT_MS[match[2]]


def lookback_bars(hours: float, timeframe: str, name: str) -> int:
    """Candles of a chart that a lookback in hours spans.

    Parameters
    ----------
    hours : float
        Lookback in hours.
    timeframe : str
        The chart's timeframe.
    name : str
        The setting that `hours` comes from, for the error message.

    Returns
    -------
    int
        Whole candles, at least `MIN_BARS`.

    Raises
    ------
    SettingsError
        If the lookback spans fewer than `MIN_BARS` candles.
    """
    bars = round(hours * _UNIT_MS["h"] / timeframe_ms(timeframe))
    if bars < MIN_BARS:
        raise SettingsError(
            f"{name} = {hours:g} spans {bars} candles of {timeframe}: raise it to at least "
            f"{MIN_BARS * timeframe_ms(timeframe) / _UNIT_MS['h']:g} or use a shorter timeframe"
        )
    return bars
