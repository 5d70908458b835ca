"""Confidence of an entry, read back from its tag.

Freqtrade hands the tag, and nothing else of the signal, to the callbacks that size a trade. A tag that is
not one of ours is a trader's own entry, and gets full confidence: it is their word against no chart.
"""

from __future__ import annotations

from outrigger.settings.signals import SignalSettings
from outrigger.signals.confluence import CHARTS


def confidence_of(tag: str | None, settings: SignalSettings) -> float:
    """Share of full risk that an entry's tag stands for.

    Parameters
    ----------
    tag : str or None
        `"long:1m+15m+4h"` and the like.
    settings : SignalSettings
        What a partial agreement is worth.

    Returns
    -------
    float
        0 to 1.
    """
    side, separator, charts = (tag or "").partition(":")
    if side not in ("long", "short") or not separator:
        return 1.0
    return 1.0 if charts.count("+") + 1 >= CHARTS else settings.partial_confidence
