"""What the words in force do: to entries, to open positions, to widths, to the regime that is read.

A word about stops or about closing speaks of positions that were open when it was said, never of later ones:
the stop of a long would close a short at once. Widths and regimes change for candles that close while the
word stands, so what has been is not rewritten. Where a pair and all pairs are spoken of, the pair's word
counts. Nothing here loosens a stop: a wider trail slows the ratchet, a looser price is no stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from outrigger.override.word import Kind, Word
from outrigger.regime.classes import REGIMES
from outrigger.stops.law import StopState, tighten
from outrigger.stops.policies import Floats, WidthColumns, break_even

CAUSE = "override"
WIDEST = 0.5
# A stop this far beyond the market is a misplaced decimal point, not an order to leave.
IMPLAUSIBLE = 0.25


class Verdict(StrEnum):
    """What a stop asked for does to a trade's stop."""

    TIGHTER = "tighter"
    LOOSER = "looser"
    IMPLAUSIBLE = "implausible"


@dataclass(frozen=True, slots=True)
class Position:
    """What words need to know of an open trade.

    Parameters
    ----------
    pair : str
        Its pair.
    opened_ms : int
        When it was opened.
    primary : str or None
        Coin of the primary, if it is a leg.
    """

    pair: str
    opened_ms: int
    primary: str | None = None


def pausing(words: Iterable[Word], pair: str, now_ms: int) -> Word | None:
    """The word that keeps entries of a pair out, or None."""
    return _last(words, Kind.PAUSE, pair, now_ms)


def unhedging(words: Iterable[Word], pairs: Iterable[str], now_ms: int) -> Word | None:
    """The word that refuses a new leg on one of these pairs, the leg's own and its primary's, or None."""
    known = tuple(words)
    found = (_last(known, Kind.NO_HEDGE, pair, now_ms) for pair in pairs)
    return next((word for word in found if word is not None), None)


def stopping(words: Iterable[Word], position: Position, now_ms: int) -> Word | None:
    """The word that asks for a stop of a position, or None."""
    word = _last(words, Kind.STOP, position.pair, now_ms)
    return word if word is not None and position.opened_ms <= word.since_ms else None


def closing(words: Iterable[Word], position: Position, now_ms: int) -> Word | None:
    """The word that closes a position at once, or None."""
    for word in words:
        if not word.in_force(now_ms) or position.opened_ms > word.since_ms:
            continue
        if word.kind is Kind.CLOSE and word.concerns(position.pair):
            return word
        if word.legs and position.primary is not None:
            coin = None if word.pair is None else word.pair.partition("/")[0]
            if word.concerns(position.pair) or coin == position.primary:
                return word
    return None


def touching(words: Iterable[Word], position: Position, now_ms: int) -> tuple[Word, ...]:
    """Words in force that bear on an open position, for its record."""
    mine = (Kind.REGIME, Kind.WIDEN) if position.primary is None else ()
    found = {
        word.key: word
        for word in words
        if word.kind in mine and word.in_force(now_ms) and word.concerns(position.pair)
    }
    closed = closing(words, position, now_ms)
    return (*found.values(), closed) if closed is not None else tuple(found.values())


def _last(words: Iterable[Word], kind: Kind, pair: str, now_ms: int) -> Word | None:
    found = [word for word in words if word.kind is kind and word.in_force(now_ms) and word.concerns(pair)]
    return max(found, key=lambda word: (word.pair is not None, word.number), default=None)


def judged(state: StopState, price: float, last: float) -> tuple[StopState, Verdict]:
    """Put a stop that was asked for where it is in the trade's favour.

    Parameters
    ----------
    state : StopState
        The trade's stop.
    price : float
        Price asked for.
    last : float
        Last closed price of the pair when it was asked for. A stop that it had passed by less than a quarter
        is taken as it is, and left at the market; by more, it is taken for a typing error.

    Returns
    -------
    state : StopState
        Never with a less favourable stop than before.
    verdict : Verdict
        What came of it.
    """
    if isfinite(last) and state.side * (price / last - 1) > IMPLAUSIBLE:
        return state, Verdict.IMPLAUSIBLE
    after = tighten(state, price)
    return after, Verdict.LOOSER if after.stop == state.stop else Verdict.TIGHTER


def widening(words: Sequence[Word], pair: str, closed_at_ms: NDArray[np.int64]) -> Floats | None:
    """Multipliers of a pair's trail.

    Parameters
    ----------
    words : sequence of Word
        All that are known, those that have ended too.
    pair : str
        The pair.
    closed_at_ms : ndarray of int64, shape (n_candles,)
        Close times.

    Returns
    -------
    ndarray of shape (n_candles,) or None
        1 where nothing was said; None where nothing was said at all.
    """
    factors: Floats | None = None
    for word, rows in _rows(words, Kind.WIDEN, pair, closed_at_ms):
        factors = np.ones(len(closed_at_ms)) if factors is None else factors
        factors[rows] = word.factor
    return factors


def forced_regimes(
    words: Sequence[Word], pair: str, closed_at_ms: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    """Regimes that a pair's candles are taken for.

    Parameters
    ----------
    words, pair, closed_at_ms
        As in `widening`.

    Returns
    -------
    ndarray of int64, shape (n_candles,) or None
        Numbers of regimes, -1 where nothing was said; None where nothing was said at all.
    """
    forced: NDArray[np.int64] | None = None
    for word, rows in _rows(words, Kind.REGIME, pair, closed_at_ms):
        forced = np.full(len(closed_at_ms), -1, dtype=np.int64) if forced is None else forced
        forced[rows] = REGIMES.index(str(word.regime))
    return forced


def _rows(
    words: Sequence[Word], kind: Kind, pair: str, closed_at_ms: NDArray[np.int64]
) -> Iterable[tuple[Word, slice]]:
    """Words of a kind with the candles that closed while they stood, those that count most last."""
    mine = [word for word in words if word.kind is kind and word.concerns(pair)]
    for word in sorted(mine, key=lambda word: (word.pair is not None, word.number)):
        first = int(closed_at_ms.searchsorted(word.since_ms, side="right"))
        end = int(closed_at_ms.searchsorted(word.until_ms, side="left"))
        if first < end:
            yield word, slice(first, end)


def imposed(probabilities: Floats, forced: NDArray[np.int64]) -> Floats:
    """Probabilities with the forced regimes as certainties.

    Parameters
    ----------
    probabilities : ndarray of shape (n_candles, 5)
        As the classifier told them; NaN is unknown.
    forced : ndarray of int64, shape (n_candles,)
        Numbers of regimes, -1 where none is forced.

    Returns
    -------
    ndarray of shape (n_candles, 5)
        A new array.
    """
    certain = np.eye(len(REGIMES))[np.maximum(forced, 0)]
    return np.where((forced >= 0)[:, None], certain, probabilities)


def widened(columns: WidthColumns, factors: Floats, *, allow_loss: bool) -> WidthColumns:
    """Widths with a wider trail.

    Parameters
    ----------
    columns : WidthColumns
        What the policy asks for.
    factors : ndarray of shape (n_candles,)
        Multipliers of at least 1; the policy's own limit of the trail does not hold against them.
    allow_loss : bool
        Whether a stop that has just armed may lie at a loss; if not, a wider trail arms later.

    Returns
    -------
    WidthColumns
        Candles with a factor of 1 are as they were.
    """
    trail = np.where(factors > 1, np.minimum(columns.trail * factors, WIDEST), columns.trail)
    trail = np.fmax(trail, columns.trail)
    later = (factors > 1) & (columns.activation > 0) & ~np.isnan(trail) & (not allow_loss)
    activation = np.where(later, np.fmax(columns.activation, break_even(trail)), columns.activation)
    return replace(columns, trail=trail, activation=activation, factors={**columns.factors, CAUSE: factors})
