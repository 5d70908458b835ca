"""A review as one self-contained HTML page, which loads nothing and sends nothing.

Words and numbers are those of the terminal; a content security policy forbids the browser to fetch anything.
Weak: about five of its megabytes are plotly itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.io.json import to_json_plotly
from plotly.offline import get_plotlyjs

from outrigger import __version__
from outrigger.atomic import write_text
from outrigger.market.moment import from_ms
from outrigger.review.chart import duration
from outrigger.review.table import BASIS_POINT, number
from outrigger.review.trade import Trade
from outrigger.review.weekly import charts, table
from outrigger.review.weekly.account import is_leg
from outrigger.review.weekly.documents import protective_distance
from outrigger.review.weekly.lines import lines, money
from outrigger.review.weekly.measured import name_of
from outrigger.review.weekly.review import Review

ASSUMED = (
    (
        "Equity",
        "Marked at five-minute closes; an open trade counts as if closed now, its exit fee paid.",
    ),
    ("Buy and hold", "The same pairs in equal parts, without leverage, fees, funding or rebalancing."),
    ("A week's trades", "Those that ended in it; weeks begin on Monday 00:00 UTC."),
    (
        "Premature",
        "Left by a stop at a loss, then entry +1 % in the trade's favour within the horizon after the exit.",
    ),
    (
        "Liquidation",
        "Live: the price that Freqtrade keeps with the trade. Backtest: from the maintenance tiers that "
        "Freqtrade ships for Binance.",
    ),
)


TILES = ("Account", "Buy and hold", "Drawdown", "Premature, 24 h", "Margin to liquidation")


def write_page(path: Path, told: Review) -> None:
    """Write a review's page, atomically.

    Parameters
    ----------
    path : Path
        The HTML file; its folder is made where missing.
    told : Review
        The review.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_text(path, render(told))


def render(told: Review) -> str:
    """Make the page's HTML."""
    environment = Environment(
        loader=PackageLoader("outrigger.review.weekly"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    results, unit = charts.results(told)
    drawn = {
        "equity": charts.equity(told),
        "results": results,
        "unit": unit,
        "stops": charts.stop_outs(told),
        "week": [told.week.period.start_ms, told.week.period.end_ms],
    }
    return environment.get_template("weekly.html.j2").render(
        told=told,
        account=told.account,
        week=told.week.period,
        whole=told.whole.period,
        quiet=table.QUIET,
        lines=lines(told),
        tiles=[line for line in lines(told) if line.label in TILES],
        trades=_trades(told),
        open_headings=table.OPEN_HEADINGS,
        open_rows=table.open_rows(told),
        regime_headings=table.REGIME_HEADINGS,
        regime_rows=table.regime_rows(told),
        regime_words=table.regime_words(told),
        assumed=ASSUMED,
        figures=_script_safe(to_json_plotly(drawn)),
        plotly=Markup(get_plotlyjs()),  # noqa: S704  (the library's own script)
        version=__version__,
    )


def _trades(told: Review) -> list[dict[str, Any]]:
    """Lines of the week's trades, the newest first."""
    start = told.week.period.start_ms
    done = [t for t in told.account.trades if not t.is_open and t.closed_ms > start]
    return [_line(trade) for trade in reversed(done)]


def _line(trade: Trade) -> dict[str, Any]:
    size = None if is_leg(trade) else protective_distance(trade)
    in_r = "" if not size else f", {number(trade.net_return / size, '{:+.2f}')} R"
    return {
        "won": trade.profit > 0,
        "words": (name_of(trade), "leg" if is_leg(trade) else "primary", trade.exit_reason.replace("_", " ")),
        "cells": (
            f"{from_ms(trade.closed_ms):%m-%d %H:%M}",
            f"{trade.open_rate:,.10g}",
            f"{trade.close_rate:,.10g}",
            duration(trade),
            money(trade.profit),
            f"{number(trade.net_return / BASIS_POINT, '{:+.0f}')} bp{in_r}",
        ),
    }


def _script_safe(text: str) -> Markup:
    """JSON that may stand inside a script element: no tag can end it."""
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704  (escaped here, for a script and not for HTML)
