"""A trade's stop as one JSON document, for the trade's custom data.

Freqtrade freezes the type of a custom value at its first write and scans all of them on each read, so
there is exactly one string a trade, versioned, written when something changed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from outrigger.stops.law import StopState
from outrigger.versioned_json import VersionedJson, typed

KEY = "outrigger"
VERSION = 1
_JSON = VersionedJson("stop state", "trade", VERSION)


@dataclass(frozen=True, slots=True)
class TradeDocument:
    """All that is kept with a trade.

    Parameters
    ----------
    stop : StopState
        The stop.
    policy : str
        Policy the stop was opened under.
    size : dict
        Why the trade has its size and leverage, in numbers and words.
    """

    stop: StopState
    policy: str
    size: dict[str, Any]

    def dumps(self) -> str:
        """Write the document as JSON text; raises StateError where a value has no place in JSON."""
        return _JSON.write({"policy": self.policy, "stop": asdict(self.stop), "size": self.size})


def loads(text: str) -> TradeDocument:
    """Read a document that `TradeDocument.dumps` wrote.

    Parameters
    ----------
    text : str
        JSON text from the trade's custom data.

    Returns
    -------
    TradeDocument
        With a state that can be advanced.

    Raises
    ------
    StateError
        If the text is not such a document, or a newer version wrote it.
    """
    return _JSON.read(
        text,
        lambda body: TradeDocument(
            _stop(body["stop"]), typed(body, "policy", str), typed(body, "size", dict)
        ),
    )


def _document(body: dict[str, Any]) -> TradeDocument:
    return TradeDocument(_stop(body["stop"]), typed(body, "policy", str), typed(body, "size", dict))


def _stop(body: dict[str, Any]) -> StopState:
    stop = StopState(
        side=typed(body, "side", int),
        entry=_price(body, "entry"),
        protective=_price(body, "protective"),
        stop=_price(body, "stop"),
        best=_price(body, "best"),
        armed=typed(body, "armed", bool),
        as_of_ms=typed(body, "as_of_ms", int),
    )
    if stop.side not in (1, -1):
        raise ValueError(f"side is {stop.side}, not 1 or -1")
    if stop.side * (stop.stop - stop.protective) < 0 or stop.side * (stop.best - stop.entry) < 0:
        raise ValueError("the stop lies beyond the protective stop, or the best price beyond the entry")
    return stop


def _price(body: dict[str, Any], key: str) -> float:
    price = float(typed(body, key, int | float))
    if not (isfinite(price) and price > 0):
        raise ValueError(f"{key} is {price}, not a price")
    return price
