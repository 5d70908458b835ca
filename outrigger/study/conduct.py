"""Conducts a study: looks at every pair, works out the cells that are not on disk, measures the whole.

The order matters only for what is known when: mean notional is matched over a whole set, so all pairs are
looked at before the first cell is begun. Cells are kept as they are finished; a study that was stopped goes
on where it stood.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from outrigger.errors import DataError
from outrigger.review.matched import matching_scale
from outrigger.review.same_entry import SETS_APART
from outrigger.study import assemble
from outrigger.study.cells import read_cell, write_cell
from outrigger.study.entries import read_entries
from outrigger.study.keys import cell_key
from outrigger.study.plan import Cell, DataSet, PairTask, data_sets
from outrigger.study.policies import Policy, chosen, trials
from outrigger.study.request import Request, about
from outrigger.study.result import Failure, StudyResult
from outrigger.study.run import Workers
from outrigger.study.survey import Surveyed, SurveyTask, survey
from outrigger.study.tuning import tuned
from outrigger.study.work import Finished, run_pair


@dataclass(slots=True)
class _Ledger:
    """What has been found so far."""

    trades: dict[str, dict[tuple[int, int, int], pd.DataFrame]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    read: int = 0
    done: int = 0

    def add(self, data: DataSet, pair: str, cell: Cell, trades: pd.DataFrame) -> None:
        code = data.pairs.index(pair)
        # Days of different sets never share a block.
        day = trades["day"] + data.number * SETS_APART
        told = trades.assign(pair=np.int16(code), data=np.int16(data.number), day=day)
        self.trades.setdefault(cell.policy, {})[data.number, code, cell.window] = told

    def fail(self, data: DataSet, pair: str, error: str, cell: Cell | None = None) -> None:
        policy, window = ("", -1) if cell is None else (cell.policy, cell.window)
        self.failures.append(Failure(data.name, pair, policy, window, error))


def conduct(request: Request, workers: Workers, console: Console | None = None) -> StudyResult:
    """Work out a study.

    Parameters
    ----------
    request : Request
        What is asked.
    workers : Workers
        Who works it out.
    console : Console, optional
        Where progress is drawn.

    Returns
    -------
    StudyResult
        With whatever could be worked out; the rest is among its failures.

    Raises
    ------
    DataError
        If candles or entries cannot be used at all, or not a single trade could be replayed.
    SettingsError
        If a policy is unknown.
    """
    began = perf_counter()
    policies = chosen(request.policies, request.terms.bundle)
    tried = trials(request.terms.bundle) if request.tune and request.windows > 1 else ()
    sets = data_sets(request.datadirs, request.timeframe, request.windows)
    ledger = _Ledger()
    with _progress(console) as bar:
        surveyed = _surveyed(request, sets, (*policies, *tried), workers, ledger, bar)
        factors = _factors(sets, surveyed, policies)
        tasks = _tasks(request, sets, surveyed, (*policies, *tried), factors, ledger)
        _worked_out(request, tasks, workers, ledger, bar)
    # In the order of the plan, not of arrival: sums of floats depend on it, in the last digit.
    trades = {
        name: pd.concat([parts[place] for place in sorted(parts)], ignore_index=True)
        for name, parts in ledger.trades.items()
    }
    ledger.trades.clear()
    if not trades:
        told = ledger.failures[0].error if ledger.failures else "no entry lies where there are candles"
        raise DataError(f"not one trade could be replayed: {told}")
    counted = {"read": ledger.read, "worked_out": ledger.done, "failed": len(ledger.failures)}
    told_of = about(request, sets, surveyed, policies, counted)
    slippage = request.terms.replay.slippage
    figures = assemble.tables(trades, policies, sets, factors, request.terms.seed, slippage)
    titles = {one.name: one.title for one in (*policies, *tried)}
    found = StudyResult(
        told_of,
        figures,
        assemble.curves(trades, policies, sets),
        assemble.window_rates(trades, policies, sets),
        tuned(trades, sets),
        assemble.luck(trades, titles, request.forgotten),
        ledger.failures,
    )
    return replace(found, about=told_of | {"seconds": round(perf_counter() - began, 1)})


def _surveyed(
    request: Request,
    sets: Sequence[DataSet],
    policies: Sequence[Policy],
    workers: Workers,
    ledger: _Ledger,
    bar: Progress,
) -> dict[tuple[int, str], Surveyed]:
    """Entries and protective distances of every pair that has any."""
    given = read_entries(request.entries)
    names = tuple(dict.fromkeys(one.sized_by for one in policies))
    asked = [
        SurveyTask(data, pair, None if given is None else given.of(pair), names, request.terms)
        for data in sets
        for pair in data.pairs
        if given is None or (given.frame["pair"] == pair).any()
    ]
    if given is not None:
        known = {pair for data in sets for pair in data.pairs}
        for pair in sorted(set(given.frame["pair"]) - known):
            count = int((given.frame["pair"] == pair).sum())
            ledger.failures.append(
                Failure("", pair, "", -1, f"no candles in any data directory: {count} entries left out")
            )
    line = bar.add_task("entries", total=len(asked))
    found: dict[tuple[int, str], Surveyed] = {}
    for done in workers.run(survey, asked):
        bar.advance(line)
        data, pair, answer = done.task.data, done.task.pair, done.answer
        if answer is None or answer.problem:
            ledger.fail(data, pair, done.error if answer is None else answer.problem)
        else:
            found[data.number, pair] = answer
    return found


def _factors(
    sets: Sequence[DataSet], surveyed: dict[tuple[int, str], Surveyed], policies: Sequence[Policy]
) -> dict[tuple[int, str], float]:
    """Factor that matches each policy's mean notional over a whole set."""
    found: dict[tuple[int, str], float] = {}
    for data in sets:
        parts = [surveyed[data.number, pair] for pair in data.pairs if (data.number, pair) in surveyed]
        for policy in policies:
            distances = [part.distances[policy.sized_by] for part in parts]
            whole = np.concatenate(distances) if distances else np.empty(0)
            if policy.compared.matched and len(whole) and (whole > 0).all():
                found[data.number, policy.name] = matching_scale(whole)
    return found


def _tasks(
    request: Request,
    sets: Sequence[DataSet],
    surveyed: dict[tuple[int, str], Surveyed],
    policies: Sequence[Policy],
    factors: dict[tuple[int, str], float],
    ledger: _Ledger,
) -> list[PairTask]:
    """Cells that are not on disk, pair by pair; the others go into the ledger."""
    tasks: list[PairTask] = []
    for data in sets:
        for pair in data.pairs:
            entered = surveyed[data.number, pair].entered if (data.number, pair) in surveyed else {}
            own = {
                one.name: factors[data.number, one.name]
                for one in policies
                if (data.number, one.name) in factors
            }
            missing: list[Cell] = []
            for policy in policies:
                for window, here in entered.items():
                    key = cell_key(data, pair, policy, here, request.terms, own.get(policy.name))
                    cell = Cell(policy.name, window, key)
                    kept = read_cell(request.out, key)
                    if kept is None:
                        missing.append(cell)
                    else:
                        ledger.read += 1
                        ledger.add(data, pair, cell, kept)
            if missing:
                tasks.append(PairTask(data, pair, entered, tuple(missing), own, request.terms))
    return tasks


def split(tasks: Sequence[PairTask], workers: int) -> list[PairTask]:
    """Cut pairs into parts where there are more workers than pairs; each part reads the candles again.

    Parameters
    ----------
    tasks : sequence of PairTask
        One a pair.
    workers : int
        How many run at the same time.

    Returns
    -------
    list of PairTask
        The longest first, so that none is left alone at the end.
    """
    parts = max(1, -(-workers // max(len(tasks), 1)))
    found: list[PairTask] = []
    for task in tasks:
        windows = sorted({cell.window for cell in task.cells})
        for chunk in np.array_split(windows, min(parts, len(windows))):
            mine = set(chunk.tolist())
            cells = tuple(cell for cell in task.cells if cell.window in mine)
            entered = {window: task.entered[window] for window in mine}
            found.append(replace(task, cells=cells, entered=entered))
    return sorted(found, key=lambda task: -len(task.cells))


def _worked_out(
    request: Request, tasks: Sequence[PairTask], workers: Workers, ledger: _Ledger, bar: Progress
) -> None:
    """Run what is missing and keep it."""
    keep = request.out if workers.shared_disk else None
    parts = [replace(task, keep=keep) for task in split(tasks, workers.count)]
    line = bar.add_task("cells", total=sum(len(task.cells) for task in parts) + ledger.read)
    bar.advance(line, ledger.read)
    for done in workers.run(run_pair, parts):
        task = done.task
        finished = done.answer or [Finished(cell, None, done.error) for cell in task.cells]
        for one in finished:
            if one.trades is None:
                ledger.fail(task.data, task.pair, one.error, one.cell)
                continue
            if not workers.shared_disk:
                write_cell(request.out, one.cell.key, one.trades)
            ledger.done += 1
            ledger.add(task.data, task.pair, one.cell, one.trades)
        bar.advance(line, len(task.cells))


@contextmanager
def _progress(console: Console | None) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console or Console(stderr=True), disable=console is None, transient=True
    ) as bar:
        yield bar
