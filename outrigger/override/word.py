"""One word of the trader's: what is asked, of which pair, from when until when, and why.

Every word ends by itself: a pause that was forgotten must not keep a bot out of the market for a month.
Times are read by the clock of the bot's loop, never by this module. What a word asks for can be checked only
as far as it goes without a market: a price is a price, a multiplier never narrows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from outrigger.errors import SettingsError
from outrigger.market.moment import from_ms
from outrigger.regime.classes import REGIMES

HOUR_MS = 3_600_000
LONGEST_MS = 90 * 24 * HOUR_MS
MAX_FACTOR = 5.0
ALL_PAIRS = "all pairs"
_FUTURES_PAIR = re.compile(r"[^\s/:]+/[^\s/:]+:[^\s/:]+")


class Kind(StrEnum):
    """What can be asked for."""

    PAUSE = "pause"
    REGIME = "regime"
    STOP = "stop"
    WIDEN = "widen"
    NO_HEDGE = "no-hedge"
    CLOSE = "close"


# How long a word stands where nothing is said: a position that could not be closed for an hour is looked at
# again before it is closed.
DEFAULT_MS = dict.fromkeys(Kind, 24 * HOUR_MS) | {Kind.CLOSE: HOUR_MS}


@dataclass(frozen=True, slots=True)
class Word:
    """What the trader said.

    Parameters
    ----------
    number : int
        Counts the words of one file, from 1.
    kind : Kind
        What is asked for.
    pair : str or None
        Of which pair; None for all of them.
    since_ms, until_ms : int
        First moment at which it stands, and first at which it no longer does, in ms since the epoch.
    reason : str
        Why, in the trader's words.
    price : float or None
        `stop`: the price, quote currency.
    factor : float or None
        `widen`: multiplier of the trail's width, at least 1.
    regime : str or None
        `regime`: its name.
    legs : bool
        `no-hedge`: whether open legs are closed too.
    ended : str
        Why it no longer stands, where it was not its time: cleared, or replaced by a later word.

    Raises
    ------
    SettingsError
        If something is missing, does not belong to the kind, or cannot be used.
    """

    number: int
    kind: Kind
    pair: str | None
    since_ms: int
    until_ms: int
    reason: str
    price: float | None = None
    factor: float | None = None
    regime: str | None = None
    legs: bool = False
    ended: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not be acted on."""
        _check_frame(self)
        _check_value(self)

    @property
    def key(self) -> str:
        """What tells this word from any other, also after the file was deleted and numbers begin anew."""
        return f"{self.number}@{self.since_ms}"

    def in_force(self, now_ms: int) -> bool:
        """Whether it stands at a moment."""
        return self.since_ms <= now_ms < self.until_ms

    def concerns(self, pair: str) -> bool:
        """Whether it speaks of a pair."""
        return self.pair is None or self.pair == pair

    def asks(self) -> str:
        """What is asked for, in words, without time and reason."""
        where = self.pair or ALL_PAIRS
        return {
            Kind.PAUSE: f"no entries on {where}",
            Kind.REGIME: f"regime of {where} taken for {self.regime}",
            Kind.STOP: f"stop of {where} at {self.price:.10g}" if self.price is not None else "",
            Kind.WIDEN: f"trails of {where} {self.factor:g} times as wide" if self.factor is not None else "",
            Kind.NO_HEDGE: f"no new legs for {where}" + (", open ones closed" if self.legs else ""),
            Kind.CLOSE: f"positions of {where} closed",
        }[self.kind]

    def describe(self) -> str:
        """What is asked for, until when and why, for logs, messages and trade records."""
        return f"override {self.number}: {self.asks()} until {clock(self.until_ms)} ({self.reason})"


def clock(moment_ms: int) -> str:
    """Write a moment for a trader."""
    return f"{from_ms(moment_ms):%Y-%m-%d %H:%M} UTC"


def _check_frame(word: Word) -> None:
    if word.pair is not None and not _FUTURES_PAIR.fullmatch(word.pair):
        raise SettingsError(f"{word.pair!r} is no pair of a futures market: write it like BTC/USDT:USDT")
    if not word.reason.strip():
        raise SettingsError("an override needs a reason: it is what its trades are judged by later")
    if not word.since_ms <= word.until_ms <= word.since_ms + LONGEST_MS:
        raise SettingsError(
            f"the override would end at {clock(word.until_ms)}: name a time after now and within 90 days"
        )


def _check_value(word: Word) -> None:
    price, factor = word.price, word.factor
    belongs = {"price": Kind.STOP, "factor": Kind.WIDEN, "regime": Kind.REGIME}
    for name, kind in belongs.items():
        if (getattr(word, name) is not None) is not (word.kind is kind):
            raise SettingsError(f"`{kind}`, and nothing else, takes a {name}; this is `{word.kind}`")
    if word.legs and word.kind is not Kind.NO_HEDGE:
        raise SettingsError(f"open legs are closed by `no-hedge` only; this is `{word.kind}`")
    if price is not None and not (isfinite(price) and price > 0 and word.pair is not None):
        raise SettingsError(f"a stop at {price:g} of {word.pair or ALL_PAIRS}: name a price and one pair")
    if factor is not None and not 1.0 <= factor <= MAX_FACTOR:
        raise SettingsError(f"widen by {factor:g}: name a multiplier from 1 to {MAX_FACTOR:g}")
    if word.regime is not None and word.regime not in REGIMES:
        raise SettingsError(f"{word.regime!r} is no regime: name one of {', '.join(REGIMES)}")
