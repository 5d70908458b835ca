"""Entry tags of legs, `hedge:BTC#12`: for which primary a trade is the leg.

The trade's number identifies the primary; the coin is for the eyes of whoever reads a list of trades. The
tag outlives a restart and a lost document, so it is what tells a leg from a trader's own trade.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

PREFIX = "hedge:"
_TAG = re.compile(rf"{PREFIX}([^#\s]+)#([1-9]\d*)")


@dataclass(frozen=True, slots=True)
class LegTag:
    """Whose leg a trade is.

    Parameters
    ----------
    coin : str
        Base currency of the primary.
    primary_id : int
        Number of the primary's trade.
    """

    coin: str
    primary_id: int

    def __str__(self) -> str:
        return f"{PREFIX}{self.coin}#{self.primary_id}"


def tag_of(primary_pair: str, primary_id: int) -> str:
    """Make the tag of a primary's leg.

    Parameters
    ----------
    primary_pair : str
        `BTC/USDT:USDT`.
    primary_id : int
        Number of the primary's trade.

    Returns
    -------
    str
        `hedge:BTC#12`.
    """
    return str(LegTag(primary_pair.partition("/")[0], primary_id))


def parse_tag(tag: str | None) -> LegTag | None:
    """Read a tag.

    Parameters
    ----------
    tag : str or None
        Entry tag of any trade.

    Returns
    -------
    LegTag or None
        None where the trade is no leg.
    """
    match = _TAG.fullmatch(tag or "")
    return LegTag(match[1], int(match[2])) if match else None


def had_leg(primary_id: int, tags: Iterable[str | None]) -> bool:
    """Tell whether a primary has or had its leg: one a primary, never opened again.

    Parameters
    ----------
    primary_id : int
        Number of the primary's trade.
    tags : iterable of str or None
        Entry tags of trades, open and closed.

    Returns
    -------
    bool
        A leg that was closed by hand or liquidated counts: opening another would overrule the one or
        repeat the other.
    """
    return any(leg is not None and leg.primary_id == primary_id for leg in map(parse_tag, tags))
