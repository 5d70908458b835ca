"""Nothing is swallowed: a fault inside a callback is logged once a pair, counted, and survived.

Freqtrade's own wrapper would swallow it as well, with a traceback on every loop and without a word about
what happens to the stop.
"""

from __future__ import annotations

import logging
from collections import Counter

logger = logging.getLogger(__name__)


class FaultLog:
    """Counts faults by callback, pair and kind, and logs each of them the first time."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str, str]] = Counter()

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
        if self.counts[key] == 1:
            logger.exception(
                "%s failed for %s (%s): %s. Logged once; further ones are counted.",
                callback,
                pair,
                error,
                consequence,
            )

    def total(self) -> int:
        """Return the number of faults so far."""
        return self.counts.total()
