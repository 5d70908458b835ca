"""Reports what the legs of a backtest did: `python -m outrigger.hedge.report --export RESULT --datadir DIR`.

A table, JSON, and a page with the equity of primary, leg and both around the worst stop-outs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots
from rich.console import Console
from rich.table import Table

from outrigger.atomic import write_text
from outrigger.commands.page import page
from outrigger.errors import DataError, OutriggerError
from outrigger.hedge.booked import HedgeBooked, Pairing, book, pairings, value_path
from outrigger.hedge.measure import CHART
from outrigger.hedge.returns import Floats, Times
from outrigger.json_values import plain
from outrigger.market.alignment import open_times_ms
from outrigger.market.candles import read_candles
from outrigger.market.moment import from_ms
from outrigger.market.timeframe import timeframe_ms
from outrigger.review.backtest_export import BacktestResult, read_export

WORST = 5
AROUND_MS = 6 * 3_600_000


def load(result: BacktestResult, datadir: Path) -> tuple[Times, dict[str, Floats]]:
    """Read the closes that a backtest's trades are marked with.

    Parameters
    ----------
    result : BacktestResult
        The backtest.
    datadir : Path
        Freqtrade data directory with its 5m candles.

    Returns
    -------
    times_ms : ndarray of int64, shape (n_candles,)
        Close times over the backtest.
    closes : dict of str to ndarray of shape (n_candles,)
        By pair that was traded; NaN where a candle is missing.
    """
    length = timeframe_ms(CHART)
    times = np.arange(result.start_ms // length * length, result.end_ms + 2 * length, length, dtype=np.int64)
    closes = {}
    for pair in dict.fromkeys(trade.pair for trade in result.trades):
        frame = read_candles(datadir, pair, CHART)
        closed = open_times_ms(frame["date"], f"{pair} {CHART}") + length
        rows = closed.searchsorted(times)
        there = (rows < len(closed)) & (closed[np.minimum(rows, len(closed) - 1)] == times)
        prices = frame["close"].to_numpy(np.float64)
        closes[pair] = np.where(there, prices[np.minimum(rows, len(closed) - 1)], np.nan)
    return times, closes


def print_report(found: HedgeBooked, currency: str, console: Console) -> None:
    """Print the legs and the account as tables."""
    legs = Table(title="Legs", caption=f"money in {currency}; effectiveness at 5 minutes while paired")
    for name in ("leg", "pair", "opened", "hours", "ended by"):
        legs.add_column(name, no_wrap=name != "ended by")
    for name in ("effectiveness", "rho²", "beta = 1", "leg", "primary", "as runner", "cost"):
        legs.add_column(name, justify="right")
    for leg in found.legs:
        shares = (leg.effectiveness, leg.rho_squared, leg.effectiveness_beta_one)
        money = (leg.profit, leg.primary_profit, leg.runner_profit, leg.fees + leg.funding)
        legs.add_row(
            leg.tag.partition(":")[2],
            leg.pair.partition("/")[0],
            f"{from_ms(leg.opened_ms):%m-%d %H:%M}",
            f"{(leg.closed_ms - leg.opened_ms) / 3_600_000:.1f}",
            leg.exit_reason.removeprefix("hedge_"),
            *(f"{share:.2f}" for share in shares),
            *(f"{amount:.2f}" for amount in money),
        )
    console.print(legs)
    account = Table(title="The account", caption=f"legs cost {found.cost_bp_day:.2f} bp of notional a day")
    for name in ("", "with legs", "without"):
        account.add_column(name, justify="right" if name else "left")
    one, other = found.hedged, found.unhedged
    account.add_row("profit", f"{one.profit:.2f}", f"{other.profit:.2f}")
    account.add_row("largest drawdown", f"{one.max_drawdown:.3%}", f"{other.max_drawdown:.3%}")
    account.add_row("CVaR 95 % of days", f"{one.cvar_day:.3%}", f"{other.cvar_day:.3%}")
    account.add_row("CVaR 95 % of primaries", f"{one.cvar_trade:.3%}", f"{other.cvar_trade:.3%}")
    for span, pooled in found.pooled.items():
        words = ", ".join(f"{name.replace('_', ' ')} {share:.2f}" for name, share in pooled.items())
        account.add_row(f"while paired, {span}", words, "")
    console.print(account)


def stopout_chart(
    found: Sequence[Pairing], times_ms: Times, closes: dict[str, Floats], currency: str
) -> go.Figure:
    """Draw equity of primary, leg and both around the worst stop-outs that had a leg."""
    stopped = [one for one in found if one.primary is not None and one.primary.left_by_stop]
    worst = sorted(stopped, key=lambda one: one.primary.profit if one.primary else 0.0)[:WORST]
    titles = [f"{one.primary.pair} {one.leg.enter_tag}" for one in worst if one.primary is not None]
    figure = make_subplots(rows=max(len(worst), 1), cols=1, subplot_titles=titles)
    for number, one in enumerate(worst, start=1):
        if one.primary is None:
            continue
        until = max(one.primary.closed_ms, one.leg.closed_ms) + AROUND_MS
        shown = np.flatnonzero((times_ms >= one.primary.opened_ms) & (times_ms <= until))
        paths = [value_path(trade, times_ms, closes[trade.pair])[shown] for trade in (one.primary, one.leg)]
        dates = [from_ms(int(moment)) for moment in times_ms[shown]]
        lines = (
            ("primary", paths[0], "#c0392b"),
            ("leg", paths[1], "#2e86c1"),
            ("both", sum(paths), "#1e8449"),
        )
        for name, values, colour in lines:
            line = go.Scatter(
                x=dates, y=values, name=name, line_color=colour, legendgroup=name, showlegend=number == 1
            )
            figure.add_trace(line, row=number, col=1)
    title = f"Primary, leg and both around the worst stop-outs, {currency}"
    figure.update_layout(title=title, template="plotly_white", height=max(320 * len(worst), 400))
    return figure


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 2 where something cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m outrigger.hedge.report", description=__doc__)
    parser.add_argument("--export", type=Path, required=True, help="export of a backtest, or its directory")
    parser.add_argument("--datadir", type=Path, required=True, help="Freqtrade data directory")
    parser.add_argument("--html", type=Path, help="write the worst stop-outs as a page")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(argv)
    try:
        result = read_export(given.export)[0]
        times, closes = load(result, given.datadir)
        legs = pairings(result.trades)
        if not legs:
            raise DataError(f"{given.export}: no trade in it is a leg; name candidates in outrigger.hedge")
        found = book(result.trades, times, closes, result.starting_balance)
        if given.html is not None:
            write_text(given.html, page(stopout_chart(legs, times, closes, result.currency)))
    except OutriggerError as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False)
        return 2
    if given.json:
        sys.stdout.write(json.dumps(plain(found.to_dict()), indent=2) + "\n")
    else:
        print_report(found, result.currency, Console())
    return 0


if __name__ == "__main__":
    sys.exit(main())
