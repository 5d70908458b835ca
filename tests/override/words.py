"""Words with everything filled in."""

from __future__ import annotations

from typing import Any

from outrigger.override.word import Kind, Word
from tests.bot.trading import PAIR, ms

ETH = "ETH/USDT:USDT"
VALUES: dict[Kind, dict[str, Any]] = {
    Kind.STOP: {"price": 39_500.0},
    Kind.WIDEN: {"factor": 2.0},
    Kind.REGIME: {"regime": "whipsaw"},
}


def word(kind: Kind, *, said: float = 3, until: float = 240, pair: str | None = PAIR, **changed: Any) -> Word:
    """A word said in a minute after the first candle's open."""
    known = {"number": 1, "reason": "news", **VALUES.get(kind, {}), **changed}
    return Word(kind=kind, pair=pair, since_ms=ms(said), until_ms=ms(until), **known)
