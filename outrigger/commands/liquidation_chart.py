"""Draws estimated liquidation levels as one HTML page that works without a network.

A heatmap of notional by price and time with the candles over it: levels pile up where positions would be
forced out and end where the price sweeps them. Colour is the square root of the notional, cut at a high
quantile, because a few huge levels would leave the rest dark; the hover text has the amount. Weak: colour
compares levels within one picture, not between pictures.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from outrigger.atomic import write_text
from outrigger.commands.liquidations import LevelMap
from outrigger.commands.page import page
from outrigger.market.features.level_columns import close_times

PRICE: Final = "#20242a"
# From paper white to dark: zero disappears, and lightness alone orders the rest.
SCALE: Final = [[0.0, "#ffffff"], [0.25, "#fde3c0"], [0.5, "#f9a65a"], [0.75, "#d7433f"], [1.0, "#5b1049"]]
_BRIGHTEST: Final = 0.997
_POINTS: Final = 4000


def write_chart(found: LevelMap, path: Path) -> None:
    """Write an interactive heatmap, atomically.

    Parameters
    ----------
    found : LevelMap
        What to draw.
    path : Path
        The HTML file; its directory is made where missing.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_text(path, page(figure(found)))


def figure(found: LevelMap) -> go.Figure:
    """Draw levels and price.

    Parameters
    ----------
    found : LevelMap
        What to draw.

    Returns
    -------
    plotly.graph_objects.Figure
        A heatmap of notional and a line of closes.
    """
    drawn = go.Figure([_levels(found), _closes(found)])
    drawn.update_layout(
        title={"text": found.title, "subtitle": {"text": "Assumed leverage, not observed positions"}},
        template="plotly_white",
        dragmode="pan",
        hovermode="closest",
        margin={"l": 70, "r": 30, "t": 90, "b": 50},
        showlegend=False,
        xaxis={"type": "date", "title": "UTC", "showgrid": False},
        yaxis={
            "title": "price",
            "showgrid": False,
            "range": [float(found.prices[0]), float(found.prices[-1])],
        },
    )
    return drawn


def _levels(found: LevelMap) -> Any:
    shade = np.sqrt(found.levels.T)
    lit = shade[shade > 0]
    top = float(np.quantile(lit, _BRIGHTEST)) if lit.size else 1.0
    ticks = np.linspace(0.0, top, 5)
    return go.Heatmap(
        x=found.times_ms.tolist(),
        y=found.prices.tolist(),
        z=shade.astype(np.float32),
        customdata=(found.levels.T / 1e6).astype(np.float32),
        zmin=0.0,
        zmax=top,
        colorscale=SCALE,
        hovertemplate="%{x}<br>level %{y:,.6~g}: %{customdata:,.2f} million<extra>estimate</extra>",
        colorbar={
            "title": {"text": "forced out<br>at a level, m<br> "},
            "tickvals": ticks.tolist(),
            "ticktext": [f"{tick**2 / 1e6:,.3g}" for tick in ticks],
        },
    )


def _closes(found: LevelMap) -> Any:
    shown = found.candles.dropna(subset=["close"])
    step = max(len(shown) // _POINTS, 1)
    return go.Scatter(
        x=close_times(shown, found.timeframe)[::step].tolist(),
        y=shown["close"].iloc[::step].tolist(),
        mode="lines",
        name="close",
        line={"color": PRICE, "width": 1.3},
        hovertemplate="%{x}<br>close %{y:,.6~g}<extra></extra>",
    )
