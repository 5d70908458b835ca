"""A leg as one JSON document, for its trade's custom data.

Written when something changed and read after a restart, however the bot went down. A document that
contradicts itself is refused: the tag still says whose leg it is, and its caller starts it again as paired.
A runner's stop is kept as any trade's stop is, by `outrigger.stops.document`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from outrigger.hedge.life import LegExit, LegLife, Phase
from outrigger.stops.document import TradeDocument
from outrigger.stops.document import loads as read_stop
from outrigger.versioned_json import VersionedJson, typed

KEY = "outrigger_hedge"
VERSION = 1
_JSON = VersionedJson("leg", "leg", VERSION)
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
        life = {**asdict(self.life), "stop": kept}
        return _JSON.write({"life": life, "resized_ms": self.resized_ms, "decision": self.decision})


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
    return _JSON.read(text, _document)


def _document(body: dict[str, Any]) -> LegDocument:
    life = _life(typed(body, "life", dict))
    return LegDocument(life, typed(body, "resized_ms", int), typed(body, "decision", dict))


def _life(body: dict[str, Any]) -> LegLife:
    why, stop = body["exit"], body["stop"]
    life = LegLife(
        primary_id=typed(body, "primary_id", int),
        side=typed(body, "side", int),
        phase=Phase(typed(body, "phase", str)),
        since_ms=typed(body, "since_ms", int),
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
