"""A leg as one JSON document, for its trade's custom data.

Written when something changed and read after a restart, however the bot went down. A document that
contradicts itself is refused: the tag still says whose leg it is, and its caller starts it again as paired.
A runner's stop is kept as any trade's stop is, by `outrigger.stops.document`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from outrigger.errors import StateError
from outrigger.hedge.life import LegExit, LegLife, Phase
from outrigger.stops.document import TradeDocument
from outrigger.stops.document import loads as read_stop

KEY = "outrigger_hedge"
VERSION = 1
RUNNER = "runner"


@dataclass(frozen=True, slots=True)
class LegDocument:
    """All that is kept with a leg.

    Parameters
    ----------
    life : LegLife
        Where it is in its life.
    resized_ms : int
        Time of the last change of its size, the entry included.
    decision : dict
        Why it was opened and at what expected cost, from `outrigger.hedge.choice.Leg.to_dict`.
    """

    life: LegLife
    resized_ms: int
    decision: dict[str, Any]

    def dumps(self) -> str:
        """Write the document as JSON text; raises StateError where a value has no place in JSON."""
        stop = self.life.stop
        kept = None if stop is None else json.loads(TradeDocument(stop, RUNNER, {}).dumps())
        body = {
            "version": VERSION,
            "life": {**asdict(self.life), "stop": kept},
            "resized_ms": self.resized_ms,
            "decision": self.decision,
        }
        try:
            return json.dumps(body, separators=(",", ":"), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise StateError(
                f"leg cannot be written ({error}): {body!r} has to hold finite numbers and text only"
            ) from error


def loads(text: str) -> LegDocument:
    """Read a document that `LegDocument.dumps` wrote.

    Parameters
    ----------
    text : str
        JSON text from the trade's custom data.

    Returns
    -------
    LegDocument
        With a life that can go on.

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
                f"leg has version {version}, this Outrigger reads version {VERSION}: update Outrigger, or "
                "close the leg by hand"
            )
        return LegDocument(
            _life(_typed(body, "life", dict)), _typed(body, "resized_ms", int), _typed(body, "decision", dict)
        )
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise StateError(f"leg cannot be read ({error!r}): {str(text)[:120]!r}") from error


def _life(body: dict[str, Any]) -> LegLife:
    why, stop = body["exit"], body["stop"]
    life = LegLife(
        primary_id=_typed(body, "primary_id", int),
        side=_typed(body, "side", int),
        phase=Phase(_typed(body, "phase", str)),
        since_ms=_typed(body, "since_ms", int),
        exit=None if why is None else LegExit(why),
        stop=None if stop is None else read_stop(json.dumps(stop)).stop,
    )
    if life.side not in (1, -1) or life.primary_id < 1:
        raise ValueError(f"side {life.side}, primary {life.primary_id}: not 1 or -1, or no trade's number")
    if (life.exit is None) == (life.phase == Phase.CLOSED):
        raise ValueError(f"phase {life.phase} with exit {life.exit}")
    if life.stop is not None and (life.phase == Phase.PAIRED or life.stop.side != life.side):
        raise ValueError("a stop that is not this runner's")
    if life.phase == Phase.RUNNER and life.stop is None:
        raise ValueError("a runner without a stop")
    return life


def _typed(body: dict[str, Any], key: str, kind: type) -> Any:
    value = body[key]
    # JSON's true and false are integers to Python, but no numbers to a trader.
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{key} is {value!r}")
    return value
