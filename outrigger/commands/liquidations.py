"""What `outrigger liquidations` shows: estimated levels of one pair along its candles.

The levels are built from the first candle of the file, so that those shown have a past. Open interest comes
from the caller (rows of the market store), else from files in the data directory, else volume alone is the
measure and the answer says so. Assumes 5m candles unless told. Weak: at most `COLUMNS_SHOWN` moments are
kept, so on a long period a level that lived for minutes may not be drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.table import Table

from outrigger.commands.interest_files import interest_in
from outrigger.errors import DataError
from outrigger.market.candles import mend, read_candles
from outrigger.market.features.level_columns import (
    COLUMNS,
    SIDES,
    WITHIN,
    candles_of,
    close_times,
    crowd_weights,
    level_row,
    positions_at,
    within_name,
)
from outrigger.market.features.liquidation_levels import Candle, Floats, LevelModel, LiquidationLevels
from outrigger.market.timeframe import timeframe_ms
from outrigger.replay.synth import is_synthetic

COLUMNS_SHOWN: Final = 480
# How far beyond the prices of the period levels are drawn, log price.
MARGIN: Final = 0.06
# Positions files of some vendors come every eight hours.
METRICS_AGE_MS: Final = 9 * 3_600_000
SOURCES: Final = {True: "open interest and volume", False: "volume alone: no open interest was found"}


@dataclass(frozen=True, slots=True)
class LevelMap:
    """Estimated levels of a pair over a period.

    Parameters
    ----------
    pair, timeframe : str
        What was looked at.
    synthetic : bool
        Whether the candles are of a synthetic market.
    anchored : bool
        Whether open interest was known at the end.
    candles : DataFrame
        Candles of the period.
    times_ms : ndarray of int64, shape (n_times,)
        Closes at which levels were taken.
    prices : ndarray of shape (n_prices,)
        Price of each level, rising.
    levels : ndarray of shape (n_times, n_prices)
        Notional that would be forced out, quote currency: longs below the price, shorts above.
    last : dict of str to float
        Feature columns at the last close.
    """

    pair: str
    timeframe: str
    synthetic: bool
    anchored: bool
    candles: pd.DataFrame
    times_ms: NDArray[np.int64]
    prices: Floats
    levels: Floats
    last: dict[str, float]

    @property
    def title(self) -> str:
        """What it is, and that it is an estimate."""
        market = " of a synthetic market" if self.synthetic else ""
        return f"{self.pair}{market}: estimate of liquidation levels from {SOURCES[self.anchored]}"

    @property
    def close(self) -> float:
        """Last usable close of the period, quote currency."""
        return float(self.candles["close"].dropna().iloc[-1])

    def to_dict(self) -> dict[str, Any]:
        """JSON-able summary; None where there is no number."""
        moments = [datetime.fromtimestamp(int(ms) / 1000, UTC).isoformat() for ms in self.times_ms[[0, -1]]]
        return {
            "pair": self.pair,
            "timeframe": self.timeframe,
            "estimate": True,
            "synthetic": self.synthetic,
            "source": SOURCES[self.anchored],
            "from": moments[0],
            "to": moments[1],
            "close": self.close,
            **{name: value if math.isfinite(value) else None for name, value in self.last.items()},
        }


def level_map(
    datadir: Path,
    pair: str,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    timeframe: str = "5m",
    metrics: pd.DataFrame | None = None,
    model: LevelModel | None = None,
) -> LevelMap:
    """Estimate the levels of one pair.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory.
    pair : str
        `"BTC/USDT:USDT"`.
    start, end : datetime, optional
        Closes to show, both ends included; the whole file unless given.
    timeframe : str, optional
        Candles to read.
    metrics : DataFrame, optional
        Rows of the METRICS table; without them what `interest_in` finds in the data directory is used.
    model : LevelModel, optional
        Assumptions.

    Returns
    -------
    LevelMap

    Raises
    ------
    DataError
        If candles are missing, unusable, or none closes in the period after the warm-up.
    """
    candles = mend(read_candles(datadir, pair, timeframe))
    closed = close_times(candles, timeframe)
    known = metrics if metrics is not None else interest_in(datadir, pair)
    interest, ratio = positions_at(closed, candles["close"].to_numpy(np.float64), known, METRICS_AGE_MS)
    state = LiquidationLevels(model, timeframe_ms(timeframe))
    first = closed[0] + state.model.warmup_hours * 3_600_000
    begin = max(_ms(start), first) if start is not None else first
    wanted = (closed >= begin) & (closed <= (_ms(end) if end is not None else closed[-1]))
    usable = wanted & np.isfinite(candles["close"].to_numpy(np.float64))
    if not usable.any():
        first_open, last_open = (f"{date:%Y-%m-%d %H:%M}" for date in candles["date"].iloc[[0, -1]])
        asked = f"from {_told(start, 'the start')} to {_told(end, 'the end')}"
        raise DataError(
            f"{pair} {timeframe}: no usable candle {asked} after {state.model.warmup_hours:g} h of warm-up; "
            f"the file goes from {first_open} to {last_open}: ask for a period inside it"
        )
    shown = candles[wanted]
    taken = candles_of(candles, closed, interest)
    drawn, prices, levels, last, anchored = _walk(state, taken, ratio, np.flatnonzero(usable), shown)
    return LevelMap(
        pair, timeframe, is_synthetic(datadir), anchored, shown, closed[drawn], prices, levels, last
    )


def as_table(found: LevelMap) -> Table:
    """Levels at the last close, for the terminal.

    Parameters
    ----------
    found : LevelMap
        What was estimated.

    Returns
    -------
    rich.table.Table
        One row a measure, longs and shorts beside each other.
    """
    moment = datetime.fromtimestamp(int(found.times_ms[-1]) / 1000, UTC)
    table = Table(title=f"{found.title}\nat {moment:%Y-%m-%d %H:%M} UTC, last price {found.close:,.6g}")
    for name in ("", *(f"{side}s" for side in SIDES)):
        table.add_column(name, justify="right" if name else "left")
    table.add_row(
        "nearest cluster begins at", *(_share(found.last[f"liquidation_{side}_distance"]) for side in SIDES)
    )
    table.add_row("it holds", *(_money(found.last[f"liquidation_{side}_size"]) for side in SIDES))
    for x in WITHIN:
        table.add_row(
            f"forced out by a move of {x:.0%}", *(_money(found.last[within_name(side, x)]) for side in SIDES)
        )
    return table


def _walk(
    state: LiquidationLevels,
    taken: list[Candle],
    ratio: Floats,
    usable: NDArray[np.intp],
    shown: pd.DataFrame,
) -> tuple[NDArray[np.intp], Floats, Floats, dict[str, float], bool]:
    """Run the estimate to the period's end, keeping the levels at evenly spaced moments."""
    every = max(math.ceil(len(usable) / COLUMNS_SHOWN), 1)
    drawn = usable[::-1][::every][::-1]
    step = state.model.step
    low = math.floor((math.log(shown["low"].min()) - MARGIN) / step)
    high = math.ceil((math.log(shown["high"].max()) + MARGIN) / step)
    levels = np.zeros((len(drawn), high - low + 1))
    prices = np.exp(step * np.arange(low, high + 1))
    weights = crowd_weights(ratio)
    row, at = np.full(len(COLUMNS), np.nan), 0
    for index, candle in enumerate(taken[: drawn[-1] + 1]):
        if index < drawn[-1]:
            state.update(candle)
        else:
            row = level_row(state, candle, float(ratio[index]))
        if index == drawn[at]:
            levels[at] = state.notional(low, high, weights[index])
            at += 1
    return drawn, prices, levels, dict(zip(COLUMNS, row.tolist(), strict=True)), state.anchored


def _ms(moment: datetime) -> float:
    return moment.timestamp() * 1000


def _told(moment: datetime | None, otherwise: str) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment is not None else otherwise


def _share(value: float) -> str:
    return f"{value:.1%}" if math.isfinite(value) else "none near"


def _money(value: float) -> str:
    return f"{value / 1e6:,.1f} million"
