"""`outrigger explain-stop`: a trade's stop, candle by candle, from a path of prices or recorded candles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from outrigger.errors import DataError
from outrigger.market.candles import read_candles
from outrigger.market.features.inputs import CHART
from outrigger.market.moment import from_ms
from outrigger.market.store.store import MarketStore
from outrigger.replay.synth import is_synthetic
from outrigger.review.inputs_on_disk import inputs_on_disk
from outrigger.review.regimes_on_disk import regimes_on_disk
from outrigger.settings.read import Settings
from outrigger.settings.stop import StopSettings
from outrigger.stops.columns import stop_charts
from outrigger.stops.explain import Step, explain
from outrigger.stops.measured import measured_track, on_base
from outrigger.stops.policies import Floats, MarketColumns, sided_widths
from outrigger.stops.track import StopTrack

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Explanation:
    """The stop of one trade, told.

    Parameters
    ----------
    side : int
        +1 for a long, -1 for a short.
    entry : float
        Entry price.
    policy : str
        Policy of the stop.
    steps : tuple of Step
        One a closed candle.
    track : StopTrack
        The candles, for a chart.
    candles : DataFrame or None
        The recorded candles with `date, open, high, low, close`; None for a path, which has no times.
    timeframe : str
        Length of a candle; empty for a path.
    synthetic : bool
        Whether the candles were made up.
    beside : mapping of str to ndarray of shape (n_candles,)
        What was known beside prices at each close, where the stop made use of it: inputs and regimes.
    """

    side: int
    entry: float
    policy: str
    steps: tuple[Step, ...]
    track: StopTrack
    candles: pd.DataFrame | None = None
    timeframe: str = ""
    synthetic: bool = False
    beside: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What is explained, in one line."""
        side = "long" if self.side > 0 else "short"
        market = " (synthetic market)" if self.synthetic else ""
        return f"Stop of a {side} from {self.entry:,.6g}, policy {self.policy}{market}"

    @property
    def dated(self) -> bool:
        """Whether the candles have real times."""
        return self.candles is not None

    @property
    def armed_at(self) -> int | None:
        """Index of the step in which the trail armed; None if it never did."""
        return next((index for index, step in enumerate(self.steps) if step.armed), None)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "side": "long" if self.side > 0 else "short",
            "entry": self.entry,
            "policy": self.policy,
            "synthetic": self.synthetic,
            "stops": [step.stop for step in self.steps],
            "armed_at": self.armed_at,
            "steps": [step.to_dict() for step in self.steps],
        }


def along_path(
    side: int, entry: float, prices: Sequence[float], settings: StopSettings, sigma: float | None
) -> Explanation:
    """Explain a stop along a path of closing prices, each a closed candle of its own.

    Parameters
    ----------
    side : int
        +1 for a long, -1 for a short.
    entry : float
        Entry price.
    prices : sequence of float
        Closing prices after the entry.
    settings : StopSettings
        Policy and its numbers.
    sigma : float or None
        Forecast for the policies that need one, as a fraction of price, taken as constant.

    Returns
    -------
    Explanation
        One step a price, up to the one that hits the stop.

    Raises
    ------
    DataError
        If there is no price, the policy needs a forecast and there is none, or the forecast is no number.
    """
    if not prices:
        raise DataError("the path is empty: give at least one price, as in --path 40000,42000,41000")
    if sigma is None and settings.policy in ("volatility", "chandelier"):
        raise DataError(
            f"policy {settings.policy} needs a forecast: add --sigma 0.012 (a fraction of price), or explain "
            "a trade on recorded candles with --data"
        )
    if sigma is not None and not (isfinite(sigma) and sigma > 0):
        raise DataError(f"--sigma is {sigma}: give a positive fraction of price, such as 0.012")
    # One candle before the entry, which knows the widths, and the entry's own, which never counts.
    told = np.array([entry, entry, *prices], dtype=np.float64)
    constant = np.full(len(told), np.nan if sigma is None else sigma)
    market = MarketColumns(constant, constant, np.zeros(len(told)), constant)
    closed = np.arange(1, len(told) + 1, dtype=np.int64) * MINUTE_MS
    track = StopTrack(closed, told, told, told, market, sided_widths(market, settings), MINUTE_MS)
    steps = explain(track, side, entry, MINUTE_MS, settings)
    return Explanation(side, entry, settings.policy, tuple(steps[1:]), track)


@dataclass(frozen=True, slots=True)
class TradeAsked:
    """A trade on recorded candles.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory.
    pair : str
        For example `"BTC/USDT:USDT"`.
    timeframe : str
        Base timeframe, such as `"1m"`.
    side : int
        +1 for a long, -1 for a short.
    opened_ms : int
        When it was filled, in ms since the epoch.
    entry : float or None
        Fill price; None takes the open of the entry candle.
    closed_ms : int or None
        When it was closed; None ends where the stop is hit.
    """

    datadir: Path
    pair: str
    timeframe: str
    side: int
    opened_ms: int
    entry: float | None = None
    closed_ms: int | None = None


def on_candles(asked: TradeAsked, settings: Settings, store: MarketStore | None = None) -> Explanation:
    """Explain a stop on the recorded candles of a Freqtrade data directory.

    Parameters
    ----------
    asked : TradeAsked
        Which trade.
    settings : Settings
        Policy and its numbers, and what may press on the stop.
    store : MarketStore, optional
        Recordings of book and open interest; funding comes from the data directory.

    Returns
    -------
    Explanation
        One step a candle.

    Raises
    ------
    DataError
        If candles are missing or do not cover the entry.
    """
    names = dict.fromkeys((asked.timeframe, *stop_charts(settings.stop)))
    frames = {name: read_candles(asked.datadir, asked.pair, name) for name in names}
    base = frames[asked.timeframe]
    inputs = inputs_on_disk(asked.datadir, asked.pair, frames[CHART], settings, store)
    regimes = regimes_on_disk(asked.datadir, asked.pair, settings, store)
    track = measured_track(frames, asked.timeframe, settings, asked.pair, inputs, regimes)
    entry = _open_of(base["open"].to_numpy(), track, asked.opened_ms) if asked.entry is None else asked.entry
    # A trade may end in the candle it began in; its stop is still told at that candle's close.
    until = None if asked.closed_ms is None else max(asked.closed_ms, track.candle_end(asked.opened_ms))
    steps = explain(track, asked.side, entry, asked.opened_ms, settings.stop, until)
    told = Explanation(asked.side, entry, settings.stop.policy, tuple(steps), track, base, asked.timeframe)
    beside: dict[str, Floats] = {}
    for columns in (inputs, regimes):
        if columns is not None:
            beside |= on_base(columns, frames, asked.timeframe, asked.pair)
    return replace(told, synthetic=is_synthetic(asked.datadir), beside=beside)


def _open_of(opens: np.ndarray[Any, np.dtype[np.float64]], track: StopTrack, opened_ms: int) -> float:
    row = track.last_closed(opened_ms) + 1
    if row >= len(opens):
        raise DataError("the trade opens after the last candle: choose an earlier time with --opened")
    return float(opens[row])


def as_table(told: Explanation, *, every_candle: bool) -> Table:
    """Lay an explanation out for the terminal.

    Parameters
    ----------
    told : Explanation
        What to show.
    every_candle : bool
        Show every candle instead of those only in which something happened.

    Returns
    -------
    rich.table.Table
        One row a candle.
    """
    table = Table(title=told.title)
    for heading in ("candle", "close", "best", "stop", "width", "made of", "state"):
        words = heading in ("candle", "made of", "state")
        # Numbers and times stay whole on a narrow terminal, words give way.
        long = heading in ("made of", "state")
        table.add_column(heading, justify="left" if words else "right", no_wrap=not long, overflow="fold")
    for index, step in enumerate(told.steps):
        first, last = index == 0, index == len(told.steps) - 1
        if every_candle or first or last or step.moved or index == told.armed_at:
            table.add_row(
                *_cells(step, index + 1, arms=index == told.armed_at and index > 0, dated=told.dated)
            )
    return table


def _cells(step: Step, number: int, *, arms: bool, dated: bool) -> tuple[str, ...]:
    moment = from_ms(step.closed_at_ms)
    name = f"{moment:%m-%d %H:%M}" if dated else f"{number}"
    happened = [
        "cascade guard" if step.guarded else "",
        "hit" if step.hit else "",
        "crossed" if step.crossed and not step.hit else "",
        "arms" if arms else "armed" if step.armed else f"arms at {step.activation:.2%}",
    ]
    prices = (f"{price:,.6g}" for price in (step.close, step.best, step.stop))
    state = ", ".join(word for word in happened if word)
    return (name, *prices, f"{step.width:.2%}", step.made_of, state)
