"""The command about tuning: walk forward."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from outrigger.market_cli import JsonOption, print_json, words
from outrigger.regime_cli import shown

console = Console()


def walk_forward(
    datadir: Annotated[Path, typer.Option(help="A Freqtrade data directory.")],
    config: Annotated[Path, typer.Option(help="Freqtrade configuration.")] = Path("config.json"),
    train_days: Annotated[float, typer.Option(help="Days that each search sees.")] = 30.0,
    test_days: Annotated[float, typer.Option(help="Days that its parameters are then tested on.")] = 10.0,
    gap_days: Annotated[float, typer.Option(help="Days left out between the two.")] = 1.0,
    folds: Annotated[
        int | None, typer.Option(min=1, help="The newest so many; all that fit unless said.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Parameter sets that each search tries.")] = 50,
    spaces: Annotated[
        str, typer.Option(help="Search spaces, comma-separated: stop, enter, regime, hedge.")
    ] = "stop",
    timeframe: Annotated[str | None, typer.Option(help="Base timeframe if not the configured one.")] = None,
    loss: Annotated[str, typer.Option(help="Loss function.")] = "OutriggerLoss",
    seed: Annotated[int, typer.Option(min=1, help="Of the search.")] = 7,
    jobs: Annotated[int, typer.Option(min=1, help="Processes of the search.")] = 2,
    out: Annotated[Path, typer.Option(help="Where finished folds are kept.")] = Path(
        "user_data/walk_forward"
    ),
    html: Annotated[Path | None, typer.Option(help="Write the charts to this HTML file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Tune with freqtrade hyperopt on one window, test on the next, and show the tests only."""
    from outrigger.tuning.folds import Steps
    from outrigger.tuning.walk_forward import Asked
    from outrigger.tuning.walk_forward import walk_forward as walk
    from outrigger.tuning.words import footnotes, tables

    steps = Steps(train_days, test_days, gap_days, folds)
    asked = Asked(datadir, config, out, steps, epochs, words(spaces), timeframe, loss, seed, jobs)
    try:
        with shown("walk forward") as progress:
            done = walk(asked, progress)
    except KeyboardInterrupt:
        Console(stderr=True).print(f"interrupted: the same command goes on after the folds finished in {out}")
        raise typer.Exit(130) from None
    if html is not None:
        from outrigger.tuning.chart import write_chart

        write_chart(done, html)
    if as_json:
        print_json(done.to_dict())
    else:
        for table in tables(done):
            console.print(table)
        for line in footnotes(done):
            console.print(line, highlight=False, markup=False)
    if not done.outcomes:
        raise typer.Exit(1)


def add_to(app: typer.Typer) -> None:
    """Register the command.

    Parameters
    ----------
    app : Typer
        The command line it becomes part of.
    """
    app.command("walk-forward")(walk_forward)
