"""One self-contained HTML page: the table, the charts, the trades and what was assumed.

Everything the page needs is inside it, plotly's script included, and a content security policy forbids the
browser to fetch anything: the page works, and reads the same, without a network. Numbers come from
`outrigger.review.table`, pictures from `outrigger.review.chart`; this module only puts them together.
Weak: about five of its megabytes are plotly itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.io.json import to_json_plotly
from plotly.offline import get_plotlyjs

from outrigger.atomic import write_text
from outrigger.review import chart, table
from outrigger.review.backtest_export import BacktestResult
from outrigger.review.stop_line import StopLine
from outrigger.review.summary import Summary
from outrigger.review.trade import Trade

CHART_TIMEFRAME = "5m"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One backtest as the report shows it.

    Parameters
    ----------
    summary : Summary
        Its measures; the name is that of the column.
    result : BacktestResult
        Its trades.
    stops : tuple of StopLine
        The way of each trade's stop, in the trades' order.
    """

    summary: Summary
    result: BacktestResult
    stops: tuple[StopLine, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """What the report says besides numbers.

    Parameters
    ----------
    title, notice, lead : str
        Headline; what the reader must not overlook; what was done, in a few sentences.
    footnote : str
        How to read the table.
    assumptions : tuple of (str, str)
        Subject and statement.
    version : str
        Version of the package, for the foot of the page.
    """

    title: str
    notice: str
    lead: str
    footnote: str
    assumptions: tuple[tuple[str, str], ...]
    version: str


def write_report(
    path: Path, words: Words, reviewed: Sequence[Reviewed], candles: Mapping[str, pd.DataFrame]
) -> None:
    """Write the report, atomically.

    Parameters
    ----------
    path : Path
        The HTML file; its folder is made if absent.
    words : Words
        Everything that is said.
    reviewed : sequence of Reviewed
        Backtests, the one that the others are compared with first.
    candles : mapping of str to DataFrame
        Candles of `CHART_TIMEFRAME` by pair, as far as they shall be drawn.

    Raises
    ------
    DataError
        If the candles' dates are missing, repeated or out of order.
    OSError
        If the file cannot be written.
    """
    write_text(path, render(words, reviewed, candles))


def render(words: Words, reviewed: Sequence[Reviewed], candles: Mapping[str, pd.DataFrame]) -> str:
    """Make the report's HTML; parameters and errors as in `write_report`."""
    environment = Environment(
        loader=PackageLoader("outrigger.review"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("report.html.j2").render(
        words=words,
        names=[one.summary.name for one in reviewed],
        pairs=list(candles),
        lines=table.lines([one.summary for one in reviewed]),
        trades=[row for one in reviewed for row in _rows(one)],
        figures=_script_safe(to_json_plotly(_figures(reviewed, candles))),
        plotly=Markup(get_plotlyjs()),  # noqa: S704  (the library's own script)
    )


def _figures(reviewed: Sequence[Reviewed], candles: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Everything that can be drawn, by pair and backtest."""
    return {
        "candles": {pair: chart.candles(frame, CHART_TIMEFRAME) for pair, frame in candles.items()},
        "trades": {one.summary.name: {pair: _of_pair(one, pair) for pair in candles} for one in reviewed},
        "balances": chart.balances([(one.summary.name, one.result) for one in reviewed]),
    }


def _of_pair(one: Reviewed, pair: str) -> list[chart.Trace]:
    chosen = [(t, s) for t, s in zip(one.result.trades, one.stops, strict=True) if t.pair == pair]
    return chart.trades([trade for trade, _ in chosen], [stop for _, stop in chosen])


def _rows(one: Reviewed) -> list[dict[str, Any]]:
    """Lines of the list of trades."""
    return [_row(one.summary.name, t, s) for t, s in zip(one.result.trades, one.stops, strict=True)]


def _row(name: str, trade: Trade, stop: StopLine) -> dict[str, Any]:
    return {
        "name": name,
        "pair": trade.pair,
        "from": trade.opened_ms,
        "to": trade.closed_ms,
        "won": trade.profit > 0,
        "cells": (
            datetime.fromtimestamp(trade.opened_ms / 1000, tz=UTC).strftime("%d %b %H:%M"),
            "long" if trade.side > 0 else "short",
            trade.enter_tag.partition(":")[2] or trade.enter_tag,
            f"{trade.open_rate:,.10g}",
            f"{trade.close_rate:,.10g}",
            trade.exit_reason.replace("_", " "),
            chart.duration(trade),
            *chart.results(trade, stop),
        ),
    }


def _script_safe(text: str) -> Markup:
    """JSON that may stand inside a script element: no tag can end it."""
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704  (escaped here, for a script and not for HTML)
