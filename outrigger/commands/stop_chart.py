"""Draws an explained stop as one HTML page that works without a network.

Candles where the trade was recorded, a line of closes for a path, which has no candles and no times.
A stop is known at a candle's close and holds from there, so its steps lie at closes, not at opens.
The mark of the exit is the law's own: the stop where a candle reached it, else the close that lay
beyond. Weak: what the trade was really filled at is not known here; five megabytes are plotly itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from outrigger.atomic import write_text
from outrigger.commands.beside_chart import beside_traces
from outrigger.commands.explain_stop import Explanation
from outrigger.commands.page import page
from outrigger.review.chart import FALLING, LOSS, PROFIT, STOP, candles
from outrigger.stops.law import open_stop

BEST = "#2c7fb8"
# Candles shown before the entry and after the end: a share of the trade, but never fewer than this.
MARGIN_SHARE, MARGIN_CANDLES = 0.25, 30


def write_chart(told: Explanation, path: Path) -> None:
    """Write an interactive chart of a stop, atomically.

    Parameters
    ----------
    told : Explanation
        What to draw.
    path : Path
        The HTML file; its directory is made where missing.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_text(path, page(figure(told)))


def figure(told: Explanation) -> go.Figure:
    """Draw a stop.

    Parameters
    ----------
    told : Explanation
        What to draw.

    Returns
    -------
    plotly.graph_objects.Figure
        Price, stop, best price, the price that arms, and marks for entry, arming and exit.
    """
    steps = told.steps
    at = _moments(told)
    start = at[0]
    entry = (start, told.entry)
    stops = [(start, _first_stop(told)), *((x, step.stop) for x, step in zip(at[1:], steps, strict=True))]
    bests = [entry, *((x, step.best) for x, step in zip(at[1:], steps, strict=True))]
    below = beside_traces(told, *_shown_rows(told, at)) if told.dated else []
    drawn = go.Figure(_prices(told, at))
    drawn.add_trace(_steps("stop", stops, STOP, _reasons(told), width=2.5))
    drawn.add_trace(_steps("best price", bests, BEST, None, dash="dot"))
    if arming := _arming_prices(told, at):
        drawn.add_trace(_steps("arms at", arming, FALLING, None, dash="dash"))
    drawn.add_trace(_mark("entry", entry, STOP, "triangle-up" if told.side > 0 else "triangle-down"))
    if told.armed_at:
        armed = (at[told.armed_at + 1], steps[told.armed_at].best)
        drawn.add_trace(_mark("trail arms", armed, PROFIT, "diamond"))
    if (left := exit_of(told)) is not None:
        drawn.add_trace(_mark(left[0], (at[-1], left[1]), LOSS, "x"))
    for trace in below:
        drawn.add_trace({**trace, "xaxis": "x", "yaxis": "y2"})
    drawn.update_layout(
        title=told.title,
        template="plotly_white",
        hovermode="x unified",
        dragmode="pan",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        margin={"l": 70, "r": 30, "t": 90, "b": 50},
        xaxis={"type": "date", "rangeslider": {"visible": False}, "title": "UTC"}
        if told.dated
        else {"title": "closed candle after the entry", "dtick": 1 if len(steps) <= MARGIN_CANDLES else None},
        yaxis={"title": "price", "domain": [0.34 if below else 0.0, 1.0]},
    )
    if below:
        drawn.update_layout(
            xaxis={"anchor": "y2"}, yaxis2={"title": "0 to 1", "domain": [0.0, 0.28], "range": [0, 1.02]}
        )
    return drawn


def exit_of(told: Explanation) -> tuple[str, float] | None:
    """How and at what price the law leaves the trade.

    Parameters
    ----------
    told : Explanation
        What was told.

    Returns
    -------
    tuple of (str, float) or None
        The stop that was in force where the last candle traded through it, its close where that lies beyond
        the stop it moved; None while the stop holds.
    """
    last = told.steps[-1]
    if last.hit:
        return "exit: stop hit", told.steps[-2].stop if len(told.steps) > 1 else _first_stop(told)
    return ("exit: stop crossed", last.close) if last.crossed else None


def _first_stop(told: Explanation) -> float:
    """Stop in force from the fill on: the first step's, unless that candle moved it."""
    first = told.steps[0]
    if not first.moved:
        return first.stop
    row = int(told.track.closed_at_ms.searchsorted(first.closed_at_ms)) - 1
    return open_stop(told.side, told.entry, told.track.widths.of(told.side).at(row), first.closed_at_ms).stop


def _moments(told: Explanation) -> list[int]:
    """Where the entry and each step lie: times in ms, or the numbers of a path's prices."""
    if not told.dated:
        return list(range(len(told.steps) + 1))
    first = told.steps[0].closed_at_ms
    return [first - told.track.length_ms, *(step.closed_at_ms for step in told.steps)]


def _prices(told: Explanation, at: Sequence[int]) -> Any:
    if told.candles is None:
        closes = [told.entry, *(step.close for step in told.steps)]
        line = {"color": FALLING, "width": 1.5}
        return go.Scatter(x=list(at), y=closes, mode="lines+markers", name="close", line=line)
    first, last = _shown_rows(told, at)
    return candles(told.candles.iloc[first:last], told.timeframe)


def _shown_rows(told: Explanation, at: Sequence[int]) -> tuple[int, int]:
    """First candle shown, and the first no longer shown: the trade with some margin on either side."""
    margin = max(MARGIN_CANDLES, round(MARGIN_SHARE * len(told.steps)))
    first, last = (int(told.track.closed_at_ms.searchsorted(moment)) for moment in (at[1], at[-1]))
    return max(first - margin, 0), last + 1 + margin


def _reasons(told: Explanation) -> list[str]:
    told_by = [told.steps[0], *told.steps]
    return [
        f"width {step.width:.2%}: {step.made_of}"
        + (", drawn up by the cascade guard" if step.guarded else "")
        for step in told_by
    ]


def _arming_prices(told: Explanation, at: Sequence[int]) -> list[tuple[int, float]]:
    """Price at which the trail would arm, until it does; nothing for a trail from the entry on."""
    until = len(told.steps) if told.armed_at is None else told.armed_at
    waiting = told.steps[:until]
    levels = [told.entry * (1 + told.side * step.activation) for step in waiting]
    finite = [(x, level) for x, level in zip(at[1:], levels, strict=False) if abs(level) < float("inf")]
    return [*finite, (at[until + 1], finite[-1][1])] if finite and until < len(told.steps) else finite


def _steps(
    name: str, points: Sequence[tuple[int, float]], colour: str, text: list[str] | None, **line: Any
) -> Any:
    x, y = [point[0] for point in points], [point[1] for point in points]
    style = {"color": colour, "width": 1.5, "shape": "hv", **line}
    shown = "%{y:,.6~g}<br>%{text}" if text else "%{y:,.6~g}"
    return go.Scatter(x=x, y=y, mode="lines", name=name, line=style, text=text, hovertemplate=shown)


def _mark(name: str, point: tuple[int, float], colour: str, symbol: str) -> Any:
    marker = {"color": colour, "symbol": symbol, "size": 12, "line": {"color": "white", "width": 1}}
    return go.Scatter(x=[point[0]], y=[point[1]], mode="markers", name=name, marker=marker)
