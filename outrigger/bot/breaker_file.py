"""Keeps the drawdown breaker's memory across restarts, in one small file beside the bot's database.

A bot that is restarted in the middle of a fall must not take the fallen equity for a new peak.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

from outrigger.atomic import write_text
from outrigger.bot.faults import FaultLog
from outrigger.errors import StateError
from outrigger.risk.breaker import BreakerState

logger = logging.getLogger(__name__)


def path_in(user_data: Path, database: str) -> Path:
    """Where the breaker of a bot is kept.

    Parameters
    ----------
    user_data : Path
        Freqtrade's working directory.
    database : str
        Address of the bot's database: bots that share a directory, or a dry run and live trading, must not
        take each other's equity for a peak of their own.

    Returns
    -------
    Path
        One file a database; the address itself, which may hold a password, is not in its name.
    """
    return user_data / "outrigger" / f"breaker-{bot_of(database)}.json"


def bot_of(database: str) -> str:
    """Short name that tells a bot from others of its directory, from its database's address."""
    return hashlib.sha256(database.encode()).hexdigest()[:12]


def load(path: Path) -> BreakerState:
    """Read the breaker's memory.

    Parameters
    ----------
    path : Path
        The file; it need not exist.

    Returns
    -------
    BreakerState
        A fresh one where there is no file, or where it cannot be read, which is logged.
    """
    try:
        return BreakerState.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return BreakerState()
    except (OSError, ValueError, TypeError, AttributeError, StateError) as error:
        logger.warning("%s cannot be read (%s): the breaker starts with the present equity", path, error)
        return BreakerState()


def save(path: Path, state: BreakerState) -> None:
    """Write the breaker's memory atomically.

    Parameters
    ----------
    path : Path
        The file; its directory is made where missing.
    state : BreakerState
        What to remember.
    """
    write_text(path, json.dumps(state.to_dict()))


def save_news(path: Path, before: BreakerState, after: BreakerState, faults: FaultLog) -> None:
    """Write the breaker's memory if more than its clock has moved; a full disk is told, not fatal.

    Parameters
    ----------
    path : Path
        The file.
    before, after : BreakerState
        What was remembered last, and what is to be remembered now.
    faults : FaultLog
        Told where the file cannot be written.
    """
    if (before.peaks, before.tripped_until_ms) == (after.peaks, after.tripped_until_ms):
        return
    try:
        save(path, after)
    except OSError as error:
        faults.record("drawdown breaker's file", "all pairs", error, "a restart forgets the peak")
