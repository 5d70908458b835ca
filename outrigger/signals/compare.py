"""Compare kinds of entries: held for fixed times, and under the shipped stop, less what random entries earn.

Run `python -m outrigger.signals.compare --datadir DIR DIR DIR [--json]`. Held for a time, a trade pays ten
basis points; under the stop fees, funding and slippage. The null are random entries of the same pair, set and
side; the interval resamples blocks of days, for entries and null alike, so that a market that happened to
rise is taken off both. Five kinds, four readings: one figure in forty stands above zero by luck alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from outrigger.commands.refusing import refusing
from outrigger.errors import SettingsError
from outrigger.json_values import plain
from outrigger.market.candles import mend, read_candles
from outrigger.review.lab import replay_many
from outrigger.review.lab_trade import ReplayTerms
from outrigger.review.pair_market import PairMarket, bars, base_timeframe, load_pair, pairs_of
from outrigger.review.paired import BLOCK_DAYS, block_weights
from outrigger.review.random_entries import eligible_rows
from outrigger.settings.read import Settings
from outrigger.settings.signals import SignalSettings
from outrigger.signals.compared_entries import charts_needed, entry_rows
from outrigger.signals.forward import forward_moves
from outrigger.stops.policies import sided_widths
from outrigger.study.nulls import matched_null

HORIZONS_HOURS = (1, 4, 24)
LONGEST_HOURS = 72.0
MIN_DRAWS = 200
INTERVAL_DRAWS = 2000
ROUND_TRIP = 0.001
STOPPED = "stop"
READINGS = (*(f"{hours} h" for hours in HORIZONS_HOURS), STOPPED)
POOLED = "all"
_DAY_MS = 86_400_000
_APART = 1_000_000
_GROUP = ["data", "pair", "side"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One kind of entry, one reading, one set.

    Parameters
    ----------
    data, entry, reading : str
        Set, kind, and what was done with it: held for hours, or `stop`.
    entries : int
        How many.
    mean_bp, null_bp : float
        Mean net result in basis points of notional, and that of random entries of the same sides.
    excess_bp, low_bp, high_bp : float
        The difference and its 95 % interval.
    p_value : float
        Share of draws of as many random entries that did at least as well.
    """

    data: str
    entry: str
    reading: str
    entries: int
    mean_bp: float
    null_bp: float
    excess_bp: float
    low_bp: float
    high_bp: float
    p_value: float


def compare(
    datadirs: Sequence[Path],
    settings: Settings,
    *,
    pool: int = 1000,
    draws: int = 500,
    seed: int = 1,
) -> list[Compared]:
    """Compare every kind of entry on Freqtrade data directories.

    Parameters
    ----------
    datadirs : sequence of Path
        Each a set of its own.
    settings : Settings
        Signals of the default entry, the stop and what a stop exit slips.
    pool : int
        Random candles a pair, entered both ways, that nulls are drawn from.
    draws : int
        Draws of the null, at least 200.
    seed : int
        Of all draws.

    Returns
    -------
    list of Compared
        By set and, where there are several, pooled.

    Raises
    ------
    DataError
        If candles are missing or too few.
    SettingsError
        If there are too few draws.
    """
    if draws < MIN_DRAWS:
        raise SettingsError(f"--draws {draws} is too few to tell luck from skill: pass at least {MIN_DRAWS}")
    sets = {path.name: _entered(path, number, settings, pool, seed) for number, path in enumerate(datadirs)}
    if len(sets) > 1:
        names = list(dict.fromkeys(name for found in sets.values() for name in found))
        parts = list(sets.values())
        sets[POOLED] = {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in names}
    return [
        judge(data, name, reading, entries, found[""], draws, seed)
        for data, found in sets.items()
        for name, entries in found.items()
        if name and not entries.empty
        for reading in READINGS
    ]


def _entered(datadir: Path, number: int, settings: Settings, pool: int, seed: int) -> dict[str, pd.DataFrame]:
    """Results of all entries of one set by kind; those of random candles under the empty name."""
    base = base_timeframe(datadir)
    found: dict[str, list[pd.DataFrame]] = {}
    for pair in pairs_of(datadir, base):
        market = load_pair(datadir, pair, base)
        eligible = eligible_rows(market, bars(LONGEST_HOURS, base))
        rng = np.random.default_rng([seed, number, len(found.get("", []))])
        rows = np.sort(rng.choice(eligible, pool))
        random = (np.repeat(rows, 2), np.tile([1, -1], pool))
        kinds = entry_rows(_frames(datadir, market, settings.signals), base, pair, settings.signals)
        for name, (at, sides) in {"": random, **kinds}.items():
            usable = np.isin(at, eligible)
            told = results(market, at[usable], sides[usable], settings)
            found.setdefault(name, []).append(told.assign(pair=pair, data=datadir.name, window=0))
    joined = {name: pd.concat(parts, ignore_index=True) for name, parts in found.items()}
    return {name: told.assign(day=told["day"] + number * _APART) for name, told in joined.items()}


def _frames(datadir: Path, market: PairMarket, settings: SignalSettings) -> Mapping[str, pd.DataFrame]:
    further = [name for name in charts_needed(settings) if name not in market.frames]
    return {**market.frames, **{name: mend(read_candles(datadir, market.pair, name)) for name in further}}


def results(
    market: PairMarket, rows: np.ndarray[Any, Any], sides: np.ndarray[Any, Any], settings: Settings
) -> pd.DataFrame:
    """Net results of entries, by reading.

    Parameters
    ----------
    market : PairMarket
        Their pair.
    rows, sides : ndarray of int64, shape (n_entries,)
        Candles at whose opens they are made, and sides.
    settings : Settings
        The stop, fees and slippage.

    Returns
    -------
    DataFrame of shape (n_entries, 6)
        One column a reading, fractions of notional; `side` and `day` of the entry.
    """
    lengths = [bars(hours, market.timeframe) for hours in HORIZONS_HOURS]
    # Moves are those after a candle's close: the candle before the entry.
    moves = forward_moves(market.candles.open, lengths)[rows - 1]
    told = {reading: sides * moves[:, column] - ROUND_TRIP for column, reading in enumerate(READINGS[:-1])}
    terms = ReplayTerms(
        bars(LONGEST_HOURS, market.timeframe),
        min_step=settings.stop.min_step,
        fee=settings.risk.fee,
        slippage=settings.risk.slippage,
    )
    widths = sided_widths(market.measured(settings.stop), settings.stop)
    told[STOPPED] = replay_many(market.candles, widths, rows, sides, terms)["net"].to_numpy(np.float64)
    return pd.DataFrame({**told, "side": sides, "day": market.opened_at_ms[rows] // _DAY_MS})


def judge(
    data: str, name: str, reading: str, entries: pd.DataFrame, pool: pd.DataFrame, draws: int, seed: int
) -> Compared:
    """Hold entries against random ones.

    Parameters
    ----------
    data, name, reading : str
        Set, kind and the column that is judged.
    entries, pool : DataFrame
        Results of the entries and of random ones, with `data`, `pair`, `side`, `window` and `day`.
    draws, seed : int
        Of the null, and of all draws.

    Returns
    -------
    Compared
    """
    null = matched_null(entries, pool, reading, seed, draws)
    excess = _excess(entries, pool, reading, seed)
    low, high = np.nanquantile(excess[1:], (0.025, 0.975))
    mean, apart = float(entries[reading].mean()), float(excess[0])
    return Compared(
        data=data,
        entry=name,
        reading=reading,
        entries=len(entries),
        mean_bp=mean * 1e4,
        null_bp=(mean - apart) * 1e4,
        excess_bp=apart * 1e4,
        low_bp=float(low) * 1e4,
        high_bp=float(high) * 1e4,
        p_value=null.p_value,
    )


def _excess(
    entries: pd.DataFrame, pool: pd.DataFrame, reading: str, seed: int
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Mean of entries less that of random ones with the same sides: on all days, then on each resample."""
    days = pd.Index(np.union1d(entries["day"], pool["day"]))
    groups = pd.MultiIndex.from_frame(entries[_GROUP].drop_duplicates())
    weights = np.vstack([np.ones(len(days)), block_weights(len(days), BLOCK_DAYS, INTERVAL_DRAWS, seed)])
    there, known = (_sums(part, reading, days, groups) for part in (entries, pool))
    count, total = weights @ there[1], weights @ there[0]
    random = weights @ known[0] / np.maximum(weights @ known[1], 1.0)
    entered = count.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((total.sum(axis=1) - (count * random).sum(axis=1)) / entered)


def _sums(
    part: pd.DataFrame, reading: str, days: pd.Index, groups: pd.MultiIndex
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], ...]:
    """Sums and counts by day and group."""
    tables = (
        part.pivot_table(values=reading, index="day", columns=_GROUP, aggfunc=how, observed=True)
        for how in ("sum", "count")
    )
    lined_up = (table.reindex(index=days, columns=groups).fillna(0.0) for table in tables)
    return tuple(table.to_numpy(dtype=np.float64) for table in lined_up)


def table(found: Iterable[Compared]) -> Table:
    """Lay a comparison out for a terminal."""
    laid = Table(title="Entries less random entries of the same sides, bp of notional, net (95 %)")
    laid.add_column("set")
    laid.add_column("entry", no_wrap=True)
    for name in ("entries", *READINGS, "p (stop)"):
        laid.add_column(name, justify="right")
    rows: dict[tuple[str, str], list[Compared]] = {}
    for one in found:
        rows.setdefault((one.data, one.entry), []).append(one)
    for (data, name), told in rows.items():
        cells = [f"{one.excess_bp:+.0f} ({one.low_bp:+.0f} to {one.high_bp:+.0f})" for one in told]
        laid.add_row(data, name, str(told[0].entries), *cells, f"{told[-1].p_value:.2f}")
    return laid


@refusing
def main(argv: Sequence[str] | None = None) -> int:
    """Run the comparison from the command line; 2 where something was refused."""
    parser = argparse.ArgumentParser(prog="python -m outrigger.signals.compare", description=__doc__)
    parser.add_argument("--datadir", type=Path, nargs="+", required=True, help="Freqtrade data directories")
    parser.add_argument("--pool", type=int, default=1000, help="random candles a pair")
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(argv)
    found = compare(given.datadir, Settings(), pool=given.pool, draws=given.draws, seed=given.seed)
    if given.json:
        sys.stdout.write(json.dumps([plain(asdict(one)) for one in found], indent=2) + "\n")
    else:
        Console().print(table(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
