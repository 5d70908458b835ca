"""What the end of a process takes away, where a bot has ended and the process goes on.

Freqtrade leaves its database and its connections to the end of its process. A rehearsal starts the next bot
in the same one: what the dead one held would stay open, and its memory be there while the new one asks for
as much again. It hangs together in cycles, so the collector has to be asked. Assumes one thread that uses the
database, as in a driven bot.
"""

from __future__ import annotations

import gc

from freqtrade.loggers import bufferHandler
from freqtrade.persistence import Trade
from freqtrade.persistence.custom_data import _CustomData


def let_go_of_dead_bots() -> None:
    """Close the last bot's database, and collect bots that nobody refers to, with their connections."""
    for model in (Trade, _CustomData):
        # A bot that ended before it had opened its database leaves none.
        session = getattr(model, "session", None)
        if session is not None:
            engine = session.get_bind()
            session.remove()
            engine.dispose()
    # Errors among the latest log records, kept for `/logs`, hold the frames in which they came up.
    bufferHandler.buffer.clear()
    gc.collect()
