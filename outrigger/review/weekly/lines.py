"""A review as lines to read: one a measure, the week beside everything since the start, each explained.

The same lines serve the terminal and the page, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from outrigger.review.table import BASIS_POINT, UNKNOWN, number
from outrigger.review.weekly.figures import Figures
from outrigger.review.weekly.review import Review
from outrigger.review.weekly.stops import Premature


@dataclass(frozen=True, slots=True)
class Line:
    """One measure.

    Parameters
    ----------
    label, meaning : str
        What it is, and what it says in plain words.
    week, whole : str
        Formatted, for the week and since the start.
    opens : str
        Name of the section that begins with it; empty within one.
    """

    label: str
    meaning: str
    week: str
    whole: str
    opens: str = ""


def _share(value: float) -> str:
    return number(value, "{:+.2%}")


def _tenths(value: float) -> str:
    return number(value, "{:.1%}")


def part(value: float) -> str:
    """A share in whole percent; a dash where there is none."""
    return number(value, "{:.0%}")


def money(value: float) -> str:
    """An amount with its sign; a dash where there is none."""
    return number(value, "{:+,.2f}")


def _points(value: float) -> str:
    return number(value / BASIS_POINT, "{:+.1f} bp")


def _range(interval: tuple[float, float], scale: float, template: str, unit: str) -> str:
    low, high = interval
    if not (isfinite(low) and isfinite(high)):
        return UNKNOWN
    return f"{number(low / scale, template)} to {number(high / scale, template)}{unit}"


def _premature(found: Premature) -> str:
    open_ = [f"{found.pending} not yet known"] if found.pending else []
    open_ += [f"{found.blind} without candles"] if found.blind else []
    return f"{part(found.rate)} ({found.count}/{found.judged})" + "".join(f", {one}" for one in open_)


def _won(told: Figures) -> str:
    trading = told.trading
    if not trading.trades:
        return UNKNOWN
    interval = _range(trading.win_rate_interval, 0.01, "{:.0f}", "")
    return f"{part(trading.win_rate)} ({interval})"


def _expected(told: Figures) -> str:
    trading = told.trading
    return (
        f"{_points(trading.expectancy)} ({_range(trading.expectancy_interval, BASIS_POINT, '{:+.0f}', '')})"
    )


def _effective(told: Figures) -> str:
    return UNKNOWN if told.hedge is None else part(told.hedge.pooled["1h"]["effectiveness"])


def _null(told: Figures) -> str:
    trading = told.trading
    return f"{part(trading.null_win_rate)} of {trading.null_trades}" if trading.null_trades else UNKNOWN


_Cell = Callable[[Figures], str]
_LINES: tuple[tuple[str, str, _Cell, str], ...] = (
    (
        "Result",
        "Account",
        lambda f: f"{_share(f.result.share)}  {money(f.result.profit)}",
        "Change of equity, open trades marked; share of the equity at the beginning, and money.",
    ),
    (
        "",
        "Buy and hold",
        lambda f: _share(f.result.hold),
        "The same pairs in equal parts, held without leverage over the same time.",
    ),
    (
        "",
        "Drawdown",
        lambda f: f"{_tenths(f.result.drawdown)}, holding {_tenths(f.result.hold_drawdown)}",
        "Deepest fall of equity from its highest level, marked every five minutes; of holding beside it.",
    ),
    (
        "",
        "Worst day, week",
        lambda f: f"{_share(f.result.worst_day)}, {_share(f.result.worst_week)}",
        "Calendar days and weeks (UTC); no week is told below two.",
    ),
    (
        "",
        "Sharpe, Sortino, Calmar",
        lambda f: ", ".join(
            number(one, "{:.2f}") for one in (f.result.sharpe, f.result.sortino, f.result.calmar)
        ),
        "By day, annualised; not told below four weeks, and of little weight below a year.",
    ),
    ("", "Time in market", lambda f: part(f.result.in_market), "Share of the time with a trade open."),
    (
        "Trades",
        "Closed trades",
        lambda f: f"{f.trading.trades}  {money(f.trading.profit)}",
        "Primaries that ended; legs of hedges have their own account below.",
    ),
    (
        "",
        "Win rate",
        _won,
        "With its 95 % interval (Wilson). High is easy: a near target and a far stop win often.",
    ),
    (
        "",
        "… by geometry alone",
        _null,
        "What their stops and activations would win on a driftless market; from the trades' documents.",
    ),
    (
        "",
        "Expectancy",
        _expected,
        "Mean result of a trade, net, in basis points of its notional, with its 95 % interval (block "
        "bootstrap). Across zero: not told apart from luck.",
    ),
    (
        "",
        "… slipping 5, 10, 20 bp",
        lambda f: ", ".join(
            number(f.trading.slipped[points] / BASIS_POINT, "{:+.1f}") for points in (5, 10, 20)
        ),
        "The same if every stop had filled so much worse.",
    ),
    (
        "",
        "Profit factor, payoff",
        lambda f: f"{number(f.trading.profit_factor, '{:.2f}')}, {number(f.trading.payoff, '{:.2f}')}",
        "Sum of gains over sum of losses; mean gain over mean loss.",
    ),
    (
        "",
        "CVaR 95 %",
        lambda f: _points(-f.trading.cvar95),
        "Mean result of the worst twentieth of the trades.",
    ),
    (
        "Stops",
        "Left by a stop",
        lambda f: f"{f.stopping.stop_exits} of {f.trading.trades}",
        "At a loss or in profit.",
    ),
    (
        "",
        "Premature, 24 h",
        lambda f: _premature(f.stopping.premature[0]),
        "Stopped at a loss, then entry +1 % in the trade's favour within 24 h of the exit. What is not over "
        "is not yet known, and not counted as good.",
    ),
    ("", "… 6 h", lambda f: _premature(f.stopping.premature[1]), "The same with a nearer horizon."),
    ("", "… 72 h", lambda f: _premature(f.stopping.premature[2]), "The same with a farther one."),
    (
        "",
        "Trend capture",
        lambda f: part(f.stopping.capture),
        "Share of the best move from entry until 24 h after the exit that winners kept.",
    ),
    (
        "",
        "Slippage of stops",
        lambda f: f"{_points(f.stopping.slippage)}, worst {_points(f.stopping.slippage_worst)}",
        "Fill against stop price, positive for worse; a backtest fills stops exactly.",
    ),
    (
        "",
        "On entry candle",
        lambda f: f"{f.stopping.entry_candle_exits}",
        "Trades that ended in the candle they began in.",
    ),
    (
        "",
        "Liquidations",
        lambda f: f"{f.stopping.liquidations}",
        "Positions that the exchange closed. Must be zero.",
    ),
    (
        "",
        "Margin to liquidation",
        lambda f: f"{part(f.stopping.margin)} {f.stopping.margin_of}".strip(),
        "Smallest ever left, as a share of the distance at entry, and whose.",
    ),
    (
        "Hedge",
        "Legs",
        lambda f: UNKNOWN if f.hedge is None else f"{len(f.hedge.legs)}  {money(f.hedge.legs_profit)}",
        "Legs that ended, and what they earned.",
    ),
    (
        "",
        "… their primaries",
        lambda f: UNKNOWN if f.hedge is None else money(f.hedge.primaries_profit),
        "What the hedged trades earned themselves.",
    ),
    (
        "",
        "Effectiveness, 1 h",
        _effective,
        "Share of the primaries' hourly variance that legs took away while paired.",
    ),
    (
        "",
        "Cost of legs",
        lambda f: UNKNOWN if f.hedge is None else number(f.hedge.cost_bp_day, "{:.1f} bp a day"),
        "Fees and funding in basis points of their notional a day.",
    ),
    (
        "Costs",
        "Fees",
        lambda f: f"{money(-f.costs.fees_primaries)}, legs {money(-f.costs.fees_legs)}",
        "Contained in the results above.",
    ),
    (
        "",
        "Funding",
        lambda f: f"{money(f.costs.funding_primaries)}, legs {money(f.costs.funding_legs)}",
        "Received where positive, paid where negative; contained in the results above.",
    ),
)


def lines(told: Review) -> tuple[Line, ...]:
    """Format a review's figures, in reading order; a measure that does not exist is a dash."""
    return tuple(
        Line(label, why, cell(told.week), cell(told.whole), section) for section, label, cell, why in _LINES
    )
