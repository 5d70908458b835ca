"""The real `freqtrade backtesting`, once for every stop, two at a time, with its progress in view.

Each run is a process of its own, because an offline run handles signals and only a main thread may. What
Freqtrade says goes to a log file; its last line is shown while it runs, and its end when it fails. The
strategy is run from a copy, so that parameters which hyperopt left beside the original stay out of it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import Any

from outrigger.demo.policies import Compared
from outrigger.errors import DataError, ReplayError, SettingsError
from outrigger.replay.offline import offline
from outrigger.review.backtest_export import BacktestResult, read_export

AT_ONCE = 2
LOOK_S = 0.5
LOG_END_LINES = 25
LOG_END_BYTES = 16_384
_MESSAGE = re.compile(r"\d{4}-\d\d-\d\d .*? - [\w.]+ - [A-Z]+ - (?P<said>.*)")

# Told the label of a backtest, what it is doing or came to, and whether it has finished.
Progress = Callable[[str, str, bool], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One backtest to run, in plain values that a process can be given.

    Parameters
    ----------
    label : str
        What it is called.
    datadir : Path
        The market.
    argv : tuple of str
        Freqtrade's command and arguments.
    results, log : Path
        Directory of the export; file of the output.
    """

    label: str
    datadir: Path
    argv: tuple[str, ...]
    results: Path
    log: Path


def job(
    compared: Compared, config: Path, strategies: Path, datadir: Path, out: Path, options: Sequence[str] = ()
) -> Job:
    """Prepare the directories and the overlay configuration of one backtest.

    Parameters
    ----------
    compared : Compared
        The stop.
    config : Path
        The Freqtrade configuration.
    strategies : Path
        Directory of the strategy to run.
    datadir : Path
        The market.
    out : Path
        Where everything is written; results of an earlier run of the same stop are removed.
    options : sequence of str
        Further arguments of `freqtrade backtesting`: `--timerange`, `--timeframe`.

    Returns
    -------
    Job
        Ready to run.
    """
    place = out / "backtests" / compared.policy
    shutil.rmtree(place, ignore_errors=True)
    results = place / "results"
    results.mkdir(parents=True)
    overlay = place / "overlay.json"
    overlay.write_text(json.dumps(compared.overlay, indent=2) + "\n", encoding="utf-8")
    # A directory of its own: two that begin at once would trip over each other making Freqtrade's folders.
    argv = (
        "backtesting",
        *("--config", str(config), "--config", str(overlay)),
        *("--strategy-path", str(strategies), "--userdir", str(place), *options),
        *("--cache", "none", "--export", "trades", "--backtest-directory", str(results)),
    )
    return Job(compared.label, datadir, argv, results, place / "freqtrade.log")


def copy_strategies(config: Mapping[str, Any], out: Path) -> Path:
    """Copy the strategy files that a configuration names to where no parameter file lies beside them.

    Parameters
    ----------
    config : mapping
        The Freqtrade configuration; its `strategy_path` is relative to the working directory.
    out : Path
        Directory to copy below.

    Returns
    -------
    Path
        Directory of the copies.

    Raises
    ------
    SettingsError
        If there is no strategy where the configuration says.
    """
    source, target = Path(config.get("strategy_path") or "strategies"), out / "strategies"
    found = sorted(source.glob("*.py"))
    if not found:
        raise SettingsError(
            f"no strategy file in {source.resolve()}: run this where config.json lies, or correct "
            'its "strategy_path"'
        )
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in found:
        shutil.copy2(file, target)
    return target


def run_all(jobs: Sequence[Job], progress: Progress) -> dict[str, BacktestResult]:
    """Run backtests, two at a time.

    Parameters
    ----------
    jobs : sequence of Job
        What to run.
    progress : callable
        Told about twice a second what each running backtest does, and when it is done.

    Returns
    -------
    dict of str to BacktestResult
        By label.

    Raises
    ------
    ReplayError
        If Freqtrade fails; the message ends with what it said last.
    DataError
        If it leaves no readable result.
    """
    done: dict[str, BacktestResult] = {}
    # Not fork: the caller draws progress in a thread, and a forked lock may never open again.
    with ProcessPoolExecutor(min(AT_ONCE, len(jobs)), mp_context=get_context("spawn")) as pool:
        running = {pool.submit(_run, one): one for one in jobs}
        try:
            for future in _finished(running, progress):
                one, (code, seconds) = running[future], future.result()
                done[one.label] = found = finished_result(one, code)
                progress(one.label, f"{len(found.trades)} trades in {seconds:.0f} s", True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {one.label: done[one.label] for one in jobs}


def _run(one: Job) -> tuple[int, float]:
    """Run one backtest in a process of the pool: exit code and seconds."""
    began = monotonic()
    with one.log.open("wb") as output:
        code = offline(one.datadir, one.argv, output=output)
    return code, monotonic() - began


def _finished(running: Mapping[Future[Any], Job], progress: Progress) -> Iterator[Future[Any]]:
    """Yield futures as they finish; in between, tell what the others are doing."""
    pending = set(running)
    while pending:
        finished, pending = wait(pending, timeout=LOOK_S, return_when=FIRST_COMPLETED)
        yield from finished
        for future in pending:
            one = running[future]
            # A pool calls a job running as soon as it is queued; its log exists once it is.
            if one.log.is_file():
                progress(one.label, last_message(one.log), False)


def finished_result(one: Job, code: int) -> BacktestResult:
    """Read what a backtest left behind.

    Parameters
    ----------
    one : Job
        The backtest.
    code : int
        Freqtrade's exit code.

    Returns
    -------
    BacktestResult
        Of the one strategy that was run.

    Raises
    ------
    ReplayError
        If the code is not 0; the message ends with what Freqtrade said last.
    DataError
        If there is no readable result of exactly one strategy.
    """
    if code != 0:
        raise ReplayError(
            f"freqtrade backtesting with the stop {one.label!r} ended with code {code}; it said last:\n"
            f"{_end_of(one.log)}\nAll of it is in {one.log}"
        )
    results = read_export(one.results)
    if len(results) != 1:
        raise DataError(
            f"{one.results}: results of {len(results)} strategies; the demo runs one: "
            'set "strategy" in the configuration'
        )
    return results[0]


def last_message(log: Path) -> str:
    """What Freqtrade's log says last, without date and module; empty before it says anything.

    Parameters
    ----------
    log : Path
        The log file; it may not exist yet.

    Returns
    -------
    str
        One line.
    """
    said = [found["said"] for line in _tail(log) if (found := _MESSAGE.match(line))]
    return said[-1].strip() if said else "starting"


def _end_of(log: Path) -> str:
    return "\n".join(_tail(log)[-LOG_END_LINES:])


def _tail(log: Path) -> list[str]:
    if not log.is_file():
        return []
    with log.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - LOG_END_BYTES))
        return file.read().decode("utf-8", errors="replace").splitlines()
