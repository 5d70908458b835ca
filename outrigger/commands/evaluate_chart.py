"""Draws an evaluation: whether probabilities are honest, and which regime is taken for which.

Reliability by regime, in ten bins of equally many candles: what was said against what came. The
confusion matrix takes the likeliest regime for the answer, which the
strategy never does: it weighs all five. So a regime that is never likeliest can still be well forecast.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from outrigger.atomic import write_text
from outrigger.commands.evaluate import Answer
from outrigger.commands.page import page
from outrigger.regime.classes import REGIMES
from outrigger.regime.evaluation import Evaluation
from outrigger.volatility.windows import Array

_COLOURS = ("#4daf4a", "#377eb8", "#984ea3", "#e41a1c", "#ff7f00")
_BINS = 10


def write_chart(answer: Answer, path: Path) -> None:
    """Write an evaluation's charts as one page, atomically.

    Parameters
    ----------
    answer : Answer
        What to draw.
    path : Path
        The HTML file; its directory is made where missing.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_text(path, page(figure(answer)))


def figure(answer: Answer) -> go.Figure:
    """Draw reliability and confusion side by side.

    Parameters
    ----------
    answer : Answer
        What to draw.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    told, scored = answer.to_dict(), answer.evaluation
    drawn = make_subplots(
        1, 2, subplot_titles=("Said and came", "Likeliest regime and what came"), horizontal_spacing=0.14
    )
    edge = 0.0
    for one, name in enumerate(REGIMES):
        said, came = reliability(scored.told[:, one], scored.labels == one)
        edge = max(edge, float(said.max()), float(came.max()))
        drawn.add_scatter(
            x=said, y=came, name=name, mode="lines+markers", line_color=_COLOURS[one], row=1, col=1
        )
    perfect = {"dash": "dot", "color": "grey"}
    drawn.add_scatter(x=[0, edge], y=[0, edge], name="perfect", mode="lines", line=perfect, row=1, col=1)
    shares = confusion(scored)
    drawn.add_heatmap(
        z=shares,
        x=REGIMES,
        y=REGIMES,
        colorscale="Blues",
        zmin=0,
        zmax=1,
        showscale=False,
        texttemplate="%{z:.0%}",
        row=1,
        col=2,
    )
    drawn.update_xaxes(title="probability said", tickformat=".0%", row=1, col=1)
    drawn.update_yaxes(title="share that came", tickformat=".0%", row=1, col=1)
    drawn.update_xaxes(title="likeliest regime", row=1, col=2)
    drawn.update_yaxes(title="what came (rows add up to 100 %)", autorange="reversed", row=1, col=2)
    gain = 1 - told["log_loss"] / told["prior_log_loss"]
    drawn.update_layout(
        title=f"Regimes, {told['from'][:10]} to {told['to'][:10]}: {told['rows']:,} candles, "
        f"log loss {gain:.1%} below the prior",
        template="plotly_white",
        legend={"orientation": "h", "y": -0.15},
    )
    return drawn


def reliability(said: Array, came: Array) -> tuple[Array, Array]:
    """Mean probability and share that came true, in bins of equally many candles.

    Parameters
    ----------
    said : ndarray of shape (n_rows,)
        Probabilities of one regime.
    came : ndarray of bool, shape (n_rows,)
        Whether it was that one.

    Returns
    -------
    said, came : ndarray of shape (n_bins,)
        At most ten bins, rising.
    """
    bins = np.array_split(np.argsort(said, kind="stable"), min(_BINS, len(said)))
    return np.array([said[rows].mean() for rows in bins]), np.array([came[rows].mean() for rows in bins])


def confusion(scored: Evaluation) -> Array:
    """Share of each likeliest regime (columns) among the candles of each regime (rows); 0 for none."""
    counts = np.zeros((len(REGIMES), len(REGIMES)))
    np.add.at(counts, (scored.labels, scored.told.argmax(axis=1)), 1.0)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0))
