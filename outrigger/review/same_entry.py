"""Compare stops on the same random entries, each trade replayed alone.

Two readings: each policy as it is, and *matched*, where its widths are scaled until it carries the same
mean notional as a 3 % stop. On random entries no stop earns anything; what differs is how often one is
thrown out of a move that then comes, and how much of a move it keeps. Returns are net of fees and
funding, R is the protective distance. Weak: trades never compete for capital, as they would in an account.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from outrigger.errors import DataError
from outrigger.market.store.store import MarketStore
from outrigger.review.aftermath import Aftermath
from outrigger.review.lab import replay_many
from outrigger.review.lab_trade import ReplayTerms
from outrigger.review.matched import REFERENCE, matching_scale, scaled
from outrigger.review.pair_market import PairMarket, bars, base_timeframe, load_pair, pairs_of
from outrigger.review.paired import BLOCK_DAYS, DRAWS
from outrigger.review.policies_compared import COMPARED, SHIPPED, Compared
from outrigger.review.random_entries import random_entries
from outrigger.review.same_entry_result import SameEntryStudy, summarise
from outrigger.settings.read import Settings
from outrigger.sided import Sided
from outrigger.stops.policies import Floats, WidthColumns

AS_IS, MATCHED, POOLED = "as is", "matched", "pooled"
HORIZON_HOURS = 72.0
_DAY_MS = 86_400_000
# Days of different data directories never share a block.
SETS_APART = 1_000_000
Trades = dict[tuple[str, str], pd.DataFrame]


@dataclass(frozen=True, slots=True)
class EnteredPair:
    """A pair with its entries and what followed each candle.

    Parameters
    ----------
    market : PairMarket
        Candles, funding, forecasts, inputs.
    rows, sides : ndarray of int64, shape (n_entries,)
        Entry candles and sides.
    aftermath : Aftermath
        Answers whether an exit was premature.
    terms : ReplayTerms
        Costs, fills and horizon.
    """

    market: PairMarket
    rows: NDArray[np.int64]
    sides: NDArray[np.int64]
    aftermath: Aftermath
    terms: ReplayTerms


def study(
    datadirs: Sequence[Path],
    *,
    timeframe: str | None = None,
    entries: int = 1200,
    seed: int = 1,
    terms: ReplayTerms | None = None,
    policies: Sequence[Compared] = COMPARED,
    readings: Sequence[str] = (AS_IS, MATCHED),
    shipped: str = SHIPPED,
    pressing: Settings | None = None,
    store: MarketStore | None = None,
    progress: bool = False,
) -> SameEntryStudy:
    """Compare policies on random entries.

    Parameters
    ----------
    datadirs : sequence of Path
        Freqtrade data directories, each a set of its own.
    timeframe : str, optional
        Base timeframe; the finest in each directory by default.
    entries : int
        Entries a pair.
    seed : int
        Of the entries.
    terms : ReplayTerms, optional
        Costs and fills; its horizon is replaced by three days of each set's candles.
    policies : sequence of Compared
        What is compared.
    readings : sequence of str
        `as is`, `matched` or both.
    shipped : str
        The policy that the others are compared with.
    pressing : Settings, optional
        Whose switches say which inputs beside prices the policies read; none by default.
    store : MarketStore, optional
        Recordings of book and open interest for them.
    progress : bool
        Whether to draw a progress bar on standard error.

    Returns
    -------
    SameEntryStudy
        One table a set and reading, and pooled ones where there are several sets.

    Raises
    ------
    DataError
        If candles are missing or too few.
    """
    if entries < 1 or not datadirs:
        raise DataError(f"{entries} entries on {len(datadirs)} directories: there has to be one of each")
    assumed = terms or ReplayTerms(0)
    tables: dict[str, list[Trades]] = {}
    about: list[dict[str, Any]] = []
    with Progress(console=Console(stderr=True), disable=not progress) as bar:
        for number, datadir in enumerate(datadirs):
            base = timeframe or base_timeframe(datadir)
            task = bar.add_task(f"{datadir.name}: reading", total=len(policies))
            pairs = list(entered(datadir, base, entries, seed, assumed, pressing, store))
            found: Trades = {}
            for policy in policies:
                bar.update(task, description=f"{datadir.name}: {policy.name}")
                found |= _replayed(policy, pairs, readings, number)
                bar.advance(task)
            tables[datadir.name] = [found]
            about.append(_describe(datadir.name, base, pairs))
    if len(datadirs) > 1:
        tables[POOLED] = [one for parts in list(tables.values()) for one in parts]
    results = [
        result
        for name, parts in tables.items()
        for reading in readings
        for result in summarise(name, reading, _pooled(parts, reading), shipped)
    ]
    return SameEntryStudy(about, _assumptions(entries, seed, assumed, len(policies)), results)


def entered(
    datadir: Path,
    base: str,
    entries: int,
    seed: int,
    terms: ReplayTerms,
    pressing: Settings | None,
    store: MarketStore | None,
) -> Iterator[EnteredPair]:
    """Read every pair of a directory and draw its random entries.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory.
    base : str
        Base timeframe.
    entries, seed : int
        Entries a pair, and their seed.
    terms : ReplayTerms
        Costs and fills; the horizon is replaced by three days.
    pressing : Settings or None
        Whose switches say which inputs beside prices are read.
    store : MarketStore or None
        Recordings for them.

    Yields
    ------
    EnteredPair

    Raises
    ------
    DataError
        If candles are missing or too few.
    """
    names = pairs_of(datadir, base)
    if not names:
        raise DataError(f"{datadir}/futures holds no {base} futures candles: choose another --timeframe")
    for name in names:
        market = load_pair(datadir, name, base, pressing, store)
        horizon = bars(HORIZON_HOURS, base)
        rows, sides = random_entries(market, entries, horizon, seed)
        aftermath = Aftermath(market.candles, base)
        yield EnteredPair(market, rows, sides, aftermath, replace(terms, horizon_bars=horizon))


def _replayed(policy: Compared, pairs: Sequence[EnteredPair], readings: Sequence[str], number: int) -> Trades:
    """All trades of one policy on one set, by reading."""
    columns = [policy.columns(pair.market) for pair in pairs]
    distances = np.concatenate(
        [_distances(widths, pair) for widths, pair in zip(columns, pairs, strict=True)]
    )
    found: Trades = {}
    for reading in readings:
        if reading == MATCHED and not policy.matched:
            continue
        factor = matching_scale(distances) if reading == MATCHED else 1.0
        parts = [
            judged(policy, pair, Sided(scaled(widths.long, factor), scaled(widths.short, factor)), number)
            for widths, pair in zip(columns, pairs, strict=True)
        ]
        found[reading, policy.name] = pd.concat(parts, ignore_index=True).assign(scale=factor)
    return found


def _distances(widths: Sided[WidthColumns], pair: EnteredPair) -> Floats:
    """Protective distances of the pair's entries."""
    before = pair.rows - 1
    return np.where(pair.sides > 0, widths.long.protect[before], widths.short.protect[before])


def judged(policy: Compared, pair: EnteredPair, widths: Sided[WidthColumns], number: int) -> pd.DataFrame:
    """Replay one policy on one pair's entries and judge what followed.

    Parameters
    ----------
    policy : Compared
        The policy.
    pair : EnteredPair
        A pair with its entries.
    widths : Sided of WidthColumns
        What the policy asks for there.
    number : int
        Number of the set, which keeps days of different sets apart.

    Returns
    -------
    DataFrame of shape (n_trades, ...)
        Outcomes, what followed them, and the result in R.
    """
    outcomes = replay_many(pair.market.candles, widths, pair.rows, pair.sides, pair.terms)
    trades = pd.concat([outcomes, pair.aftermath.judged(outcomes)], axis=1)
    trades["r"] = trades["net"] / (policy.risk or trades["protect"])
    opened = pair.market.opened_at_ms
    trades["day"] = opened[pair.rows] // _DAY_MS + number * SETS_APART
    trades["hours"] = (opened[trades["exit_row"].to_numpy()] - opened[pair.rows]) / 3_600_000
    return trades


def _pooled(parts: Sequence[Trades], reading: str) -> dict[str, pd.DataFrame]:
    names = [policy for kind, policy in parts[0] if kind == reading]
    return {name: pd.concat([part[reading, name] for part in parts], ignore_index=True) for name in names}


def _describe(name: str, base: str, pairs: Sequence[EnteredPair]) -> dict[str, Any]:
    """What a set consists of."""
    first = min(int(pair.market.opened_at_ms[pair.rows[0]]) for pair in pairs)
    last = max(int(pair.market.opened_at_ms[pair.rows[-1]]) for pair in pairs)
    stamps = [f"{pd.Timestamp(moment, unit='ms', tz='UTC'):%Y-%m-%dT%H:%MZ}" for moment in (first, last)]
    return {
        "name": name,
        "timeframe": base,
        "pairs": [pair.market.pair for pair in pairs],
        "first_entry": stamps[0],
        "last_entry": stamps[1],
    }


def _assumptions(entries: int, seed: int, terms: ReplayTerms, trials: int) -> dict[str, Any]:
    return {
        "entries_per_pair": entries,
        "seed": seed,
        "fee_per_side": terms.fee,
        "slippage_on_stops": terms.slippage,
        "gap_fills": terms.gap_fills,
        "funding": "from the data",
        "longest_trade_hours": HORIZON_HOURS,
        "matched_distance": REFERENCE,
        "min_step": terms.min_step,
        "bootstrap": f"{DRAWS} draws of blocks of {BLOCK_DAYS} days",
        "trials": trials,
    }
