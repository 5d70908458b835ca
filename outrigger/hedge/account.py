"""Equity of an account that takes one trade after the other on each of its primaries.

Trades come from a pool of replayed ones: after each exit the account waits a random while and takes the
next that begins. A candidate carries one leg at a time, as in Freqtrade. Every trade risks the same share
of the starting equity, nothing is compounded, and equity is marked at every candle, so that a drawdown
inside a trade counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from outrigger.hedge.returns import Floats

WAIT_HOURS = 4.0
TAIL = 0.05


@dataclass(frozen=True, slots=True)
class PooledLeg:
    """A leg that a trade may have, as changes of equity.

    Parameters
    ----------
    pair : str
        Candidate: it carries one leg at a time.
    entry_row, exit_row : int
        Candles on the account's clock.
    changes : ndarray of shape (n_candles,)
        Change of equity in each candle at ratio 1, in fractions of it.
    full : float
        Largest ratio at which the leg is not capped.
    """

    pair: str
    entry_row: int
    exit_row: int
    changes: Floats
    full: float


@dataclass(frozen=True, slots=True)
class PooledTrade:
    """One replayed primary.

    Parameters
    ----------
    entry_row, exit_row : int
        Candles on the account's clock.
    changes : ndarray of shape (n_candles,)
        Change of equity in each candle without a leg, in fractions of it.
    legs : tuple of PooledLeg
        The best first.
    """

    entry_row: int
    exit_row: int
    changes: Floats
    legs: tuple[PooledLeg, ...]


def chain(trades: Sequence[PooledTrade], wait_candles: float, rng: np.random.Generator) -> list[PooledTrade]:
    """Draw trades that follow one another.

    Parameters
    ----------
    trades : sequence of PooledTrade
        Of one primary, in order of entry.
    wait_candles : float
        Mean wait between an exit and the next entry.
    rng : Generator
        Of the waits.

    Returns
    -------
    list of PooledTrade
        No two at the same time.
    """
    entries = np.array([trade.entry_row for trade in trades])
    taken: list[PooledTrade] = []
    free = float(entries[0]) + rng.exponential(wait_candles) if len(entries) else 0.0
    while (at := int(np.searchsorted(entries, free))) < len(trades):
        taken.append(trades[at])
        free = trades[at].exit_row + 1 + rng.exponential(wait_candles)
    return taken


def free_legs(trades: Sequence[PooledTrade]) -> list[PooledLeg]:
    """Give each trade the best leg whose pair is free when the trade is entered.

    Parameters
    ----------
    trades : sequence of PooledTrade
        All that an account takes, of all its primaries.

    Returns
    -------
    list of PooledLeg
        In order of entry; trades that find every candidate taken have none.
    """
    busy_until: dict[str, int] = {}
    found: list[PooledLeg] = []
    for trade in sorted(trades, key=lambda one: one.entry_row):
        for leg in trade.legs:
            if busy_until.get(leg.pair, -1) < trade.entry_row:
                busy_until[leg.pair] = leg.exit_row
                found.append(leg)
                break
    return found


def equity_changes(
    trades: Sequence[PooledTrade], legs: Sequence[PooledLeg], ratio: float, candles: int
) -> Floats:
    """Change of an account's equity in each candle.

    Parameters
    ----------
    trades : sequence of PooledTrade
        All that the account took.
    legs : sequence of PooledLeg
        Their legs, from `free_legs`.
    ratio : float
        Of the legs; 0 for none.
    candles : int
        Length of the clock.

    Returns
    -------
    ndarray of shape (candles,)
        Fractions of the starting equity.
    """
    changes = np.zeros(candles)
    for trade in trades:
        _add(changes, trade.entry_row, trade.changes, 1.0)
    for leg in legs:
        _add(changes, leg.entry_row, leg.changes, min(ratio, leg.full))
    return changes


def _add(changes: Floats, row: int, part: Floats, times: float) -> None:
    fits = part[: len(changes) - row]
    changes[row : row + len(fits)] += times * fits


def max_drawdown(changes: Floats) -> float:
    """Largest fall of the equity from a peak before it, fraction of the starting equity."""
    equity = np.concatenate(([0.0], np.cumsum(changes)))
    return float(np.max(np.maximum.accumulate(equity) - equity))


def cvar(results: Floats) -> float:
    """Mean of the worst twentieth, as a positive loss; NaN without results."""
    known = results[np.isfinite(results)]
    if not len(known):
        return float("nan")
    worst = max(1, round(TAIL * len(known)))
    return float(-np.partition(known, worst - 1)[:worst].mean())
