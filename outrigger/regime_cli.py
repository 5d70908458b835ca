"""Commands about regimes: train a bundle, evaluate one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from outrigger.errors import OutriggerError
from outrigger.market.moment import to_ms
from outrigger.market_cli import ExchangeOption, JsonOption, moment, print_json, words

if TYPE_CHECKING:
    from outrigger.commands.train import Trained

BUNDLE = Path("models/default")
_DATE_LENGTH = len("2025-03-31")
console = Console()

DirectoriesOption = Annotated[
    list[Path], typer.Option("--datadir", help="A Freqtrade data directory; give it again for more.")
]
PairsOption = Annotated[
    str, typer.Option("--pairs", help="Comma-separated; all with 5m candles unless said.")
]
StoreOption = Annotated[
    Path | None, typer.Option("--store", help="Outrigger's market store, for book and open interest.")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Same seed and data, same models.")]


def train(
    datadir: DirectoriesOption,
    out: Annotated[Path, typer.Option(help="The bundle's directory; a bundle there is replaced.")] = BUNDLE,
    pairs: PairsOption = "",
    start: Annotated[str | None, typer.Option("--from", help="First day to learn from.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day that any label may see.")] = None,
    models: Annotated[str, typer.Option(help="monthly, or a number of models.")] = "monthly",
    minimum_days: Annotated[int, typer.Option(min=1, help="Days that the first model learns from.")] = 90,
    store: StoreOption = None,
    exchange: ExchangeOption = "binance",
    seed: SeedOption = 7,
    jobs: Annotated[int, typer.Option(min=1, help="Models (of one, parts) fitted at once.")] = 2,
    every: Annotated[
        float | None, typer.Option(min=0.01, help="Train again after so many days, until Ctrl-C.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train a bundle of regime models, each on all candles before its date."""
    import time

    from outrigger.commands import train as command
    from outrigger.regime.training import Plan
    from outrigger.regime.training_data import Market

    market = Market(tuple(datadir), words(pairs), store, exchange)
    plan = Plan(models=models, minimum_days=minimum_days, seed=seed, jobs=jobs)
    first, last = edge(start), edge(until, end=True)

    def once() -> Trained:
        with shown("regimes") as progress:
            return command.train_bundle(market, plan, out, start_ms=first, end_ms=last, progress=progress)

    def tell(trained: Trained | OutriggerError) -> None:
        if isinstance(trained, OutriggerError):
            Console(stderr=True).print(
                f"not retrained, the old bundle stays: {trained}", style="red", markup=False
            )
        elif as_json:
            print_json(trained.to_dict())
        else:
            _show(trained)

    if every is None:
        tell(once())
    else:
        command.keep_training(once, every * 86_400, clock=time.monotonic, sleep=time.sleep, tell=tell)


def evaluate(
    datadir: DirectoriesOption,
    bundle: Annotated[Path, typer.Option(help="The bundle to ask.")] = BUNDLE,
    train_until: Annotated[
        str | None,
        typer.Option(help="Instead of a bundle: train up to the end of this day, ask about the rest."),
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help="First day that counts.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day that counts.")] = None,
    pairs: PairsOption = "",
    every: Annotated[int, typer.Option(min=1, help="Every so many candles of a pair count.")] = 3,
    store: StoreOption = None,
    exchange: ExchangeOption = "binance",
    seed: SeedOption = 7,
    importance: Annotated[bool, typer.Option("--importance", help="Permutation importance too.")] = False,
    ablation: Annotated[
        bool, typer.Option("--ablation", help="What is lost without funding, order book, time of day.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write reliability and confusion to this HTML file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a bundle, or a model trained afresh, on candles it has not seen."""
    from outrigger.commands.evaluate import Question, answer
    from outrigger.regime.training_data import Market

    question = Question(
        market=Market(tuple(datadir), words(pairs), store, exchange),
        bundle=bundle,
        train_until_ms=edge(train_until, end=True),
        start_ms=edge(start),
        end_ms=edge(end, end=True),
        every=every,
        seed=seed,
        importance=importance,
        ablation=ablation,
    )
    with shown("regimes") as progress:
        found = answer(question, progress)
    if html is not None:
        from outrigger.commands.evaluate_chart import write_chart

        write_chart(found, html)
    if as_json:
        print_json(found.to_dict())
    else:
        for table in found.tables():
            console.print(table)


def edge(text: str | None, *, end: bool = False) -> int | None:
    """Read a bound of a range.

    Parameters
    ----------
    text : str or None
        A date, or a time; UTC.
    end : bool
        Whether it is the end: a date then stands for the whole day.

    Returns
    -------
    int or None
        Milliseconds since 1970; None for no bound.

    Raises
    ------
    SettingsError
        If it is neither.
    """
    if text is None:
        return None
    read = moment(text.strip())
    whole_day = end and len(text.strip()) == _DATE_LENGTH
    return to_ms(read + timedelta(days=1) if whole_day else read)


@contextmanager
def shown(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show progress on standard error for as long as something runs."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)

        def show(doing: str, done: int, total: int) -> None:
            progress.update(task, description=doing, completed=done, total=total)

        yield show


def _show(trained: Trained) -> None:
    console.print(trained.table())
    left_out = trained.training.left_out
    if left_out:
        told = ", ".join(f"{name} ({why})" for name, why in left_out.items())
        console.print(f"Left out, nothing can be learned from them: {told}", markup=False)
    console.print(
        f"A running bot takes it up by itself. Measure it: outrigger evaluate --bundle {trained.out}"
    )


def add_to(app: typer.Typer) -> None:
    """Register the commands.

    Parameters
    ----------
    app : Typer
        The command line they become part of.
    """
    for command in (train, evaluate):
        app.command()(command)
