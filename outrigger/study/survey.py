"""What has to be known of a pair before its cells can be worked out: entries and protective distances.

Mean notional is matched over a whole set, so every pair is looked at first. Random entries, and the random
ones that all entries are held against, are drawn here from seed, pair, set and window, so they do not depend
on who draws them or when.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outrigger.errors import OutriggerError
from outrigger.review.pair_market import PairMarket, bars, load_pair
from outrigger.review.random_entries import eligible_rows
from outrigger.review.same_entry import HORIZON_HOURS
from outrigger.sided import Sided
from outrigger.stops.policies import Floats, WidthColumns
from outrigger.study.entries import NOTIONAL, rows_of
from outrigger.study.plan import DataSet, Entered, StudyTerms
from outrigger.study.policies import Policy, catalogue


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What has to be known of a pair before its cells can be worked out.

    Parameters
    ----------
    pair : str
        The pair.
    entered : dict of int to Entered
        By window; windows without an entry are left out.
    distances : dict of str to ndarray
        Protective distances of all entries by policy.
    left_out : frozenset of int
        Entries that cannot be replayed here, by their place in the list.
    problem : str
        Why there is nothing; empty where there is.
    """

    pair: str
    entered: dict[int, Entered]
    distances: dict[str, Floats]
    left_out: frozenset[int] = frozenset()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SurveyTask:
    """A pair to be looked at.

    Parameters
    ----------
    data : DataSet
        The set.
    pair : str
        The pair.
    given : DataFrame or None
        Its entries; None for random ones.
    policies : tuple of str
        Whose protective distances are wanted.
    terms : StudyTerms
        Entries a window, seed, bundle.
    """

    data: DataSet
    pair: str
    given: pd.DataFrame | None
    policies: tuple[str, ...]
    terms: StudyTerms


def survey(task: SurveyTask) -> Surveyed:
    """Find a pair's entries and their protective distances.

    Parameters
    ----------
    task : SurveyTask
        What is asked.

    Returns
    -------
    Surveyed
        With the problem where the candles cannot be used.
    """
    try:
        market = load_pair(task.data.datadir, task.pair, task.data.timeframe)
        eligible = eligible_rows(market, bars(HORIZON_HOURS, task.data.timeframe))
        chosen = None if task.given is None else rows_of(market, task.given)
    except (OutriggerError, OSError) as error:
        return Surveyed(task.pair, {}, {}, problem=str(error))
    entered: dict[int, Entered] = {}
    for window, (start, end) in enumerate(zip(task.data.edges_ms, task.data.edges_ms[1:], strict=False)):
        found = _entered(task, market, eligible, chosen, (window, start, end))
        if found is not None:
            entered[window] = found
    known = catalogue(task.terms.bundle)
    rows, sides = (
        np.concatenate([getattr(one, name) for one in entered.values()]) if entered else np.empty(0, np.int64)
        for name in ("rows", "sides")
    )
    distances = {name: _distances(known[name], market, rows, sides) for name in task.policies}
    return Surveyed(task.pair, entered, distances, frozenset() if chosen is None else chosen[3])


def _entered(
    task: SurveyTask,
    market: PairMarket,
    eligible: NDArray[np.int64],
    chosen: tuple[NDArray[np.int64], NDArray[np.int64], Floats, frozenset[int]] | None,
    window: tuple[int, int, int],
) -> Entered | None:
    """Entries of one window; None where it has none."""
    number, start, end = window
    opened = market.opened_at_ms
    inside = eligible[(opened[eligible] >= start) & (opened[eligible] < end)]
    # The set by its name: beside which others it is studied changes no entry, and no finished cell.
    names = (crc32(name.encode()) for name in (task.data.name, task.pair))
    rng = np.random.default_rng([task.terms.seed, *names, number])
    if chosen is None:
        if not len(inside):
            return None
        rows, sides = _drawn(rng, inside, task.terms.per_pair)
        sizes = np.full(len(rows), NOTIONAL)
    else:
        at = (opened[chosen[0]] >= start) & (opened[chosen[0]] < end)
        rows, sides, sizes = chosen[0][at], chosen[1][at], chosen[2][at]
        if not len(rows):
            return None
    pool = 2 * task.terms.pool_per_side if len(inside) else 0
    return Entered(rows, sides, sizes, *_drawn(rng, inside, pool))


def _drawn(
    rng: np.random.Generator, rows: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Random candles in order of time, and sides, half of each."""
    drawn = np.sort(rng.choice(rows, count)).astype(np.int64)
    return drawn, np.where(rng.permutation(count) % 2 == 0, 1, -1).astype(np.int64)


def _distances(
    policy: Policy, market: PairMarket, rows: NDArray[np.int64], sides: NDArray[np.int64]
) -> Floats:
    return at_entry(policy.compared.columns(market), "protect", rows, sides)


def at_entry(
    widths: Sided[WidthColumns], name: str, rows: NDArray[np.int64], sides: NDArray[np.int64]
) -> Floats:
    """Read a width as it was known when each trade was entered.

    Parameters
    ----------
    widths : Sided of WidthColumns
        A policy's.
    name : str
        Of the column.
    rows, sides : ndarray of int64, shape (n_trades,)
        Entry candles and sides.

    Returns
    -------
    ndarray of shape (n_trades,)
        The row before each entry, of the trade's side.
    """
    known: Floats = np.where(
        sides > 0, getattr(widths.long, name)[rows - 1], getattr(widths.short, name)[rows - 1]
    )
    return known
