"""The command `outrigger study`: reads arguments, conducts a study, prints or writes what it found."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from outrigger.market_cli import JsonOption, print_json, words
from outrigger.regime_cli import BUNDLE, DirectoriesOption

if TYPE_CHECKING:
    from outrigger.study.run import Workers

OUT = Path("user_data/study")
console = Console()


def study(
    datadir: DirectoriesOption,
    entries: Annotated[
        str, typer.Option(help="random, a CSV with pair,time,side[,size], or a backtest's .zip.")
    ] = "random",
    policies: Annotated[str, typer.Option(help="Comma-separated; all where empty.")] = "",
    windows: Annotated[int, typer.Option(min=1, help="Windows of equal length a data directory.")] = 6,
    per_pair: Annotated[int, typer.Option(min=2, help="Random entries a pair and window.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Same seed and data, same figures.")] = 1,
    timeframe: Annotated[str | None, typer.Option(help="Base timeframe; the finest there is.")] = None,
    fee_bp: Annotated[float, typer.Option(min=0, max=100, help="Taker fee of one side.")] = 5.0,
    slippage_bp: Annotated[float, typer.Option(min=0, max=500, help="Slippage of stop exits.")] = 0.0,
    gaps: Annotated[
        bool, typer.Option(help="Fill at the open of a candle that opens beyond the stop.")
    ] = True,
    leverage: Annotated[float, typer.Option(min=1, max=125, help="At which liquidation is computed.")] = 5.0,
    bundle: Annotated[Path, typer.Option(help="Regime bundle of volatility-regime.")] = BUNDLE,
    trials: Annotated[
        int, typer.Option(min=0, help="Variants tried before, for the deflated Sharpe ratio.")
    ] = 0,
    tune: Annotated[bool, typer.Option(help="Choose the stop's scale walk-forward.")] = True,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes of this machine.")] = 2,
    dask: Annotated[str | None, typer.Option(help="Scheduler of a Dask cluster, tcp://…, instead.")] = None,
    out: Annotated[Path, typer.Option(help="Finished cells are kept here and read again.")] = OUT,
    html: Annotated[Path | None, typer.Option(help="Write a self-contained report to this file.")] = None,
    readme: Annotated[Path | None, typer.Option(help="Replace the results table of this page.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Same entries, different stops and hedges, over many windows: what each costs and saves."""
    from outrigger.review.lab_trade import ReplayTerms
    from outrigger.study.conduct import conduct
    from outrigger.study.plan import StudyTerms
    from outrigger.study.request import Request
    from outrigger.study.table import print_study, write_readme

    replay = ReplayTerms(0, fee=fee_bp / 1e4, slippage=slippage_bp / 1e4, gap_fills=gaps)
    request = Request(
        tuple(datadir),
        out,
        entries,
        words(policies),
        windows,
        StudyTerms(replay, leverage, per_pair, seed, str(bundle)),
        timeframe,
        tune,
        trials,
    )
    with _workers(dask, workers) as hands:
        found = conduct(request, hands, Console(stderr=True))
    if html is not None:
        from outrigger.study.page import write_page

        write_page(found, html)
    if readme is not None:
        write_readme(found, readme)
    if as_json:
        print_json(found.to_dict())
    else:
        print_study(found, console)


def _workers(address: str | None, count: int) -> AbstractContextManager[Workers]:
    from outrigger.study.run import dask_workers, local_workers

    return local_workers(count) if address is None else dask_workers(address)


def add_to(app: typer.Typer) -> None:
    """Register the command.

    Parameters
    ----------
    app : Typer
        The command line it becomes part of.
    """
    app.command()(study)
