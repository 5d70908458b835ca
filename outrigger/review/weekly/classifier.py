"""What a review is told of the regime classifier: apart from how, because most accounts trade without one.

Whoever asks a bundle has to load scikit-learn, which takes longer than a review does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from outrigger.market.moment import from_ms
from outrigger.review.trade import Trade
from outrigger.review.weekly.parameters import Dated


@dataclass(frozen=True, slots=True)
class RegimeHits:
    """What was said at the entries, and what came.

    Parameters
    ----------
    said : dict of str to float
        Mean probability by regime over the entries judged.
    came : dict of str to int
        How often each followed.
    hits : dict of str to int
        How often it had been the most likely one when it came.
    judged, pending, unknown : int
        Entries judged, those whose horizon is not over, and those without probabilities.
    log_loss, share_log_loss : float
        Mean log loss of what was said, and of the regimes' shares in training; NaN without any.
    """

    said: dict[str, float]
    came: dict[str, int]
    hits: dict[str, int]
    judged: int
    pending: int
    unknown: int
    log_loss: float
    share_log_loss: float


@dataclass(frozen=True, slots=True)
class DriftTold:
    """What the bot's watch over its classifier says.

    Parameters
    ----------
    status, words : str
        State of the watch, and a sentence.
    since_ms : int or None
        Since when.
    excess : float or None
        Mean log loss above the shares' over the last days; above zero is worse than knowing nothing.
    """

    status: str
    words: str
    since_ms: int | None
    excess: float | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        since = None if self.since_ms is None else from_ms(self.since_ms).isoformat()
        return {"status": self.status, "words": self.words, "since": since, "excess_log_loss": self.excess}


@dataclass(frozen=True, slots=True)
class Classifier:
    """A classifier as far as there is one.

    Parameters
    ----------
    ask : callable or None
        Gives what was said at the entries of some trades, and what came; None without a bundle.
    drift : DriftTold or None
        What the bot's watch says.
    bundle : Dated or None
        Until when the bundle has seen data.
    missing : tuple of str
        What could not be read.
    """

    ask: Callable[[Sequence[Trade]], RegimeHits] | None = None
    drift: DriftTold | None = None
    bundle: Dated | None = None
    missing: tuple[str, ...] = ()
