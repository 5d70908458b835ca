"""Pictures of a review as plotly traces: equity beside holding, results, and what came after stop-outs.

Traces are plain dictionaries, times in ms since the epoch (UTC). A long path is thinned for the eye, its
ends kept; measures are never taken from what is drawn.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np

from outrigger.review.chart import LOSS, PROFIT
from outrigger.review.hindsight import HOUR_MS, ROUNDING
from outrigger.review.trade import Trade
from outrigger.review.weekly.account import primaries
from outrigger.review.weekly.documents import protective_distance
from outrigger.review.weekly.equity import hold_path
from outrigger.review.weekly.measured import name_of
from outrigger.review.weekly.review import Review
from outrigger.review.weekly.stops import covered

ACCOUNT, HOLDING, OTHER = "#2c7fb8", "#8a8f98", "#b8860b"
MOST_POINTS = 1500
GAIN, HOURS = 0.01, 24.0

Trace = dict[str, Any]


def equity(told: Review) -> list[Trace]:
    """Equity and buy-and-hold since the start, as fractions of the start."""
    clock, path = told.market.clock, told.equity
    holding, _ = hold_path(told.account.pairs, told.market.closes, 0)
    rows = np.unique(np.linspace(0, len(clock) - 1, MOST_POINTS).round().astype(int))
    lines = [("account", path[rows] / path[0] - 1, ACCOUNT)]
    if len(holding) == len(clock):
        lines.append(("buy and hold", holding[rows] - 1, HOLDING))
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": clock[rows].tolist(),
            "y": [float(value) if isfinite(value) else None for value in values],
            "line": {"color": colour, "width": 2},
            "hovertemplate": "%{y:+.2%}",
        }
        for name, values, colour in lines
    ]


def results(told: Review) -> tuple[list[Trace], str]:
    """Histogram of closed primaries' results, in R where their documents tell it.

    Returns
    -------
    traces : list of dict
        Since the start, the week's on top in colour.
    unit : str
        What the axis is: `R` or `% of notional`.
    """
    done = [trade for trade in primaries(told.account.trades) if not trade.is_open]
    sizes = {id(trade): protective_distance(trade) for trade in done}
    in_r = bool(done) and sum(size is not None for size in sizes.values()) > len(done) / 2
    values = {
        id(trade): trade.net_return / size if in_r and size else 100 * trade.net_return
        for trade in done
        if not in_r or (size := sizes[id(trade)])
    }
    start = told.week.period.start_ms
    mine = [values[id(t)] for t in done if id(t) in values and t.closed_ms > start]
    before = [values[id(t)] for t in done if id(t) in values and t.closed_ms <= start]
    every = [*mine, *before]
    bins = {"start": -10.0, "end": 30.0, "size": 0.25 if in_r else 0.5}
    if every:
        bins |= {"start": float(np.floor(min(every))), "end": float(np.ceil(max(every))) + bins["size"]}
    groups = ((told.week.period.name, mine, ACCOUNT), ("before", before, HOLDING))
    return [
        {"type": "histogram", "name": name, "x": x, "xbins": bins, "marker": {"color": colour}}
        for name, x, colour in groups
        if x
    ], "R" if in_r else "% of notional"


def stop_outs(told: Review) -> list[Trace]:
    """Each losing stop-out: what it lost, and how far price then came within 24 h; +1 % is premature."""
    extremes = told.market.extremes
    done = [trade for trade in primaries(told.account.trades) if not trade.is_open]
    lost = [trade for trade in done if trade.left_by_stop and trade.net_return < 0]
    judged, _, _ = covered(lost, extremes, HOURS, told.account.known_ms)
    points = []
    for trade in judged:
        until = trade.closed_ms + round(HOURS * HOUR_MS)
        after = extremes[trade.pair].best_move(trade, trade.closed_ms + 1, until)
        if isfinite(after):
            points.append((trade, after))
    early, right = [[one for one in points if (one[1] >= GAIN - ROUNDING) is side] for side in (True, False)]
    groups = (("premature", early, LOSS), ("right to leave", right, PROFIT))
    return [_scatter(name, chosen, colour) for name, chosen, colour in groups if chosen]


def _scatter(name: str, points: list[tuple[Trade, float]], colour: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [100 * trade.net_return for trade, _ in points],
        "y": [100 * after for _, after in points],
        "text": [name_of(trade) for trade, _ in points],
        "customdata": [trade.closed_ms for trade, _ in points],
        "marker": {"color": colour, "size": 9, "opacity": 0.75},
        "hovertemplate": "%{text}: lost %{x:.2f} %, then %{y:+.2f} %",
    }
