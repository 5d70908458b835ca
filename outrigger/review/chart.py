"""Charts of a backtest as plotly traces: candles, trades, the way of each stop, the balance.

Traces are plain dictionaries with times in ms since the epoch (UTC): the report draws one pair and one
backtest at a time and picks what it needs. Candles are grey so that trades stand out; profit and loss are
told apart by colour and by text, in colours that do not depend on seeing red and green.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from outrigger.market.alignment import open_times_ms
from outrigger.review.backtest_export import BacktestResult
from outrigger.review.stop_line import StopLine
from outrigger.review.table import BASIS_POINT, number
from outrigger.review.trade import Trade

PROFIT, LOSS, STOP = "#1b9e77", "#d95f02", "#7b61c9"
RISING, FALLING = "#a9b4c0", "#6f7b88"
BALANCES = ("#2c7fb8", "#d95f02", "#7b61c9", "#8a8f98", "#b8860b", "#1b9e77")
MINUTE_MS = 60_000

Trace = dict[str, Any]
Points = list[tuple[int | None, float | None]]


def candles(frame: pd.DataFrame, timeframe: str) -> Trace:
    """Draw candles.

    Parameters
    ----------
    frame : DataFrame
        With `date, open, high, low, close`; shape (n_candles, ...).
    timeframe : str
        Length of a candle, such as `"5m"`.

    Returns
    -------
    dict
        A plotly candlestick trace.

    Raises
    ------
    DataError
        If dates are missing, repeated or out of order.
    """
    return _plain(
        go.Candlestick(
            x=open_times_ms(frame["date"], timeframe).tolist(),
            **{name: frame[name].tolist() for name in ("open", "high", "low", "close")},
            increasing={"line": {"color": RISING, "width": 1}, "fillcolor": RISING},
            decreasing={"line": {"color": FALLING, "width": 1}, "fillcolor": FALLING},
            name=f"{timeframe} candles",
            hoverinfo="x+y",
        )
    )


def trades(done: Sequence[Trade], stops: Sequence[StopLine]) -> list[Trace]:
    """Draw trades of one pair with their stops.

    Parameters
    ----------
    done : sequence of Trade
        Trades of the pair.
    stops : sequence of StopLine
        One a trade, in the same order.

    Returns
    -------
    list of dict
        Plotly traces: protective stops, trails, where trails armed, trades in profit and at a loss, entries
        and exits.
    """
    return [
        _line("protective stop", _joined(map(_protective, stops)), STOP, dash="dot", shape="hv"),
        _line("trailing stop", _joined(map(_trail, stops)), STOP, shape="hv", width=2),
        _marks("trail armed", _armings(stops), STOP, "diamond-open", ["trail armed"] * len(stops)),
        _line("trade in profit", _joined(_ways(done, won=True)), PROFIT, dash="dash", width=1.5),
        _line("trade at a loss", _joined(_ways(done, won=False)), LOSS, dash="dash", width=1.5),
        _marks(
            "entry",
            [(trade.opened_ms, trade.open_rate) for trade in done],
            [_colour(trade) for trade in done],
            ["triangle-up" if trade.side > 0 else "triangle-down" for trade in done],
            [_entry_text(trade) for trade in done],
        ),
        _marks(
            "exit",
            [(trade.closed_ms, trade.close_rate) for trade in done],
            [_colour(trade) for trade in done],
            "x",
            [_exit_text(trade, stop) for trade, stop in zip(done, stops, strict=True)],
        ),
    ]


def balances(named: Sequence[tuple[str, BacktestResult]]) -> list[Trace]:
    """Draw the balance of closed trades of several backtests.

    Parameters
    ----------
    named : sequence of (name, BacktestResult)
        The first is drawn boldest.

    Returns
    -------
    list of dict
        One plotly trace each.
    """
    drawn = []
    for position, (name, result) in enumerate(named):
        balance, points = result.starting_balance, [(result.start_ms, result.starting_balance)]
        for trade in result.trades:
            balance += trade.profit
            points.append((trade.closed_ms, balance))
        points.append((max(result.end_ms, points[-1][0]), balance))
        colour = BALANCES[position % len(BALANCES)]
        drawn.append(_line(name, list(points), colour, shape="hv", width=1.5 if position else 3))
        drawn[-1]["hoverinfo"] = "all"
    return drawn


def results(trade: Trade, stop: StopLine) -> tuple[str, str]:
    """Net result of a trade in basis points of notional and in R, the loss at its protective stop."""
    in_r = number(trade.net_return / stop.protective_distance, "{:+.2f} R")
    return number(trade.net_return / BASIS_POINT, "{:+.0f} bp"), in_r


def _protective(stop: StopLine) -> Points:
    """Level before the trail armed, held until then."""
    until = stop.until_ms if stop.armed_ms is None else stop.armed_ms
    before = [level for level in stop.levels if level[0] < until]
    return [*before, (until, before[-1][1])] if before else []


def _trail(stop: StopLine) -> Points:
    """Levels from the moment the trail armed, the last of them held until the exit."""
    if stop.armed_ms is None:
        return []
    held = [price for at, price in stop.levels if at <= stop.armed_ms]
    after: Points = [(at, price) for at, price in stop.levels if at > stop.armed_ms]
    # The last two levels held at the arming: the jump from the protective stop is part of the line.
    jump: Points = [(stop.armed_ms, price) for price in held[-2:]]
    return [*jump, *after, (stop.until_ms, stop.levels[-1][1])]


def _armings(stops: Iterable[StopLine]) -> Points:
    """Where a trail armed on the way; one that trails from the entry on has no such moment."""
    return [
        (stop.armed_ms, next(price for at, price in reversed(stop.levels) if at <= stop.armed_ms))
        for stop in stops
        if stop.armed_ms is not None and stop.armed_ms > stop.levels[0][0]
    ]


def _ways(done: Iterable[Trade], *, won: bool) -> Iterable[Points]:
    for trade in done:
        if (trade.profit > 0) is won:
            yield [(trade.opened_ms, trade.open_rate), (trade.closed_ms, trade.close_rate)]


def _joined(parts: Iterable[Points]) -> Points:
    """One line of many, with a gap after each."""
    return [point for part in parts if part for point in (*part, (None, None))]


def _line(name: str, points: Points, colour: str, **line: Any) -> Trace:
    x, y = [point[0] for point in points], [point[1] for point in points]
    line = {"color": colour, "width": 1.5, **line}
    return _plain(go.Scatter(x=x, y=y, mode="lines", name=name, line=line, hoverinfo="skip"))


def _marks(name: str, points: Points, colour: Any, symbol: Any, text: Sequence[str]) -> Trace:
    x, y = [point[0] for point in points], [point[1] for point in points]
    marker = {"color": colour, "symbol": symbol, "size": 10, "line": {"width": 1.5}}
    return _plain(
        go.Scatter(
            x=x,
            y=y,
            mode="markers",
            name=name,
            marker=marker,
            text=list(text)[: len(x)],
            hoverinfo="x+y+text",
        )
    )


def _colour(trade: Trade) -> str:
    return PROFIT if trade.profit > 0 else LOSS


def _entry_text(trade: Trade) -> str:
    # Plotly reads tags in hover texts, and a strategy may name its signals as it likes.
    side, tag = "long" if trade.side > 0 else "short", escape(trade.enter_tag)
    return f"{side} at {trade.leverage:g}x, {trade.notional:,.0f} notional<br>signal {tag}"


def _exit_text(trade: Trade, stop: StopLine) -> str:
    basis_points, in_r = results(trade, stop)
    return f"{escape(trade.exit_reason)}<br>{basis_points} net, {in_r}<br>after {duration(trade)}"


def duration(trade: Trade) -> str:
    """How long a trade lasted, such as `3 h 41 min`."""
    hours, minutes = divmod((trade.closed_ms - trade.opened_ms) // MINUTE_MS, 60)
    return f"{hours} h {minutes:02d} min"


def _plain(trace: Any) -> Trace:
    plain: Callable[[], Trace] = trace.to_plotly_json
    return plain()
