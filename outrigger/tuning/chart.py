"""Draws a walk forward: the balance over all tests, and where each fold put its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from outrigger.atomic import write_text
from outrigger.commands.page import page
from outrigger.market.moment import from_ms
from outrigger.review.backtest_export import BacktestResult
from outrigger.tuning.measures import net_profits
from outrigger.tuning.result import WalkForward

TUNED, CONFIGURED = "#2c7fb8", "#8a8f98"


def write_chart(done: WalkForward, path: Path) -> None:
    """Write a walk forward as one page, atomically.

    Parameters
    ----------
    done : WalkForward
        What to draw.
    path : Path
        The HTML file; its directory is made where missing.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_text(path, page(figure(done)))


def figure(done: WalkForward) -> go.Figure:
    """Draw balances and parameters above each other.

    Parameters
    ----------
    done : WalkForward
        What to draw.

    Returns
    -------
    plotly.graph_objects.Figure
        Profit as a share of the balance each window begins with; parameters as a share of the range searched.
    """
    titles = ("Profit out of sample, share of the balance", "Parameters found, place in the range searched")
    drawn = make_subplots(2, 1, subplot_titles=titles, vertical_spacing=0.12)
    named = (
        ("configured parameters", CONFIGURED, [one.default for one in done.outcomes]),
        ("tuned on the window before", TUNED, [one.tuned for one in done.outcomes]),
    )
    for name, colour, results in named:
        x, y = _profit(results, done.slippage)
        line = {"color": colour, "shape": "hv"}
        drawn.add_scatter(x=x, y=y, name=name, mode="lines", line=line, row=1, col=1)
    for one in done.outcomes:
        drawn.add_vline(from_ms(one.fold.test.start_ms), line_dash="dot", line_color="#cccccc", row=1, col=1)
    for searched in done.searched:
        chosen = done.chosen(searched)
        places = [(value - searched.low) / (searched.high - searched.low) for value in chosen]
        folds = [f"fold {one.fold.number}" for one in done.outcomes if searched.name in one.parameters]
        text = [f"{value:g}" for value in chosen]
        drawn.add_scatter(
            x=folds, y=places, name=searched.name, text=text, mode="lines+markers", row=2, col=1
        )
    drawn.update_yaxes(tickformat=".1%", row=1, col=1)
    drawn.update_yaxes(tickformat=".0%", range=(-0.05, 1.05), row=2, col=1)
    title = f"Walk forward, {done.data}: {len(done.outcomes)} folds, {done.trials} trials"
    drawn.update_layout(title=f"{title}, synthetic" if done.synthetic else title, template="plotly_white")
    return drawn


def _profit(results: Sequence[BacktestResult], slippage: float) -> tuple[list[datetime], list[float]]:
    at = [from_ms(trade.closed_ms) for result in results for trade in result.trades]
    shares = [net_profits(result, slippage) / result.starting_balance for result in results]
    return at, np.cumsum(np.concatenate([np.empty(0), *shares])).tolist()
