"""What was known beside prices, as lines between 0 and 1 below a stop's chart.

Percentiles and probabilities are drawn as they are. Depth against its norm is drawn as present over usual
depth, cut at one: what matters to a stop is how much is missing.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from outrigger.commands.explain_stop import Explanation
from outrigger.regime.classes import REGIMES
from outrigger.stops.policies import Floats

_COLOURS: Final = ("#d95f02", "#2c7fb8", "#1b9e77", "#7b61c9", "#b8860b", "#8a8f98", "#c0392b", "#17becf")
_BOOK: Final = {1: "bid", -1: "ask"}
_SIDE: Final = {1: "long", -1: "short"}


def beside_traces(told: Explanation, first: int, last: int) -> list[dict[str, Any]]:
    """Draw what the stop's own side made use of.

    Parameters
    ----------
    told : Explanation
        With what was known beside prices.
    first, last : int
        First candle shown, and the first no longer shown.

    Returns
    -------
    list of dict
        Plotly traces; none where nothing was known.
    """
    rows = slice(first, last)
    times = told.track.closed_at_ms[rows].tolist()
    traces = []
    for colour, (name, values) in zip(_COLOURS, _lines(told).items(), strict=False):
        if np.isfinite(values[rows]).any():
            line = {"color": colour, "width": 1.2, "shape": "hv"}
            trace = go.Scatter(x=times, y=values[rows].tolist(), mode="lines", name=name, line=line)
            traces.append(trace.to_plotly_json())
    return traces


def _lines(told: Explanation) -> dict[str, Floats]:
    """Lines by their names, those of the trade's own side only."""
    depth, side = f"book_{_BOOK[told.side]}_depth_vs_norm", _SIDE[told.side]
    found: dict[str, Floats] = {}
    if (fragile := told.beside.get(f"fragility_{side}_percentile")) is not None:
        found[f"fragility of {side}s, percentile"] = fragile
    if (log_ratio := told.beside.get(depth)) is not None:
        found[f"{_BOOK[told.side]} depth over its norm"] = np.minimum(np.exp(log_ratio), 1.0)
    if (percentile := told.beside.get("funding_percentile_90d")) is not None:
        found["funding, percentile"] = percentile
    found |= {f"P({name})": told.beside[name] for name in REGIMES if name in told.beside}
    return found
