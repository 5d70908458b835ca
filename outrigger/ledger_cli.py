"""The command about the ledger: what stops cost beyond their price, against what backtests assume."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from outrigger.errors import SettingsError
from outrigger.market.moment import to_ms
from outrigger.market_cli import JsonOption, moment, print_json

if TYPE_CHECKING:
    from outrigger.ledger.summary import Cost, LedgerSummary

BP = 1e4
console = Console()


def ledger(
    since: Annotated[str | None, typer.Option("--since", help="Only exits filled from this time on.")] = None,
    assumed: Annotated[
        float | None, typer.Option("--assumed", help="Basis points; risk.slippage of --config unless said.")
    ] = None,
    dry: Annotated[
        bool | None, typer.Option("--dry/--live", help="Dry runs or money; money where there is any.")
    ] = None,
    config: Annotated[Path, typer.Option(help="Freqtrade configuration.")] = Path("config.json"),
    userdir: Annotated[Path, typer.Option("--userdir", help="Freqtrade's user data directory.")] = Path(
        "user_data"
    ),
    as_json: JsonOption = False,
) -> None:
    """Say what stop exits cost: slippage in bp and ms by exchange, hour and regime, and what was assumed."""
    from outrigger.ledger.book import directory_in, read_ledger
    from outrigger.ledger.summary import summarise

    assumed_bp = assumed_of(config) if assumed is None else assumed
    first_ms = None if since is None else to_ms(moment(since))
    entries = [
        entry
        for entry in read_ledger(directory_in(userdir))
        if first_ms is None or entry.filled_ms >= first_ms
    ]
    wanted = all(entry.dry for entry in entries) if dry is None else dry
    summary = summarise(entries, assumed_bp, dry=wanted)
    if as_json:
        print_json(summary.to_dict())
        return
    if summary.costs:
        console.print(_table(summary))
    if summary.others:
        told = ", ".join(f"{reason} {count}" for reason, count in summary.others.items())
        console.print(f"Other exits: {told}", markup=False)
    console.print(summary.verdict)


def assumed_of(config: Path) -> float:
    """What a configuration allows a stop to slip, in basis points.

    Parameters
    ----------
    config : Path
        Freqtrade's configuration; where there is none, Outrigger's default counts.

    Returns
    -------
    float
        `risk.slippage` in basis points.

    Raises
    ------
    SettingsError
        If it cannot be read or used.
    """
    from freqtrade.configuration.load_config import load_config_file
    from freqtrade.exceptions import OperationalException

    from outrigger.settings.read import read_settings

    try:
        found = load_config_file(str(config)) if config.exists() else {}
    except OperationalException as error:
        raise SettingsError(f"{config} cannot be read ({error}): pass --assumed instead") from error
    return read_settings(found).risk.slippage * BP


def _table(summary: LedgerSummary) -> Table:
    kind = "dry run" if summary.dry else "live"
    title = f"Stop exits ({kind}): basis points worse than the stop, {summary.assumed_bp:g} assumed"
    table = Table(title=title, box=box.SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    for name in ("n", "bp p50", "p95", "mean", "impact", "beyond", "ms p50", "p95"):
        table.add_column(name, justify="right")
    for cost in summary.costs:
        table.add_row(*_row(cost))
    return table


def _row(cost: Cost) -> tuple[str, ...]:
    return (
        f"{cost.group} {cost.name}",
        str(cost.orders),
        f"{cost.bp_p50:z.1f}",
        f"{cost.bp_p95:z.1f}",
        f"{cost.bp_mean:z.1f}",
        "" if cost.impact_p50 is None else f"{cost.impact_p50:z.1f}",
        f"{cost.beyond:.0%}",
        "" if cost.ms_p50 is None else f"{cost.ms_p50:.0f}",
        "" if cost.ms_p95 is None else f"{cost.ms_p95:.0f}",
    )


def add_to(app: typer.Typer) -> None:
    """Register the command.

    Parameters
    ----------
    app : Typer
        The command line it becomes part of.
    """
    app.command()(ledger)
