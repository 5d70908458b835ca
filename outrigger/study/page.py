"""A study as one self-contained HTML page: what each policy costs and saves, and how sure that is.

Plotly's script is inside and a content security policy forbids the browser to fetch anything. Numbers come
from `outrigger.study.result`; this module lays them out. Colours tell policies apart by lightness too. Weak:
about five of its megabytes are plotly itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.io.json import to_json_plotly
from plotly.offline import get_plotlyjs

from outrigger.atomic import write_text
from outrigger.json_values import plain
from outrigger.study.measures import Figure
from outrigger.study.policies import HEDGE
from outrigger.study.result import (
    READING_AS_IS,
    READING_CVAR,
    READING_MATCHED,
    READINGS,
    UNITS,
    PolicyFigures,
    StudyResult,
)

FIRST, OTHERS = "#2c6fb0", "#9aa5b1"
COLOURS = (
    "#2c6fb0", "#5aa9d6", "#7b61c9", "#b8860b", "#d95f02", "#e8a26a", "#f0c79a", "#c2410c", "#8a8f98",
    "#6f7b88", "#444b54", "#a9b4c0",
)  # fmt: skip
_READINGS = {
    READING_AS_IS: ("As it is", "every policy with its own widths"),
    READING_MATCHED: ("Matched", "widths scaled until the mean notional equals that of a 3 % stop"),
    READING_CVAR: ("Equal CVaR", "positions sized until the worst 5 % of trades cost the account the same"),
}
_COLUMNS = (
    ("premature_stop_rate", "premature, %", 100.0, 1, False),
    ("trend_capture", "capture, %", 100.0, 0, False),
    ("liquidations", "liquidations", 1.0, 0, False),
    ("win_rate", "win rate, %", 100.0, 0, False),
    ("expectancy_bp", "expectancy, bp", 1.0, 1, True),
    ("expectancy_minus_null_bp", "less null, bp", 1.0, 1, True),
    ("cvar95", "CVaR 95 %, R", 1.0, 2, False),
    ("max_drawdown", "drawdown, %", 100.0, 1, False),
)


def write_page(found: StudyResult, path: Path) -> None:
    """Write the report, atomically.

    Parameters
    ----------
    found : StudyResult
        The study.
    path : Path
        The HTML file; its folder is made if absent.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_text(path, render(found))


def render(found: StudyResult) -> str:
    """Make the page's HTML."""
    environment = Environment(
        loader=PackageLoader("outrigger.study"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    whole = found.whole
    return environment.get_template("study.html.j2").render(
        about=found.about,
        verdict=_verdict(found),
        tables=[
            {"name": reading, "title": title, "how": how, "rows": _rows(found.find(whole, reading))}
            for reading, (title, how) in _READINGS.items()
        ],
        heads=[(label, UNITS[key]) for key, label, *_ in _COLUMNS],
        nulls=[_null_row(one) for one in found.find(whole, READING_AS_IS)],
        ends=[_end_row(one) for one in found.find(whole, READING_MATCHED)],
        tuned=found.tuned,
        luck=found.luck,
        failures=found.failures,
        assumptions=[(key.replace("_", " "), value) for key, value in found.about["assumptions"].items()],
        figures=_script_safe(to_json_plotly(plain(_figures(found)))),
        plotly=Markup(get_plotlyjs()),  # noqa: S704  (the library's own script)
    )


def _verdict(found: StudyResult) -> list[str]:
    """What the matched table says, in sentences."""
    rows = {one.policy: one for one in found.find(found.whole, READING_MATCHED)}
    shipped = rows.pop("volatility", None)
    if shipped is None:
        return []
    own = shipped.figures
    told = [
        f"At equal mean notional the default stop throws {own['premature_stop_rate'].value:.1%} of its "
        f"trades out too early and keeps {own['trend_capture'].value:.0%} of the move that its winners could "
        "have had."
    ]
    rivals = [one for name, one in rows.items() if not name.startswith("volatility") and name != "naive"]
    if rivals:
        best = min(rivals, key=lambda one: one.figures["premature_stop_rate"].value)
        rate = best.figures["premature_stop_rate"].value
        fewer = 1 - own["premature_stop_rate"].value / rate if rate > 0 else 0.0
        told.append(
            f"The best of the others is {best.title}, {rate:.1%}: the default has {fewer:.0%} fewer."
            if fewer > 0
            else f"{best.title} does better, {rate:.1%}."
        )
    null = own["expectancy_minus_null_bp"]
    sure = "different from" if null.low > 0 or null.high < 0 else "not told apart from"
    told.append(
        f"Its mean result is {own['expectancy_bp'].value:+.1f} bp of notional a trade, {sure} the same stop "
        f"on random entries ({null.value:+.1f}, {null.low:+.1f} to {null.high:+.1f})."
    )
    return told


def _rows(rows: Sequence[PolicyFigures]) -> list[dict[str, Any]]:
    return [
        {
            "title": one.title,
            "scale": f"{one.scale:.2f}",
            "trades": f"{one.figures['trades'].value:,.0f}",
            "cells": [
                _cell(one.figures[key], factor, digits, sign=sign)
                for key, _, factor, digits, sign in _COLUMNS
            ],
        }
        for one in rows
    ]


def _cell(one: Figure, factor: float, digits: int, *, sign: bool) -> tuple[str, str]:
    """A value and its interval."""
    shape = f"{'+' if sign else ''}.{digits}f"
    value, low, high = (
        f"{factor * number:{shape}}" if isfinite(number) else "–" for number in (one.value, one.low, one.high)
    )
    return value, "" if low == "–" else f"{low} to {high}"


def _null_row(one: PolicyFigures) -> tuple[str, ...]:
    walk = f"{one.geometry_win_rate:.1%}" if isfinite(one.geometry_win_rate) else "–"
    return (
        one.title,
        f"{one.figures['win_rate'].value:.1%}",
        walk,
        f"{one.figures['expectancy_bp'].value:+.1f}",
        f"{one.null.mean:+.1f} ({one.null.low:+.1f} to {one.null.high:+.1f})",
        f"{one.null.p_value:.2f}",
        *(f"{value:+.1f}" for value in one.slippage_bp.values()),
    )


def _end_row(one: PolicyFigures) -> tuple[str, ...]:
    early = (one.premature["6h"], one.figures["premature_stop_rate"].value, one.premature["72h"])
    r = one.mean_r
    return (
        one.title,
        *(f"{rate:.1%}" for rate in early),
        f"{one.stop_share:.0%}",
        f"{one.armed_share:.0%}",
        f"{one.mean_hours:.1f}",
        f"{r.value:+.3f} ({r.low:+.3f} to {r.high:+.3f})",
        f"{one.sd_r:.2f}",
    )


def _figures(found: StudyResult) -> dict[str, Any]:
    """Every chart's traces, by the id of its place on the page."""
    matched = found.find(found.whole, READING_MATCHED)
    return {
        "premature": [
            _bars(found.find(found.whole, one), "premature_stop_rate", 100.0) for one in READINGS[:2]
        ],
        "excess": [
            _bars(found.find(found.whole, one), "expectancy_minus_null_bp", 1.0) for one in READINGS[:2]
        ],
        # A leg changes no exit: its point would lie on the shipped stop's.
        "trade_off": [_point(one) for one in matched if one.policy != HEDGE],
        "accounts": {
            name: _accounts(found, name) for name in dict.fromkeys(one.data for one in found.curves)
        },
        "windows": _heat(found),
    }


def _bars(rows: Sequence[PolicyFigures], key: str, factor: float) -> dict[str, Any]:
    """Points with intervals, one a policy."""
    told = [one.figures[key] for one in rows]
    name = _READINGS[rows[0].reading][0] if rows else ""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "y": [one.title for one in rows],
        "x": [factor * one.value for one in told],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [factor * (one.high - one.value) for one in told],
            "arrayminus": [factor * (one.value - one.low) for one in told],
            "thickness": 1.5,
            "width": 3,
        },
        "marker": {
            "size": 9,
            "symbol": "circle" if name == _READINGS[READING_MATCHED][0] else "circle-open",
            "color": [FIRST if one.policy == "volatility" else OTHERS for one in rows],
        },
        "hovertemplate": "%{y}: %{x:.1f}<extra>" + name + "</extra>",
    }


def _point(one: PolicyFigures) -> dict[str, Any]:
    rate, kept = one.figures["premature_stop_rate"], one.figures["trend_capture"]
    first = one.policy == "volatility"
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": one.title,
        "x": [100 * rate.value],
        "y": [100 * kept.value],
        "text": [one.title],
        "textposition": "top center",
        "showlegend": False,
        "marker": {"size": 13 if first else 9, "color": FIRST if first else OTHERS},
        "hovertemplate": "premature %{x:.1f} %, capture %{y:.0f} %<extra>" + one.title + "</extra>",
    }


def _accounts(found: StudyResult, data: str) -> list[dict[str, Any]]:
    own = [one for one in found.curves if one.data == data]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": one.title,
            "x": [f"{pd.Timestamp(day, unit='D'):%Y-%m-%d}" for day in one.days],
            "y": [100 * value for value in one.account],
            "line": {"width": 3 if number == 0 else 1.5, "color": COLOURS[number % len(COLOURS)]},
            "hovertemplate": "%{y:+.2f} %",
        }
        for number, one in enumerate(own)
    ]


def _heat(found: StudyResult) -> list[dict[str, Any]]:
    """Premature rate by policy and window."""
    titles = list(dict.fromkeys(one.title for one in found.windows))
    columns = list(dict.fromkeys((one.data, one.window, one.start) for one in found.windows))
    known = {(one.title, one.data, one.window): one for one in found.windows}
    cells = [[known.get((title, data, window)) for data, window, _ in columns] for title in titles]
    return [
        {
            "type": "heatmap",
            "x": [f"{start} · {data}" for data, _, start in columns],
            "y": titles,
            "z": [[None if one is None else 100 * one.premature for one in row] for row in cells],
            "text": [["" if one is None else f"{100 * one.premature:.0f}" for one in row] for row in cells],
            "texttemplate": "%{text}",
            "colorscale": [[0, "#eef4fa"], [0.5, "#f2b872"], [1, "#b8400e"]],
            "zmin": 0,
            "colorbar": {"title": {"text": "%"}, "thickness": 10},
            "hovertemplate": "%{y}, %{x}: %{z:.1f} %<extra></extra>",
        }
    ]


def _script_safe(text: str) -> Markup:
    """JSON that may stand inside a script element: no tag can end it."""
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704  (escaped here, for a script and not for HTML)
