"""Study whether entry events earn more than random entries on a Freqtrade data directory.

Run `python -m outrigger.signals.study --datadir DIR --timeframe 1m [--since D] [--until D] [--json]`.
Other settings can be tried with `--settings '{"channel": 0.0}'`; every try is a trial and belongs in
the count. Returns are net of a round-trip cost on notional, without funding, stops or sizing: this
judges the entry alone. See `forward` for the nulls and where they are weak.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from outrigger.commands.refusing import refusing
from outrigger.errors import DataError, SettingsError
from outrigger.market.alignment import missing_chart
from outrigger.market.timeframe import timeframe_ms
from outrigger.settings.signals import SignalSettings
from outrigger.signals.forward import Entries, Verdict, forward_moves, judge
from outrigger.signals.indicators import charts, measure_charts, signals

HORIZONS_HOURS = (1.0, 4.0, 24.0)
MIN_DRAWS = 200
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Study:
    """Result of one run.

    Parameters
    ----------
    pairs : dict of str to int
        Events by pair.
    pair_days : float
        Days on which entries were possible, summed over pairs.
    per_pair_day : float
        Events per pair and day.
    verdicts : list of Verdict
        Returns by group and horizon.
    """

    pairs: dict[str, int]
    pair_days: float
    per_pair_day: float
    verdicts: list[Verdict]


def read_pairs(datadir: Path, timeframes: Sequence[str]) -> dict[str, dict[str, pd.DataFrame]]:
    """Candles of every futures pair that has the first timeframe.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory with a `futures` folder of Feather files.
    timeframes : sequence of str
        Timeframes to read, the base one first.

    Returns
    -------
    dict of str to dict of str to DataFrame
        Frames by pair and timeframe.

    Raises
    ------
    DataError
        If there is no pair, or a pair lacks a chart.
    """
    folder, base = datadir / "futures", timeframes[0]
    found: dict[str, dict[str, pd.DataFrame]] = {}
    for path in sorted(folder.glob(f"*-{base}-futures.feather")):
        stem = path.name.removesuffix(f"-{base}-futures.feather")
        coin, *quotes = stem.split("_")
        pair = f"{coin}/{':'.join(quotes)}"
        found[pair] = {}
        for timeframe in timeframes:
            file = folder / f"{stem}-{timeframe}-futures.feather"
            if not file.is_file():
                raise missing_chart(pair, timeframe)
            found[pair][timeframe] = pd.read_feather(file)
    if not found:
        raise DataError(
            f"no {base} futures candles in {folder}: pass a Freqtrade data directory with --datadir"
        )
    return found


def pair_entries(
    frames: dict[str, pd.DataFrame],
    pair: str,
    settings: SignalSettings,
    base: str,
    *,
    since: pd.Timestamp | None = None,
    until: pd.Timestamp | None = None,
) -> Entries:
    """Events of one pair and the moves after every candle on which one could have fired.

    Parameters
    ----------
    frames : dict of str to DataFrame
        Candles by timeframe.
    pair : str
        Pair, for error messages.
    settings : SignalSettings
        The signals' settings.
    base : str
        Base timeframe.
    since, until : Timestamp or None
        First candle open to study, and the first no longer studied.

    Returns
    -------
    Entries
        Events and moves over candles with all measures and a complete longest horizon.
    """
    clock = frames[base]
    measures = measure_charts(frames, base, settings, pair)
    result = signals(measures, base, settings)
    bars = [round(hours * _HOUR_MS / timeframe_ms(base)) for hours in HORIZONS_HOURS]
    moves = forward_moves(clock["open"].to_numpy(dtype=np.float64), bars)
    eligible = measures.notna().all(axis=1).to_numpy() & np.isfinite(moves).all(axis=1)
    dates = pd.DatetimeIndex(clock["date"])
    if since is not None:
        eligible &= np.asarray(dates >= since)
    if until is not None:
        eligible &= np.asarray(dates < until)
    side = result["entry"].to_numpy(dtype=np.int8)[eligible]
    at = np.flatnonzero(side)
    confidence = result["confidence"].to_numpy(dtype=np.float64)[eligible][at]
    return Entries(moves=moves[eligible], at=at, side=side[at], confidence=confidence)


def run(
    datadir: Path,
    base: str,
    settings: SignalSettings,
    *,
    since: str | None = None,
    until: str | None = None,
    cost: float = 0.001,
    draws: int = 500,
    seed: int = 1,
) -> Study:
    """Study one data directory.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory.
    base : str
        Base timeframe.
    settings : SignalSettings
        The signals' settings.
    since, until : str, optional
        Dates such as `2025-04-01`, UTC; `until` is excluded.
    cost : float
        Round trip, fraction of price.
    draws : int
        Draws of each null, at least 200.
    seed : int
        Seed of the draws.

    Returns
    -------
    Study
        Counts and verdicts.

    Raises
    ------
    DataError
        If candles are missing or malformed.
    SettingsError
        If there are too few draws or the charts do not fit together.
    """
    if draws < MIN_DRAWS:
        raise SettingsError(f"--draws {draws} is too few to tell luck from skill: pass at least {MIN_DRAWS}")
    first, last = _utc(since), _utc(until)
    entries = {
        pair: pair_entries(frames, pair, settings, base, since=first, until=last)
        for pair, frames in read_pairs(datadir, charts(settings, base)).items()
    }
    days = sum(one.moves.shape[0] for one in entries.values()) * timeframe_ms(base) / (24 * _HOUR_MS)
    counts = {pair: int(one.at.size) for pair, one in entries.items()}
    verdicts = judge(entries, HORIZONS_HOURS, cost, draws, seed)
    return Study(counts, days, sum(counts.values()) / days if days else 0.0, verdicts)


@refusing
def main(argv: Sequence[str] | None = None) -> int:
    """Run the study from the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; the process's own by default.

    Returns
    -------
    int
        0, or 2 where something was refused.
    """
    parser = argparse.ArgumentParser(prog="python -m outrigger.signals.study", description=__doc__)
    parser.add_argument("--datadir", type=Path, required=True, help="Freqtrade data directory")
    parser.add_argument("--timeframe", default="1m", help="base timeframe")
    parser.add_argument("--since", help="first day, UTC")
    parser.add_argument("--until", help="first day no longer studied, UTC")
    parser.add_argument(
        "--settings", default="{}", help="signal settings as JSON; the rest keep their defaults"
    )
    parser.add_argument("--cost-bp", type=float, default=10.0, help="round trip, basis points")
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(argv)
    study = run(
        given.datadir,
        given.timeframe,
        _settings(given.settings),
        since=given.since,
        until=given.until,
        cost=given.cost_bp / 1e4,
        draws=given.draws,
        seed=given.seed,
    )
    if given.json:
        sys.stdout.write(json.dumps(asdict(study), indent=2) + "\n")
    else:
        Console().print(_table(study, given.cost_bp))
    return 0


def _table(study: Study, cost_bp: float) -> Table:
    title = (
        f"{sum(study.pairs.values())} entries, {study.per_pair_day:.2f} a pair and day; bp net of {cost_bp:g}"
    )
    table = Table(
        "group", "hours", "entries", "mean", "random", "shifted", "excess (95 %)", "beats", title=title
    )
    for one in study.verdicts:
        table.add_row(
            one.group,
            f"{one.horizon_hours:g}",
            str(one.events),
            f"{one.mean_bp:.1f}",
            f"{one.random_bp:.1f}",
            f"{one.shifted_bp:.1f}",
            f"{one.excess_bp:+.1f} ({one.low_bp:.1f}, {one.high_bp:.1f})",
            f"{one.beats_shifted:.0%}",
        )
    return table


def _settings(text: str) -> SignalSettings:
    try:
        return SignalSettings.model_validate_json(text)
    except ValidationError as error:
        raise SettingsError(f"--settings {text}: {error}") from error


def _utc(day: str | None) -> pd.Timestamp | None:
    if day is None:
        return None
    try:
        return pd.Timestamp(day, tz="UTC")
    except ValueError as error:
        raise SettingsError(f"{day!r} is not a date: write 2025-04-01") from error


if __name__ == "__main__":
    raise SystemExit(main())
