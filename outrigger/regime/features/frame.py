"""All columns of the classifier in one frame, a row for each closed five-minute candle.

The clock is five minutes whatever the strategy's base timeframe is, so a bundle works at 1m and 5m alike.
Nothing older than `WINDOW` candles of a chart has a say, so the newest row can be computed alone and equals
the same row of years of history. Charts that are absent, stale or short give missing values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from outrigger.errors import DataError
from outrigger.regime.features import activity, clock, cross, direction, slow_charts, volatility
from outrigger.regime.features.bars import WINDOW, Bars
from outrigger.regime.features.inputs import EVEN_SPECS, SIGNED_SPECS, input_features
from outrigger.regime.features.laid_out import LaidOut
from outrigger.volatility.windows import Array

CHARTS: Final = ("5m", "15m", "4h")
REFERENCE_PAIR: Final = "BTC/USDT:USDT"
# Who leads the leader.
SECOND_REFERENCE_PAIR: Final = "ETH/USDT:USDT"
_BARS_PER_CANDLE: Final = {"5m": 1, "15m": 3, "4h": 48}
_HORIZON_BARS: Final = 48

_EVEN_SPECS = (
    *volatility.SPECS,
    *clock.SPECS,
    *activity.SPECS,
    *slow_charts.LEVEL_SPECS,
    *cross.STATE_SPECS,
)
_DIRECTIONAL_SPECS = (*direction.SPECS, *slow_charts.TREND_SPECS, *cross.MOVE_SPECS)
FEATURES: Final = (*_EVEN_SPECS, *_DIRECTIONAL_SPECS, *SIGNED_SPECS, *EVEN_SPECS)
CANDLE_FEATURES: Final = tuple(spec.name for spec in (*_EVEN_SPECS, *_DIRECTIONAL_SPECS))
INPUT_FEATURES: Final = tuple(spec.name for spec in (*SIGNED_SPECS, *EVEN_SPECS))
# Columns that become their negative when the chart is turned upside down.
DIRECTIONAL: Final = tuple(spec.name for spec in (*_DIRECTIONAL_SPECS, *SIGNED_SPECS))
_NAMES: Final = tuple(spec.name for spec in FEATURES)
_COLUMNS: Final = pd.Index(_NAMES)


def leader_of(pair: str) -> str:
    """Name the pair whose state stands beside a pair's own."""
    return SECOND_REFERENCE_PAIR if pair == REFERENCE_PAIR else REFERENCE_PAIR


def _newest(frame: pd.DataFrame, chart: str, last: int | None) -> pd.DataFrame:
    """Rows that can have a say in the last rows' columns."""
    if last is None:
        return frame
    return frame.iloc[-(WINDOW + last // _BARS_PER_CANDLE[chart] + 1) :]


def _states(bars: Bars) -> dict[str, Array]:
    found = volatility.volatility_features(bars)
    return found | clock.clock_features(bars) | activity.activity_features(bars)


def _beside_leader(own: Bars, leader: str, frame: pd.DataFrame | None, laid_out: LaidOut) -> dict[str, Array]:
    """Columns that need a second pair; NaN without it."""
    if frame is None or frame.empty or not len(own):
        missing = np.full(len(own) - own.wanted, np.nan)
        return {spec.name: missing for spec in (*cross.STATE_SPECS, *cross.MOVE_SPECS)}
    theirs = laid_out.bars(leader, frame)
    return cross.cross_features(own, theirs, laid_out.leading(leader, theirs, own.grid.first + own.wanted))


def regime_features(
    charts: Mapping[str, pd.DataFrame],
    references: Mapping[str, Mapping[str, pd.DataFrame]],
    inputs: pd.DataFrame | None = None,
    *,
    pair: str,
    last: int | None = None,
    laid_out: LaidOut | None = None,
) -> pd.DataFrame:
    """Compute the columns of `FEATURES` at the closes of a pair's 5m candles.

    Parameters
    ----------
    charts : mapping of str to DataFrame
        The pair's candles by chart: `5m` is needed, `15m` and `4h` may be absent. Columns date (UTC,
        candle open, ascending), open, high, low, close, volume; closed candles only.
    references : mapping of str to mapping of str to DataFrame
        The same for `REFERENCE_PAIR` and `SECOND_REFERENCE_PAIR`; the pair's leader may be absent.
    inputs : DataFrame of shape (n_rows, ...), optional
        Columns of `outrigger.market.features`, row by row with the 5m candles.
    pair : str
        Name of the pair: who its leader is, and for error messages.
    last : int, optional
        Compute only that many newest rows; None computes all.
    laid_out : LaidOut, optional
        What pairs that are asked for at the same candle share.

    Returns
    -------
    DataFrame of float64, shape (n_rows or last, n_features)
        Columns in the order of `FEATURES`, with the 5m frame's index; row i is known at the close of
        candle i.

    Raises
    ------
    DataError
        There are no 5m candles, `last` is not positive, or a frame is not one of ascending candles.
    """
    if "5m" not in charts:
        raise DataError(
            f"{pair}: regime features need 5m candles, have {', '.join(charts) or 'none'}; download them "
            "with `freqtrade download-data --timeframes 5m` or resample finer ones"
        )
    if last is not None and last < 1:
        raise DataError(f"{pair}: regime features of the last {last} candles: ask for one or more")
    frame = _newest(charts["5m"], "5m", last)
    laid_out = laid_out or LaidOut()
    own = laid_out.bars(pair, frame)
    if last is not None and len(own):
        own = own.since(own.grid.first + int(own.grid.rows[-last:][0]))
    leader = leader_of(pair)
    candles = references.get(leader, {}).get("5m")
    beside = _beside_leader(own, leader, None if candles is None else _newest(candles, "5m", last), laid_out)
    on_clock = {**_states(own), **direction.direction_features(own), **beside}
    kept = slice(None) if last is None else slice(-last, None)
    rows = own.grid.rows[kept] - own.wanted
    columns = {name: values[rows] for name, values in on_clock.items()}
    slow = {name: _newest(charts[name], name, last) for name in CHARTS[1:] if name in charts}
    columns |= slow_charts.slow_features(own, frame["date"].iloc[kept], slow, pair, laid_out.slow_columns)
    if inputs is not None and len(inputs) != len(charts["5m"]):
        raise DataError(
            f"{pair}: {len(inputs)} rows of inputs for {len(charts['5m'])} candles; pass one row a 5m candle"
        )
    told = None if inputs is None else inputs.iloc[kept]
    columns |= input_features(told, len(rows), own.unit_then[rows] * np.sqrt(_HORIZON_BARS))
    # Column by column in memory, as they were made and as pandas keeps and models ask for them.
    table = np.stack([columns[name] for name in _NAMES]).T
    table[~np.isfinite(table)] = np.nan
    return pd.DataFrame(table, columns=_COLUMNS, index=frame.index[kept])
