"""Two comparisons on the same entries that shape the shipped stop: settings around it, what presses on it.

`make study-grid` and `make study-squeeze` run it; stops against other stops are `outrigger study`'s.
Run `python -m outrigger.review.same_entry_command --datadir DIR [DIR ...] --grid | --squeeze [--json]`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from outrigger.commands.refusing import refusing
from outrigger.market.store.store import MarketStore
from outrigger.review import stop_grid
from outrigger.review.lab_trade import ReplayTerms
from outrigger.review.policies_compared import SQUEEZED, SQUEEZES
from outrigger.review.same_entry import MATCHED, study
from outrigger.review.same_entry_table import print_study
from outrigger.settings.configured import block_of
from outrigger.settings.read import with_values


@refusing
def main(argv: Sequence[str] | None = None) -> int:
    """Run the comparison from the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; the process's own by default.

    Returns
    -------
    int
        0, or 2 where something was refused.
    """
    given = _parser().parse_args(argv)
    terms = ReplayTerms(
        0, fee=given.fee_bp / 1e4, slippage=given.slippage_bp / 1e4, gap_fills=not given.no_gaps
    )
    entries = given.entries or (300 if given.grid else 1200)
    found = study(
        given.datadir,
        timeframe=given.timeframe,
        entries=entries,
        seed=given.seed,
        terms=terms,
        progress=True,
        **_compared(given),
    )
    if given.json:
        sys.stdout.write(found.to_json() + "\n")
    else:
        print_study(found, Console(), differences=not given.grid)
        if given.grid:
            stop_grid.print_plateau(found, Console())
    return 0


def _compared(given: argparse.Namespace) -> dict[str, Any]:
    """Which policies are compared, and what they read."""
    if given.grid:
        return {"policies": stop_grid.trials(), "readings": (MATCHED,), "shipped": stop_grid.SHIPPED_TRIAL}
    settings = with_values(block_of(given.config), {"squeeze": SQUEEZES["all"].model_dump()})
    source = settings.market.source or "binance"
    store = MarketStore(given.store, source) if given.store else None
    return {"policies": SQUEEZED, "readings": (MATCHED,), "pressing": settings, "store": store}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m outrigger.review.same_entry_command", description=__doc__
    )
    parser.add_argument("--datadir", type=Path, nargs="+", required=True, help="Freqtrade data directories")
    parser.add_argument("--timeframe", help="base timeframe; the finest there is by default")
    parser.add_argument("--entries", type=int, help="entries a pair; 1200, or 300 with --grid")
    parser.add_argument("--seed", type=int, default=1, help="of the entries")
    parser.add_argument("--fee-bp", type=float, default=5.0, help="taker fee of one side, basis points")
    parser.add_argument("--slippage-bp", type=float, default=0.0, help="slippage of stop exits, basis points")
    parser.add_argument("--no-gaps", action="store_true", help="fill stops at the stop, as a backtest does")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--grid", action="store_true", help="settings around the shipped ones")
    what.add_argument(
        "--squeeze", action="store_true", help="the shipped stop with and without what presses on it"
    )
    parser.add_argument("--store", type=Path, help="with --squeeze: recordings of book and open interest")
    parser.add_argument("--config", type=Path, help="with --squeeze: age limits and source of the recordings")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
