"""Summaries side by side: one line a measure, one column a backtest, each line with its meaning.

The same lines serve the terminal and the report, so that they cannot disagree. No column is marked as the
best: a few weeks of trades rarely tell policies apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite

from rich.table import Table

from outrigger.review.hindsight import PrematureStops
from outrigger.review.summary import Summary

BASIS_POINT = 1e-4
UNKNOWN = "–"
MORE = "… "


@dataclass(frozen=True, slots=True)
class Line:
    """One measure of all backtests.

    Parameters
    ----------
    label, meaning : str
        The measure, and what it says in plain words.
    cells : tuple of str
        One formatted value a backtest.
    """

    label: str
    meaning: str
    cells: tuple[str, ...]

    @property
    def more(self) -> bool:
        """Whether the line says more about the one above it."""
        return self.label.startswith(MORE)


def number(value: float, template: str) -> str:
    """Format a number with a true minus sign; a dash where there is none."""
    if not isfinite(value):
        return "∞" if value > 0 else UNKNOWN
    return template.format(value).replace("-", "−")


def _points(value: float) -> str:
    return number(value / BASIS_POINT, "{:+.0f} bp")


def _between(interval: tuple[float, float], scale: float, template: str, unit: str) -> str:
    low, high = interval
    return f"{number(low / scale, template)} to {number(high / scale, template)}{unit}"


def _premature(found: PrematureStops) -> str:
    return f"{number(found.rate, '{:.0%}')} ({found.count}/{found.judged})"


def _money(value: float) -> str:
    return number(value, "{:+,.0f}")


_Cell = Callable[[Summary], str]
_LINES: tuple[tuple[str, _Cell, str], ...] = (
    (
        "Trades",
        lambda s: f"{s.trades}",
        "Closed trades. A policy that is still in a trade cannot take the next signal.",
    ),
    (
        "Win rate",
        lambda s: number(s.win_rate, "{:.0%}"),
        "Share of trades with a profit after fees and funding. High is easy: a near target and a far stop "
        "win often and earn nothing.",
    ),
    (
        MORE + "95 % interval",
        lambda s: _between(s.win_rate_interval, 0.01, "{:.0f}", " %"),
        "Where the true win rate may lie, given so few trades (Wilson).",
    ),
    (
        "Expectancy",
        lambda s: _points(s.expectancy),
        "Mean result of a trade, net of fees and funding, in basis points (1/100 %) of the position's value, "
        "leverage included.",
    ),
    (
        MORE + "95 % interval",
        lambda s: _between(s.expectancy_interval, BASIS_POINT, "{:+.0f}", ""),
        "Where the true mean may lie (block bootstrap). Across zero: not told apart from luck.",
    ),
    (
        MORE + "slipping 10 bp",
        lambda s: _points(s.expectancy_slipped),
        "The same if every stop had filled 0.1 % worse than its price; a backtest fills stops exactly.",
    ),
    (
        "Expectancy in R",
        lambda s: number(s.expectancy_r, "{:+.2f} R"),
        "Mean result in units of what the trade would lose at its protective stop. The fair comparison: a "
        "wide stop cannot look good by risking more.",
    ),
    ("Profit", lambda s: f"{_money(s.profit)} {s.currency}", "Sum of all trades, net."),
    (
        MORE + "fees, funding",
        lambda s: f"{_money(-s.fees)}, {_money(s.funding)}",
        "Contained in the profit: paid where negative, received where positive.",
    ),
    (
        "Profit factor",
        lambda s: number(s.profit_factor, "{:.2f}"),
        "Sum of gains over sum of losses; 1 is break-even.",
    ),
    (
        "Drawdown",
        lambda s: number(s.max_drawdown, "{:.1%}"),
        "Deepest fall of the balance of closed trades from its highest level.",
    ),
    (
        "Left by a stop",
        lambda s: f"{s.stop_exits} of {s.trades}",
        "Trades that the protective stop or the trail ended, at a loss or in profit.",
    ),
    (
        "Premature",
        lambda s: _premature(s.premature),
        "Premature stop-outs: of all trades, those stopped at a loss whose price reached entry +1 % in their "
        "favour within 24 h after the exit.",
    ),
    (
        MORE + "in 6 h, 72 h",
        lambda s: ", ".join(number(one.rate, "{:.0%}") for one in s.premature_other),
        "The same with a nearer and a farther horizon: the figure means nothing without it.",
    ),
    (
        "Trend capture",
        lambda s: number(s.trend_capture, "{:.0%}"),
        "Of the best move available from entry until 24 h after the exit, the share that winners kept.",
    ),
    ("Liquidations", lambda s: f"{s.liquidations}", "Positions that the exchange closed. Must be zero."),
    (
        "On entry candle",
        lambda s: f"{s.entry_candle_exits}",
        "Trades that ended in the candle they began in.",
    ),
    (
        "Open at the end",
        lambda s: f"{s.open_at_end}",
        "Trades closed only because the data ended; counted above like any other.",
    ),
)


def lines(summaries: Sequence[Summary]) -> tuple[Line, ...]:
    """Format summaries as lines of a table.

    Parameters
    ----------
    summaries : sequence of Summary
        One a column.

    Returns
    -------
    tuple of Line
        In reading order; a measure that does not exist (no trades) is a dash.
    """
    return tuple(Line(label, why, tuple(cell(s) for s in summaries)) for label, cell, why in _LINES)


def rich_table(summaries: Sequence[Summary], title: str, footnote: str) -> Table:
    """Lay the lines out for a terminal.

    Parameters
    ----------
    summaries : sequence of Summary
        One a column; the first is the one the others are compared with.
    title, footnote : str
        Above and below the table.

    Returns
    -------
    Table
        For `rich.console.Console.print`.
    """
    table = Table(title=title, caption=footnote, title_justify="left", caption_justify="left", padding=(0, 1))
    table.add_column("", no_wrap=True)
    for position, summary in enumerate(summaries):
        table.add_column(summary.name, justify="right", style="" if position else "bold")
    for line in lines(summaries):
        table.add_row(line.label, *line.cells, style="dim" if line.more else "")
    return table
