"""Reports what the legs of a backtest did: `python -m outrigger.hedge.report --export RESULT --datadir DIR`.

A table, JSON, and a page with the equity of primary, leg and both around the worst stop-outs. "Legs left out"
is the same backtest without its legs' results; `--against` puts a backtest beside it that had the hedge off.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from outrigger.atomic import write_text
from outrigger.commands.page import page
from outrigger.commands.refusing import refusing
from outrigger.errors import DataError
from outrigger.hedge.booked import Account, HedgeBooked, LegBooked, book
from outrigger.hedge.measure import CHART
from outrigger.hedge.pairing import pairings
from outrigger.hedge.returns import Floats, Times
from outrigger.hedge.stopout_chart import stopout_chart
from outrigger.json_values import plain
from outrigger.market.alignment import open_times_ms
from outrigger.market.candles import read_candles
from outrigger.market.moment import from_ms
from outrigger.market.timeframe import timeframe_ms
from outrigger.review.backtest_export import BacktestResult, read_export

HOUR_MS = 3_600_000


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


def print_report(found: HedgeBooked, currency: str, console: Console, against: Account | None = None) -> None:
    """Print the legs, what they took away, and the account as tables; beside it that of another backtest."""
    console.print(_money(found, currency))
    console.print(_measures(found))
    console.print(_account(found, currency, against))


def _money(found: HedgeBooked, currency: str) -> Table:
    told = "runner: what it earned after its primary's stop, before costs"
    table = _table(f"legs, {currency}", told, ("leg", "on", "opened"))
    table.add_column("ended")
    for name in ("hours", "leg", "primary", "runner", "cost"):
        table.add_column(name, justify="right", no_wrap=True)
    for leg in found.legs:
        hours = (leg.closed_ms - leg.opened_ms) / HOUR_MS
        money = (leg.profit, leg.primary_profit, leg.runner_profit, leg.fees + leg.funding)
        ended = leg.exit_reason.removeprefix("hedge_").replace("_", " ")
        words = (_name(leg), leg.pair.partition("/")[0], f"{from_ms(leg.opened_ms):%m-%d %H:%M}", ended)
        table.add_row(*words, f"{hours:.1f}", *(f"{amount:.2f}" for amount in money))
    totals = (found.legs_profit, found.primaries_profit, found.runners_profit, found.cost)
    table.add_section()
    table.add_row("all", "", "", "", "", *(f"{amount:.2f}" for amount in totals))
    return table


def _measures(found: HedgeBooked) -> Table:
    told = "share of variance taken away while paired; -: too short to measure"
    table = _table("effectiveness", told, ("leg",))
    for name in ("taken away", "rho²", "with beta = 1"):
        table.add_column(name, justify="right")
    for leg in found.legs:
        shares = (leg.effectiveness, leg.rho_squared, leg.effectiveness_beta_one)
        table.add_row(_name(leg), *map(_share, shares))
    table.add_section()
    for span, pooled in found.pooled.items():
        table.add_row(f"all, {span}", *map(_share, pooled.values()))
    return table


def _account(found: HedgeBooked, currency: str, against: Account | None) -> Table:
    told = f"legs cost {found.cost_bp_day:.2f} bp of their notional a day"
    table = _table("the account", told, ("",))
    accounts = {"with legs": found.hedged, "legs left out": found.unhedged}
    if against is not None:
        accounts["hedge off"] = against
    for name in accounts:
        table.add_column(name, justify="right")
    shown = accounts.values()
    table.add_row(f"profit, {currency}", *(f"{one.profit:.2f}" for one in shown))
    table.add_row("largest drawdown", *(f"{one.max_drawdown:.3%}" for one in shown))
    table.add_row("CVaR 95 % of days", *(f"{one.cvar_day:.3%}" for one in shown))
    table.add_row("CVaR 95 % of primaries", *(f"{one.cvar_trade:.3%}" for one in shown))
    return table


def _table(title: str, caption: str, words: Sequence[str]) -> Table:
    table = Table(title=title, caption=caption, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for word in words:
        table.add_column(word, no_wrap=True)
    return table


def _name(leg: LegBooked) -> str:
    return leg.tag.partition(":")[2]


def _share(share: float) -> str:
    return f"{share:.2f}" if isfinite(share) else "-"


@refusing
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 2 where something cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m outrigger.hedge.report", description=__doc__)
    parser.add_argument("--export", type=Path, required=True, help="export of a backtest, or its directory")
    parser.add_argument("--datadir", type=Path, required=True, help="Freqtrade data directory")
    parser.add_argument("--against", type=Path, help="export of the same backtest with the hedge off")
    parser.add_argument("--html", type=Path, help="write the worst stop-outs as a page")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(argv)
    result = read_export(given.export)[0]
    times, closes = load(result, given.datadir)
    legs = pairings(result.trades)
    if not legs:
        raise DataError(f"{given.export}: no trade in it is a leg; name candidates in outrigger.hedge")
    found = book(result.trades, times, closes, result.starting_balance)
    against = None if given.against is None else _unhedged(given.against, given.datadir)
    if given.html is not None:
        write_text(given.html, page(stopout_chart(legs, times, closes, result.currency, found)))
    if given.json:
        told = found.to_dict() | ({} if against is None else {"against": asdict(against)})
        sys.stdout.write(json.dumps(plain(told), indent=2) + "\n")
    else:
        print_report(found, result.currency, Console(), against)
    return 0


def _unhedged(export: Path, datadir: Path) -> Account:
    result = read_export(export)[0]
    if pairings(result.trades):
        raise DataError(f"{export}: --against takes a backtest without legs, and this one has some")
    return book(result.trades, *load(result, datadir), result.starting_balance).unhedged


if __name__ == "__main__":
    sys.exit(main())
