"""Progress of the demo: a line for every part, alive in a terminal, plain where output is a file."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

LONGEST = 72


class Display:
    """Shows what is being done, and says what has been.

    Parameters
    ----------
    console : Console
        Where to draw.
    pairs : int
        Pairs of the market to be made; 0 where it is there already.
    backtests : sequence of str
        Labels of the backtests.
    """

    def __init__(self, console: Console, pairs: int, backtests: Sequence[str]) -> None:
        self._console, self._begun = console, set[str]()
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("[bold]{task.description}"),
            TextColumn("{task.fields[doing]}", style="dim"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._market = self._progress.add_task("synthetic market", total=pairs, doing="", visible=pairs > 0)
        self._backtests: dict[str, TaskID] = {
            label: self._progress.add_task(f"backtest: {label}", total=1, doing="waiting", start=False)
            for label in backtests
        }
        self._report = self._progress.add_task("report", total=1, doing="waiting", start=False)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def pair(self, name: str, done: int, total: int) -> None:
        """A pair of the market has been written."""
        self._progress.update(self._market, completed=done, doing=name)
        if done == total:
            self._say(f"synthetic market: {total} pairs")

    def backtest(self, label: str, doing: str, finished: bool) -> None:
        """What a backtest is doing, or what it came to."""
        task = self._backtests[label]
        if label not in self._begun and not self._console.is_terminal:
            self._console.print(escape(f"  backtest {label}: freqtrade backtesting …"), highlight=False)
        self._begun.add(label)
        self._progress.start_task(task)
        self._progress.update(task, doing=escape(doing[:LONGEST]), completed=int(finished))
        if finished:
            self._say(f"backtest {label}: {doing}")

    def step(self, doing: str) -> None:
        """What is being done for the report."""
        self._progress.start_task(self._report)
        self._progress.update(self._report, doing=doing)
        self._say(doing)

    def _say(self, text: str) -> None:
        self._console.print(f"[green]✓[/] {escape(text)}", highlight=False)
