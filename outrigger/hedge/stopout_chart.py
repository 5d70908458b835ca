"""Draws what a leg did for its primary around the worst stop-outs of a backtest.

One row a stop-out: equity of the primary, of its leg and of both, from the primary's entry until some time
after the later of the two has ended. The worst are those that lost most money, so they are not typical.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from outrigger.hedge.booked import HedgeBooked
from outrigger.hedge.pairing import Pairing, StopOut, worst_stopouts
from outrigger.hedge.returns import Floats, Times
from outrigger.hedge.trade_path import value_path
from outrigger.market.moment import from_ms

WORST = 5
BEFORE_MS, AFTER_MS = 900_000, 7_200_000
ROW_PX, TITLE_PX = 290, 150
COLOURS = {"primary": "#c0392b", "leg": "#2e86c1", "both": "#1e8449"}


def stopout_chart(
    found: Sequence[Pairing],
    times_ms: Times,
    closes: Mapping[str, Floats],
    currency: str,
    booked: HedgeBooked | None = None,
) -> go.Figure:
    """Draw equity of primary, leg and both around the worst stop-outs that had a leg.

    Parameters
    ----------
    found : sequence of Pairing
        From `outrigger.hedge.pairing.pairings`.
    times_ms : ndarray of int64, shape (n_candles,)
        Close times over the backtest.
    closes : mapping of str to ndarray of shape (n_candles,)
        Closes by pair; NaN where a candle is missing.
    currency : str
        Of the results.
    booked : HedgeBooked, optional
        The account, for the line under the title.

    Returns
    -------
    plotly.graph_objects.Figure
        Says so where no primary with a leg was stopped at a loss.
    """
    worst = worst_stopouts(found, WORST)
    rows = max(len(worst), 1)
    height = TITLE_PX + ROW_PX * rows
    figure = make_subplots(
        rows=rows, cols=1, subplot_titles=[_row_title(one) for one in worst], vertical_spacing=70 / height
    )
    for number, one in enumerate(worst, start=1):
        _draw(figure, number, one, times_ms, closes)
    figure.update_annotations(x=0, xanchor="left", font_size=13)
    if not worst:
        figure.add_annotation(text="no primary with a leg was stopped at a loss", showarrow=False)
    title = f"Primary, leg and both around the {len(worst)} worst stop-outs, {currency}"
    figure.update_layout(
        title={"text": title, "subtitle": {"text": "" if booked is None else account_line(booked)}},
        template="plotly_white",
        height=height,
        margin={"t": TITLE_PX - 40, "b": 40},
        legend={
            "orientation": "h",
            "x": 1,
            "xanchor": "right",
            "y": 1 + 64 / (ROW_PX * rows),
            "yanchor": "bottom",
        },
    )
    return figure


def account_line(booked: HedgeBooked) -> str:
    """The account with and without its legs, and what they cost, in one line."""
    one, other = booked.hedged, booked.unhedged
    return (
        f"account with legs, without: profit {one.profit:+,.2f}, {other.profit:+,.2f}; largest drawdown "
        f"{one.max_drawdown:.2%}, {other.max_drawdown:.2%}; worst 5 % of days {one.cvar_day:.2%}, "
        f"{other.cvar_day:.2%}; legs cost {booked.cost_bp_day:.1f} bp of their notional a day"
    )


def _row_title(one: StopOut) -> str:
    primary, leg = one.primary, one.leg
    word = "long" if primary.side > 0 else "short"
    coin, leg_coin = (pair.partition("/")[0] for pair in (primary.pair, leg.pair))
    return (
        f"{leg.enter_tag}: {coin} {word} {primary.profit:+,.2f}, {leg_coin} leg {leg.profit:+,.2f} "
        f"({leg.exit_reason.removeprefix('hedge_').replace('_', ' ')}), "
        f"both {primary.profit + leg.profit:+,.2f}"
    )


def _draw(
    figure: go.Figure, number: int, one: StopOut, times_ms: Times, closes: Mapping[str, Floats]
) -> None:
    first = one.primary.opened_ms - BEFORE_MS
    last = max(one.primary.closed_ms, one.leg.closed_ms) + AFTER_MS
    shown = np.flatnonzero((times_ms >= first) & (times_ms <= last))
    times = times_ms[shown]
    dates = [from_ms(int(moment)) for moment in times]
    primary, leg = (
        value_path(trade, times_ms, closes[trade.pair])[shown] for trade in (one.primary, one.leg)
    )
    for name, values in (("primary", primary), ("leg", leg), ("both", primary + leg)):
        line = go.Scatter(
            x=dates,
            y=values,
            name=name,
            line={"color": COLOURS[name], "width": 2 if name == "both" else 1.3},
            legendgroup=name,
            showlegend=number == 1,
        )
        figure.add_trace(line, row=number, col=1)
    marks = (
        ("primary stopped", "x", primary, [one.primary.closed_ms], COLOURS["primary"]),
        ("leg opened, closed", "diamond-open", leg, [one.leg.opened_ms, one.leg.closed_ms], COLOURS["leg"]),
    )
    for name, symbol, values, moments, colour in marks:
        at = [min(int(times.searchsorted(moment)), len(times) - 1) for moment in moments if len(times)]
        marker = go.Scatter(
            x=[dates[row] for row in at],
            y=[values[row] for row in at],
            mode="markers",
            name=name,
            marker={"symbol": symbol, "size": 9, "color": colour},
            legendgroup=name,
            showlegend=number == 1,
        )
        figure.add_trace(marker, row=number, col=1)
