"""Both ends of the classifier's studies: what a command line asks of them, and how they answer.

A study reads candles, takes minutes, and gives tables for people or one line of JSON for programs. Progress
goes to standard error, so that the answer can be piped. Data that do not allow a study are one red line and
status 2.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from outrigger.commands.refusing import refusing
from outrigger.json_values import plain
from outrigger.regime.labels import REFERENCE_RULES
from outrigger.regime.threads import single_threaded
from outrigger.regime.training_data import Market, RegimeRows, read_rows

Answer = tuple[Mapping[str, Any], Sequence[Table]]


def study_parser(program: str, description: str | None) -> argparse.ArgumentParser:
    """Give a parser with what every study is asked.

    Parameters
    ----------
    program : str
        Module, as `python -m` takes it.
    description : str, optional
        What `--help` says.

    Returns
    -------
    ArgumentParser
        With `--datadir`, `--pairs` and `--json`.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=description)
    parser.add_argument("--datadir", type=Path, required=True, help="Freqtrade data directory")
    parser.add_argument("--pairs", nargs="+", help="such as BTC/USDT:USDT; all there are by default")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser


@refusing
def answered(given: argparse.Namespace, study: Callable[[argparse.Namespace], Answer]) -> int:
    """Run a study and print its answer.

    Parameters
    ----------
    given : Namespace
        From a `study_parser`.
    study : callable
        Gives the JSON-able answer and the same as tables.

    Returns
    -------
    int
        Exit status: 0, or 2 with a message where the data do not allow a study.
    """
    with single_threaded():
        told, tables = study(given)
    if given.json:
        sys.stdout.write(json.dumps(plain({"data": given.datadir.name, **told})) + "\n")
        return 0
    for table in tables:
        Console().print(table)
    return 0


def read_with_bar(market: Market) -> list[RegimeRows]:
    """Read a market's rows under the reference labels, with a bar; see `read_rows`."""
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("Features", total=None)
        return read_rows(
            market,
            REFERENCE_RULES,
            lambda pair, done, total: bar.update(task, description=pair, completed=done, total=total),
        )


def headed(title: str, headings: Sequence[str], words: Sequence[str]) -> Table:
    """Give an empty table whose columns are numbers, but for those of words, which stand to the left."""
    table = Table(title=title)
    for heading in headings:
        table.add_column(heading, justify="left" if heading in words else "right")
    return table
