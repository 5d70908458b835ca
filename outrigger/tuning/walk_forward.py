"""Tunes on the past, tests on what follows, and keeps only the tests.

A hyperopt result on the window it was searched in says how well the search fits noise. Here Freqtrade's own
`hyperopt` and `backtesting` run fold after fold against the replay exchange; every figure reported is of a
window that no search saw. Trades open at a window's end are closed there, so nothing reaches across the gap.
A fold that fails is reported and the others go on; a walk that was interrupted goes on where it stopped.
Weak: whoever repeats the walk with other spaces until it pleases has tuned on the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pandas as pd

from outrigger.errors import DataError, OutriggerError, SettingsError
from outrigger.market.candles import candle_path, read_candles
from outrigger.market.moment import to_ms
from outrigger.market.timeframe import timeframe_ms
from outrigger.replay.offline import offline
from outrigger.replay.synth import is_synthetic
from outrigger.settings.configured import read_config
from outrigger.settings.read import Settings, read_settings, tunables
from outrigger.tuning.fold_run import FoldOutcome, Runner, Search, run_fold
from outrigger.tuning.folds import Fold, Steps, Window, lay_out
from outrigger.tuning.result import Failure, Searched, WalkForward

LOSS = "OutriggerLoss"
# What the strategy asks Freqtrade for; Freqtrade would begin that much later by itself.
STARTUP_CANDLES = 2016

# Told what is being done, and how many of how many parts are done.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A walk forward as the command line asks for it.

    Parameters
    ----------
    datadir, config, out : Path
        Data directory, Freqtrade configuration, and where folds are kept.
    steps : Steps
        Lengths of the windows.
    epochs : int
        Parameter sets tried on each training window.
    spaces : tuple of str
        Search spaces.
    timeframe : str or None
        Base timeframe; the configuration's unless said.
    loss : str
        Name of the loss function's class.
    seed, jobs : int
        Seed of the search and its processes.
    """

    datadir: Path
    config: Path
    out: Path
    steps: Steps
    epochs: int = 50
    spaces: tuple[str, ...] = ("stop",)
    timeframe: str | None = None
    loss: str = LOSS
    seed: int = 7
    jobs: int = 2


def walk_forward(asked: Asked, progress: Progress, run: Runner | None = None) -> WalkForward:
    """Walk forward through the candles of a data directory.

    Parameters
    ----------
    asked : Asked
        What to do.
    progress : callable
        Told about it.
    run : callable, optional
        Runs a freqtrade command; against the replay exchange by default.

    Returns
    -------
    WalkForward
        Out-of-sample results, by fold and laid end to end.

    Raises
    ------
    SettingsError
        If the configuration, a space or the loss function cannot be used.
    DataError
        If there are no candles, or not one fold fits into them.
    """
    config = read_config(asked.config)
    settings = read_settings(config)
    searched = _searched(asked.spaces, settings)
    timeframe = asked.timeframe or str(config.get("timeframe", "1m"))
    pairs, data = _data(asked.datadir, config, timeframe)
    search = Search(
        datadir=asked.datadir.resolve(),
        config=asked.config,
        strategy=_strategy(config),
        spaces=asked.spaces,
        epochs=asked.epochs,
        loss=asked.loss,
        losses=_losses(config, asked.loss),
        options=("--timeframe", timeframe, "--pairs", *pairs),
        seed=asked.seed,
        jobs=asked.jobs,
    )
    folds = lay_out(data, asked.steps)

    def freqtrade(argv: Sequence[str], output: IO[bytes]) -> int:
        return offline(asked.datadir, argv, output=output)

    outcomes, failures = _walk(
        folds, search, config, asked.out / asked.datadir.resolve().name, run or freqtrade, progress
    )
    return WalkForward(
        outcomes=tuple(outcomes),
        failures=tuple(failures),
        searched=searched,
        slippage=settings.risk.slippage,
        epochs=asked.epochs,
        steps=asked.steps,
        data=f"{asked.datadir.name}, {timeframe}, {', '.join(pair.split('/')[0] for pair in pairs)}",
        synthetic=is_synthetic(asked.datadir),
        ignored=_parameter_file(config),
    )


def _walk(
    folds: tuple[Fold, ...],
    search: Search,
    config: Mapping[str, Any],
    place: Path,
    run: Runner,
    progress: Progress,
) -> tuple[list[FoldOutcome], list[Failure]]:
    outcomes, failures = [], []
    for fold in folds:
        done, name = fold.number - 1, f"fold {fold.number} of {len(folds)}"

        def tell(doing: str, name: str = name, done: int = done) -> None:
            progress(f"{name}: {doing}", done, len(folds))

        try:
            where = place / f"fold-{fold.number:02d}"
            outcomes.append(run_fold(fold, search, config, where, run, tell))
        except (OutriggerError, OSError) as error:
            failures.append(Failure(fold, str(error)))
    return outcomes, failures


def _searched(spaces: tuple[str, ...], settings: Settings) -> tuple[Searched, ...]:
    """Configured value and search range of every parameter of the spaces."""
    known = {tune.space for _, _, tune, _ in tunables()}
    wrong = [space for space in spaces if space not in known]
    if wrong or not spaces:
        raise SettingsError(
            f"--spaces {','.join(wrong) or 'nothing'}: no search space of Outrigger; it has "
            f"{', '.join(sorted(known))}"
        )
    found = []
    for section, key, tune, _ in tunables():
        chosen = getattr(settings, section)
        if tune.space in spaces and tune.active(chosen):
            value = float(getattr(chosen, key))
            # A configured value outside of the range widens it, as in the strategy itself.
            low, high = min(tune.low, value), max(tune.high, value)
            found.append(Searched(f"{section}_{key}", value, low, high))
    return tuple(found)


def _strategy(config: Mapping[str, Any]) -> str:
    name = config.get("strategy")
    if not isinstance(name, str) or not name:
        raise SettingsError('the configuration names no "strategy": write "strategy": "Outrigger"')
    return name


def _losses(config: Mapping[str, Any], loss: str) -> Path | None:
    """Directory of the trader's loss functions; every fold has a user directory of its own."""
    named = config.get("hyperopt_path")
    directory = Path(named or Path(config.get("user_data_dir") or "user_data") / "hyperopts")
    if loss == LOSS and not (directory / "outrigger_loss.py").is_file():
        raise SettingsError(
            f"{directory.resolve()} has no outrigger_loss.py: run this where config.json lies, or copy the "
            "file there from Outrigger's own user_data/hyperopts"
        )
    return directory if directory.is_dir() else None


def _parameter_file(config: Mapping[str, Any]) -> str | None:
    files = sorted(Path(config.get("strategy_path") or "strategies").glob("*.json"))
    return str(files[0]) if files else None


def _data(datadir: Path, config: Mapping[str, Any], timeframe: str) -> tuple[tuple[str, ...], Window]:
    """Configured pairs that have candles, and the time in which the earliest of them can be traded."""
    wanted = config.get("exchange", {}).get("pair_whitelist", [])
    stored = [pair for pair in wanted if candle_path(datadir, pair, timeframe).is_file()]
    frames = {pair: read_candles(datadir, pair, timeframe) for pair in stored}
    dates = {pair: pd.DatetimeIndex(frame["date"]) for pair, frame in frames.items() if len(frame)}
    if not dates:
        raise DataError(
            f"{datadir} has {timeframe} candles of none of the configured pairs ({', '.join(wanted)})"
        )
    length = timeframe_ms(timeframe)
    first = min(to_ms(found[0].to_pydatetime()) for found in dates.values())
    last = max(to_ms(found[-1].to_pydatetime()) for found in dates.values())
    return tuple(dates), Window(first + STARTUP_CANDLES * length, last + length)
