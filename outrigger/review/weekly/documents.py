"""What Outrigger wrote down with a trade: its protective stop, its forecast, and what was remarked on it.

A backtest keeps no documents, and one that cannot be read says nothing: every answer may be None. Remarks
are the texts in a trade's document: those that stand alone, and those gathered under a topic, such as what
a trader's own word overrode.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from outrigger.errors import StateError
from outrigger.hedge.document import KEY as LEG_KEY
from outrigger.hedge.document import loads as read_leg
from outrigger.review.trade import Trade
from outrigger.settings.stop import StopSettings
from outrigger.stops.document import KEY, TradeDocument, loads

OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Remark:
    """One text from a trade's document.

    Parameters
    ----------
    pair : str
        The trade's pair.
    number : int or None
        The trade's number.
    topic, text : str
        What it is about, and what it says.
    """

    pair: str
    number: int | None
    topic: str
    text: str


def document_of(trade: Trade) -> TradeDocument | None:
    """Document of a primary, None where there is none that can be read."""
    try:
        return loads(trade.documents[KEY]) if KEY in trade.documents else None
    except StateError:
        return None


def protective_distance(trade: Trade) -> float | None:
    """Distance of the first stop from the entry as a fraction of price, what one R is; None if not known."""
    document = document_of(trade)
    return None if document is None else abs(1 - document.stop.protective / document.stop.entry)


def activation(trade: Trade, settings: StopSettings) -> float | None:
    """Favourable move that was to arm the trail of a volatility stop; None for other stops or if not known.

    Without what regimes and funding may have pressed on it, and as the present settings have it.
    """
    document = document_of(trade)
    sigma = None if document is None else document.size.get("sigma")
    if document is None or document.policy != "volatility" or not isinstance(sigma, int | float):
        return None
    return max(settings.activation, settings.activation_sigma * sigma)


def remarks(trade: Trade) -> tuple[Remark, ...]:
    """Everything that was remarked on a trade, primary or leg."""
    return tuple(Remark(trade.pair, trade.number, topic, text) for topic, text in _texts(trade))


def _texts(trade: Trade) -> Iterator[tuple[str, str]]:
    for topic, said in _body(trade).items():
        if isinstance(said, str):
            yield topic, said
        elif topic == OVERRIDE and isinstance(said, Mapping):
            yield from ((topic, str(text)) for text in said.values())


def _body(trade: Trade) -> Mapping[str, Any]:
    """Reasons of a primary's size, where remarks are kept; of a leg only what is kept under a topic."""
    document = document_of(trade)
    if document is not None:
        return document.size
    try:
        kept = read_leg(trade.documents[LEG_KEY]).decision if LEG_KEY in trade.documents else {}
    except StateError:
        return {}
    return {topic: said for topic, said in kept.items() if topic == OVERRIDE}
