"""Which trade was the leg of which, told by entry tags: by number, and by time where none is known.

An export numbers no trades. A coin has one position at a time, so the trade of a leg's coin that was open on
the other side when the leg was opened is its primary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outrigger.hedge.tag import parse_tag
from outrigger.review.trade import Trade


@dataclass(frozen=True, slots=True)
class Pairing:
    """A leg and the primary that it stood against; None where the export does not hold it."""

    leg: Trade
    primary: Trade | None


@dataclass(frozen=True, slots=True)
class StopOut:
    """A primary that was stopped, and its leg."""

    primary: Trade
    leg: Trade


def pairings(trades: Sequence[Trade]) -> tuple[Pairing, ...]:
    """Find each leg's primary.

    Parameters
    ----------
    trades : sequence of Trade
        All of one account, in any order.

    Returns
    -------
    tuple of Pairing
        In order of the legs' entries.
    """
    # By coin, and each tag read once: for each leg anew this takes longer than all else in a year of trades.
    others: dict[str, list[Trade]] = {}
    for trade in trades:
        if parse_tag(trade.enter_tag) is None:
            others.setdefault(trade.pair.partition("/")[0], []).append(trade)
    found = []
    for leg in sorted(trades, key=lambda trade: trade.opened_ms):
        tag = parse_tag(leg.enter_tag)
        if tag is None:
            continue
        primaries = [
            trade
            for trade in others.get(tag.coin, ())
            if trade.opened_ms <= leg.opened_ms <= trade.closed_ms
            and trade.side == -leg.side
            and trade.number in (None, tag.primary_id)
        ]
        # Where one ends in the candle in which the next is opened, the leg is the later one's.
        found.append(Pairing(leg, max(primaries, key=lambda trade: trade.opened_ms, default=None)))
    return tuple(found)


def worst_stopouts(found: Sequence[Pairing], count: int) -> tuple[StopOut, ...]:
    """Find the stopped primaries with a leg that lost most.

    Parameters
    ----------
    found : sequence of Pairing
        From `pairings`.
    count : int
        At most so many.

    Returns
    -------
    tuple of StopOut
        The largest loss first; a primary that its stop ended in profit is none.
    """
    stopped = [
        StopOut(one.primary, one.leg)
        for one in found
        if one.primary is not None and one.primary.left_by_stop and one.primary.profit < 0
    ]
    return tuple(sorted(stopped, key=lambda one: one.primary.profit)[:count])
