"""One fold: the real hyperopt on its training, the real backtests on its test, in a directory of its own.

The strategy is copied twice, once for the parameters found and once for the configured ones. Freqtrade leaves
what it found beside the first copy and reads it there again; nothing is written beside the trader's own
strategy, and a parameter file that lies there is no part of a walk forward. A fold that has been finished is
read, not run, as long as everything it was made from is the same.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from outrigger import __version__
from outrigger.atomic import write_text
from outrigger.demo.backtests import copy_strategies, last_message
from outrigger.errors import DataError, ReplayError
from outrigger.review.backtest_export import BacktestResult, read_export
from outrigger.tuning.folds import Fold, Window

TUNED, DEFAULT = "tuned", "default"
RECORD = "fold.json"
LOOK_S = 1.0
INTERRUPTED = frozenset({130, 143})

# Runs a freqtrade command with its output in a file; gives the exit code.
Runner = Callable[[Sequence[str], IO[bytes]], int]
# Told what is being done, in words.
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched, and how.

    Parameters
    ----------
    datadir : Path
        The candles, absolute.
    config : Path
        The Freqtrade configuration.
    strategy : str
        Name of the strategy's class.
    spaces : tuple of str
        Freqtrade's search spaces.
    epochs : int
        Parameter sets tried on each training window.
    loss : str
        Name of the loss function's class.
    losses : Path or None
        Directory of loss functions.
    options : tuple of str
        Arguments of both commands: pairs and timeframe.
    seed : int
        Of the search.
    jobs : int
        Processes of the search.
    """

    datadir: Path
    config: Path
    strategy: str
    spaces: tuple[str, ...]
    epochs: int
    loss: str
    losses: Path | None
    options: tuple[str, ...] = ()
    seed: int = 7
    jobs: int = 2


@dataclass(frozen=True, slots=True)
class FoldOutcome:
    """What came of one fold.

    Parameters
    ----------
    fold : Fold
        Its windows.
    epochs : int
        Parameter sets that were tried.
    parameters : dict of str to float
        Those found, of the spaces searched; empty where no set made enough trades to be judged.
    tuned, default : BacktestResult
        The test window with the parameters found, and with the configured ones.
    """

    fold: Fold
    epochs: int
    parameters: dict[str, float]
    tuned: BacktestResult
    default: BacktestResult


def run_fold(
    fold: Fold, search: Search, config: Mapping[str, Any], place: Path, run: Runner, tell: Tell
) -> FoldOutcome:
    """Run one fold, or read it where it has been run before.

    Parameters
    ----------
    fold : Fold
        Its windows.
    search : Search
        What is searched.
    config : mapping
        The configuration's content; `strategy_path` is relative to the working directory.
    place : Path
        Directory of this fold; what another search left there is replaced.
    run : callable
        Runs a freqtrade command.
    tell : callable
        Told what is being done.

    Returns
    -------
    FoldOutcome
        Parameters found and both backtests.

    Raises
    ------
    ReplayError
        If Freqtrade fails; its log stays where the message says.
    DataError
        If it leaves no readable result.
    SettingsError
        If there is no strategy where the configuration says.
    KeyboardInterrupt
        If a command was interrupted; the fold then is not finished.
    """
    key = _key(fold, search, config)
    known = _finished(fold, search, place, key)
    if known is not None:
        return known
    shutil.rmtree(place, ignore_errors=True)
    copies = {name: copy_strategies(config, place / name) for name in (TUNED, DEFAULT)}
    tell("searching")
    with _counted(place / TUNED, search.epochs, tell):
        _command(_hyperopt(fold, search, place), place / TUNED, "hyperopt", run)
    for name, strategies in copies.items():
        tell(f"testing, {name} parameters")
        argv = _backtest(fold.test, search, place / name, strategies)
        _command(argv, place / name, "backtesting", run)
    outcome = _read(fold, search, place, _epochs(place / TUNED))
    # Written last: a fold that can be read to its end is one that need not be run again.
    record = {"made_from": key, "epochs": outcome.epochs}
    write_text(place / RECORD, json.dumps(record, indent=2) + "\n")
    return outcome


def _hyperopt(fold: Fold, search: Search, place: Path) -> tuple[str, ...]:
    losses = () if search.losses is None else ("--hyperopt-path", str(search.losses))
    return (
        "hyperopt",
        *_common(search, place / TUNED, place / TUNED / "strategies", fold.train),
        *("--hyperopt-loss", search.loss, *losses, "--spaces", *search.spaces),
        # The same seed in every fold would draw the same parameters, and make them look stable.
        *("--epochs", str(search.epochs), "--random-state", str(search.seed + fold.number)),
        *("-j", str(search.jobs)),
    )


def _backtest(window: Window, search: Search, place: Path, strategies: Path) -> tuple[str, ...]:
    results = place / "results"
    results.mkdir(parents=True, exist_ok=True)
    return (
        "backtesting",
        *_common(search, place, strategies, window),
        *("--cache", "none", "--export", "trades", "--backtest-directory", str(results)),
    )


def _common(search: Search, userdir: Path, strategies: Path, window: Window) -> tuple[str, ...]:
    return (
        *("--config", str(search.config), "--strategy", search.strategy),
        *("--strategy-path", str(strategies), "--userdir", str(userdir)),
        *("--timerange", window.timerange, *search.options),
    )


def _command(argv: Sequence[str], place: Path, name: str, run: Runner) -> None:
    """Run a command; refuse its failure, pass its interruption on."""
    log = place / f"{name}.log"
    with log.open("wb") as output:
        code = run(argv, output)
    # Freqtrade ends an interrupted search as if it had been finished.
    if code in INTERRUPTED or (name == "hyperopt" and "User interrupted" in log.read_text(errors="replace")):
        raise KeyboardInterrupt
    if code != 0:
        raise ReplayError(
            f"freqtrade {name} ended with code {code}; it said last: {last_message(log)}; "
            f"all of it is in {log}"
        )


def _key(fold: Fold, search: Search, config: Mapping[str, Any]) -> str:
    """Digest of everything that a fold is made from, but for the candles."""
    strategies = Path(config.get("strategy_path") or "strategies")
    sources = [file.read_text(encoding="utf-8") for file in sorted(strategies.glob("*.py"))]
    # How many processes search together changes the order of the epochs, so it changes what is found.
    made_from = [__version__, repr(fold.train), repr(fold.test), repr(search), config, sources]
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def _finished(fold: Fold, search: Search, place: Path, key: str) -> FoldOutcome | None:
    """Read a fold that was finished from the same things; None where there is none to be read."""
    try:
        record = json.loads((place / RECORD).read_text(encoding="utf-8"))
        same = record["made_from"] == key
        return _read(fold, search, place, int(record["epochs"])) if same else None
    except (OSError, ValueError, KeyError, TypeError, DataError):
        return None


def _read(fold: Fold, search: Search, place: Path, epochs: int) -> FoldOutcome:
    tuned, default = (_result(place / name) for name in (TUNED, DEFAULT))
    return FoldOutcome(fold, epochs, _parameters(place, search), tuned, default)


def _parameters(place: Path, search: Search) -> dict[str, float]:
    """Parameters of the searched spaces that Freqtrade left beside the strategy; none where it found none."""
    files = sorted((place / TUNED / "strategies").glob("*.json"))
    if not files:
        return {}
    document = json.loads(files[0].read_text(encoding="utf-8"))
    return {
        name: float(value)
        for space in search.spaces
        for name, value in document["params"].get(space, {}).items()
    }


def _result(place: Path) -> BacktestResult:
    results = read_export(place / "results")
    if len(results) != 1:
        raise DataError(f"{place}: results of {len(results)} strategies, a walk forward tests one")
    return results[0]


def _epochs(place: Path) -> int:
    """Epochs that a search has written so far."""
    found = 0
    for file in (place / "hyperopt_results").glob("*.fthypt"):
        with file.open("rb") as lines:
            found += sum(1 for _ in lines)
    return found


@contextmanager
def _counted(place: Path, epochs: int, tell: Tell) -> Iterator[None]:
    """Tell how many epochs are done for as long as a search runs."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_S):
            tell(f"searching, {_epochs(place)} of {epochs} epochs")

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
