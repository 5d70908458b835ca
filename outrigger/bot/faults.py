"""Nothing is swallowed: a fault inside a callback is logged once a pair, counted, told, and survived.

Freqtrade's own wrapper would swallow it as well, with a traceback on every loop and without a word about
what happens to the stop.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import Protocol

from freqtrade.exceptions import OperationalException

logger = logging.getLogger(__name__)

# A fault here means that a stop is not taken further: that is told whatever else is told.
KEEP_STOPS = frozenset({"custom_stoploss", "custom_exit", "stop state", "hedge leg", "bot_loop_start"})
LONGEST = 300


class UnusableCandles(OperationalException, ValueError):  # type: ignore[misc]  # Freqtrade ships no types
    """Candles that cannot be measured.

    Freqtrade prints an `OperationalException` without a traceback where a command ends with it. A running bot
    goes on, warns of a `ValueError` in one line, and of everything else with a traceback, whose candles its
    buffer of log records then holds.
    """


class Say(Protocol):
    """Sends a text; an urgent one comes however much else was said."""

    def __call__(self, text: str, *, urgent: bool) -> None:
        """Send it."""


class FaultLog:
    """Counts faults by callback, pair and kind, and logs each of them the first time.

    Parameters
    ----------
    say : callable, optional
        Sends the first of each to the trader; it never raises.
    """

    def __init__(self, say: Say | None = None) -> None:
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self._say = say

    def record(self, callback: str, pair: str, error: Exception, consequence: str) -> None:
        """Take note of a fault.

        Parameters
        ----------
        callback : str
            Where it happened.
        pair : str
            Which pair it concerns.
        error : Exception
            The fault, called from its `except` block so that the traceback is at hand.
        consequence : str
            What stands in for the answer that is missing, for the trader.
        """
        key = (callback, pair, type(error).__name__)
        self.counts[key] += 1
        if self.counts[key] > 1:
            return
        logger.exception(
            "%s failed for %s (%s): %s. Logged once; further ones are counted.",
            callback,
            pair,
            error,
            consequence,
        )
        if self._say is not None:
            told = f"{callback} failed for {pair} ({key[2]}: {str(error)[:LONGEST]}): {consequence}"
            self._say(told, urgent=callback in KEEP_STOPS)

    def total(self) -> int:
        """Return the number of faults so far."""
        return self.counts.total()
