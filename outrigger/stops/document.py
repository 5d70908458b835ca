"""A trade's stop as one JSON document, for the trade's custom data.

Freqtrade freezes the type of a custom value at its first write and scans all of them on each read, so
there is exactly one string a trade, versioned, written when something changed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from outrigger.errors import StateError
from outrigger.stops.law import StopState

KEY = "outrigger"
VERSION = 1


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
        body = {"version": VERSION, "policy": self.policy, "stop": asdict(self.stop), "size": self.size}
        try:
            return json.dumps(body, separators=(",", ":"), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise StateError(
                f"stop state cannot be written ({error}): {body!r} has to hold finite numbers and text only"
            ) from error


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
    try:
        body = json.loads(text)
        version = body["version"]
        if version != VERSION:
            raise StateError(
                f"stop state has version {version}, this Outrigger reads version {VERSION}: "
                f"update Outrigger, or close the trade by hand"
            )
        return TradeDocument(_stop(body["stop"]), _typed(body, "policy", str), _typed(body, "size", dict))
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise StateError(f"stop state cannot be read ({error!r}): {str(text)[:120]!r}") from error


def _stop(body: dict[str, Any]) -> StopState:
    stop = StopState(
        side=_typed(body, "side", int),
        entry=_price(body, "entry"),
        protective=_price(body, "protective"),
        stop=_price(body, "stop"),
        best=_price(body, "best"),
        armed=_typed(body, "armed", bool),
        as_of_ms=_typed(body, "as_of_ms", int),
    )
    if stop.side not in (1, -1):
        raise ValueError(f"side is {stop.side}, not 1 or -1")
    if stop.side * (stop.stop - stop.protective) < 0 or stop.side * (stop.best - stop.entry) < 0:
        raise ValueError("the stop lies beyond the protective stop, or the best price beyond the entry")
    return stop


def _price(body: dict[str, Any], key: str) -> float:
    price = float(_typed(body, key, int | float))
    if not (isfinite(price) and price > 0):
        raise ValueError(f"{key} is {price}, not a price")
    return price


def _typed(body: dict[str, Any], key: str, kind: Any) -> Any:
    value = body[key]
    # JSON's true and false are integers to Python, but no numbers to a trader.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{key} is {value!r}")
    return value
